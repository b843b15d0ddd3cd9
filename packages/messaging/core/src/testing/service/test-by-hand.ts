import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DeviceList, parseEnvelope, type SignedDeviceList, writeEnvelope } from "../../index.ts";
import { forged, hasCode, type OpenDevice, type TestDevice } from "./test-device.ts";

/** Envelopes and bundles without a relay. */
export function testByHand(open: OpenDevice): void {
  describe("envelopes that are carried by hand", () => {
    async function carried(): Promise<[TestDevice, TestDevice]> {
      const [alice, bob] = [await open(undefined, "alice"), await open(undefined, "bob")];
      assert.deepEqual(await alice.service.addPeer(await bob.service.publicBundle()), {
        userId: "bob",
        deviceId: "one",
      });
      await bob.service.addPeer(await alice.service.publicBundle());
      return [alice, bob];
    }

    it("are JSON text that the other opens once", async () => {
      const [alice, bob] = await carried();
      const { envelopes } = await alice.service.sendEncryptedMessage("bob", "by pigeon");
      assert.equal(envelopes.length, 1);
      const received = await bob.service.receiveEncryptedMessage("alice", envelopes[0]!);
      assert.equal(received.kind, "message");
      assert.equal(received.message?.text, "by pigeon");
      assert.equal((await bob.service.receiveEncryptedMessage("alice", envelopes[0]!)).kind, "duplicate");
      const answer = await bob.service.sendEncryptedMessage("alice", "the pigeon is here");
      const back = await alice.service.receiveEncryptedMessage("bob", answer.envelopes[0]!);
      assert.equal(back.message?.text, "the pigeon is here");
    });

    it("are given again after a crash, and what they said too", async () => {
      const [alice, bob] = await carried();
      const { envelopes } = await alice.service.sendEncryptedMessage("bob", "kept");
      await alice.restart();
      assert.deepEqual(await alice.service.flush(), envelopes);
      assert.deepEqual(await alice.service.flush(), []);
      assert.equal((await bob.service.receiveEncryptedMessage("alice", envelopes[0]!)).message?.text, "kept");
      await bob.restart();
      assert.equal((await bob.service.receiveEncryptedMessage("alice", envelopes[0]!)).message?.text, "kept");
      assert.equal((await bob.service.receiveEncryptedMessage("alice", envelopes[0]!)).message, undefined);
    });

    it("are refused when they are another's or were changed", async () => {
      const [alice, bob] = await carried();
      const { envelopes } = await alice.service.sendEncryptedMessage("bob", "for Bob");
      const envelope = parseEnvelope(envelopes[0]!);
      await assert.rejects(bob.service.receiveEncryptedMessage("carol", envelopes[0]!), hasCode("InvalidInput"));
      await assert.rejects(alice.service.receiveEncryptedMessage("alice", envelopes[0]!), hasCode("InvalidInput"));
      const otherId = writeEnvelope({ ...envelope, messageId: "other" });
      const refused = await bob.service.receiveEncryptedMessage("alice", otherId);
      assert.equal(refused.message, undefined);
      const stranger = writeEnvelope({ ...envelope, from: { userId: "carol", deviceId: "one" } });
      assert.equal((await bob.service.receiveEncryptedMessage("carol", stranger)).kind, "refused");
    });

    it("of damaged messages bring a request to send them again, and the answer", async () => {
      const [alice, bob] = await carried();
      const first = await alice.service.sendEncryptedMessage("bob", "a session");
      await bob.service.receiveEncryptedMessage("alice", first.envelopes[0]!);
      const { envelopes } = await alice.service.sendEncryptedMessage("bob", "torn");
      const torn = writeEnvelope({ ...parseEnvelope(envelopes[0]!), body: Uint8Array.of(1, 2, 3) });
      const broken = await bob.service.receiveEncryptedMessage("alice", torn);
      assert.equal(broken.kind, "undecryptable");
      assert.equal(broken.envelopes.length, 1);
      const asked = await alice.service.receiveEncryptedMessage("bob", broken.envelopes[0]!);
      assert.equal(asked.envelopes.length, 1);
      const mended = await bob.service.receiveEncryptedMessage("alice", asked.envelopes[0]!);
      assert.equal(mended.message?.text, "torn");
      // The first one comes after all.
      assert.equal((await bob.service.receiveEncryptedMessage("alice", envelopes[0]!)).kind, "duplicate");
    });

    it("need the peer's bundle, which is checked", async () => {
      const [alice, bob] = await carried();
      await assert.rejects(alice.service.sendEncryptedMessage("carol", "?"), hasCode("UnknownRecipient"));
      const bundle = JSON.parse(await bob.service.publicBundle()) as {
        list: SignedDeviceList;
        deviceId: string;
        bundle: object;
      };
      const [text, other] = [JSON.stringify(bundle), await alice.service.publicBundle()];
      const mixed = { ...bundle, bundle: (JSON.parse(other) as { bundle: object }).bundle };
      await assert.rejects(alice.service.addPeer(JSON.stringify(mixed)), hasCode("BundleRefused"));
      await assert.rejects(
        alice.service.addPeer(JSON.stringify({ ...bundle, deviceId: "two" })),
        hasCode("BundleRefused"),
      );
      await assert.rejects(alice.service.addPeer("{"), hasCode("BundleRefused"));
      const swapped = { ...bundle, list: forged({ ...(JSON.parse(bundle.list.text) as DeviceList), version: 2 }) };
      await assert.rejects(alice.service.addPeer(JSON.stringify(swapped)), hasCode("IdentityChanged"));
      await alice.service.addPeer(text).catch(hasCode("IdentityChanged"));
    });
  });
}

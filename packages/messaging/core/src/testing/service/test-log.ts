import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeviceList, SignedDeviceList } from "../../index.ts";
import { encodeLeaf } from "../../transparency/index.ts";
import { EvilLog } from "./evil-log.ts";
import { forged, hasCode, type OpenDevice, type TestDevice } from "./test-device.ts";
import { TestRelay } from "./test-relay.ts";

/** What the transparency log finds out about a relay that lies. */
export function testLog(open: OpenDevice): void {
  async function pair(): Promise<[TestRelay, TestDevice, TestDevice]> {
    const relay = await TestRelay.open();
    return [relay, await open(relay, "alice"), await open(relay, "bob")];
  }

  /** A list of Bob's with an account key of the relay's. */
  async function evilList(relay: TestRelay): Promise<[SignedDeviceList, DeviceList]> {
    const { text } = await relay.deviceList("bob");
    const list = JSON.parse(text) as DeviceList;
    return [forged({ ...list, version: list.version + 1 }), list];
  }

  describe("a relay whose log lies", () => {
    it("cannot use a list that is not in it", async () => {
      const [relay, alice] = await pair();
      const evil = await EvilLog.of(relay);
      evil.showUnlogged("bob", (await evilList(relay))[0]);
      relay.rewrite = evil.rewrite;
      await assert.rejects(alice.service.sendEncryptedMessage("bob", "secret"), hasCode("RelayDishonest"));
      assert.equal(await alice.service.trust("bob"), undefined);
      relay.rewrite = undefined;
      await alice.service.sendEncryptedMessage("bob", "in the log");
    });

    it("shows a user the list that it made for others", async () => {
      const [relay, alice, bob] = await pair();
      const evil = await EvilLog.of(relay);
      const [list] = await evilList(relay);
      evil.show("bob", list);
      relay.rewrite = evil.rewrite;
      // Alice never saw Bob before, so that she believes it; but Bob finds it.
      assert.equal((await alice.service.devices("bob")).length, 1);
      await bob.service.checkTransparencyLog();
      assert.deepEqual(bob.happened("logAlarm"), [{ kind: "logAlarm", why: "foreignAccountKey" }]);
      assert.deepEqual(alice.happened("logAlarm"), []);
    });

    it("cannot show an older list of the log to those who never saw a newer one", async () => {
      const [relay, alice, bob] = await pair();
      const [old, oldLeaf] = [await relay.deviceList("bob"), 1];
      const stolen = await bob.link("tablet");
      const withTablet = await relay.deviceList("bob");
      await bob.service.removeDevice("tablet");
      const evil = await EvilLog.of(relay);
      relay.rewrite = evil.rewrite;
      // Both were signed by Bob, and their proofs hold.
      for (const [list, leaf] of [
        [old, oldLeaf],
        [withTablet, oldLeaf + 1],
      ] as const) {
        evil.showUnlogged("bob", list, leaf);
        await assert.rejects(alice.service.sendEncryptedMessage("bob", "secret"), hasCode("RelayDishonest"));
      }
      assert.equal(await alice.service.trust("bob"), undefined);
      evil.hide("bob");
      await alice.service.sendEncryptedMessage("bob", "to the phone alone");
      assert.deepEqual(await bob.texts(), ["to the phone alone"]);
      stolen.service.close();
    });

    it("cannot have two lists of one version", async () => {
      const [relay, , bob] = await pair();
      const evil = await EvilLog.of(relay);
      const signed = await relay.deviceList("bob");
      const signature = new Uint8Array(64).toBase64();
      evil.add(encodeLeaf(JSON.parse(signed.text) as DeviceList, { ...signed, signature }));
      relay.rewrite = evil.rewrite;
      await bob.service.checkTransparencyLog();
      assert.deepEqual(bob.happened("logAlarm"), [{ kind: "logAlarm", why: "twoListsOfOneVersion" }]);
    });

    it("cannot take an entry back, nor change one", async () => {
      const [relay, alice, bob] = await pair();
      // Alice has seen both entries. Then the last one becomes another, and the log goes on.
      const evil = await EvilLog.of(relay, 1);
      const [list, real] = await evilList(relay);
      await alice.service.devices("bob");
      evil.add(encodeLeaf(real, list));
      evil.show("bob", list);
      relay.rewrite = evil.rewrite;
      await assert.rejects(alice.service.devices("bob"), hasCode("RelayDishonest"));
      await assert.rejects(bob.service.checkTransparencyLog(), hasCode("RelayDishonest"));
      assert.equal((await alice.service.trust("bob"))?.offeredAccountKey, undefined);
    });

    it("cannot make its log shorter, though that is how it began", async () => {
      const [relay, alice] = await pair();
      await alice.service.devices("bob");
      const evil = await EvilLog.of(relay, 1);
      const early = evil.head(Date.now() - 60_000);
      const atHead = (head: object) => {
        relay.rewrite = (call, answer) => (call.path === "/v1/transparency/head" ? head : answer);
      };
      atHead(evil.head(Date.now() + 1000));
      await assert.rejects(alice.service.checkTransparencyLog(), hasCode("RelayDishonest"));
      // A head from when it was that short proves nothing.
      atHead(early);
      await alice.service.checkTransparencyLog();
    });

    it("cannot have two heads of one size", async () => {
      const [relay, alice] = await pair();
      await alice.service.devices("bob");
      const evil = await EvilLog.of(relay, 1);
      evil.show("bob", await relay.deviceList("alice").then(async () => (await evilList(relay))[0]));
      relay.rewrite = evil.rewrite;
      await assert.rejects(alice.service.devices("bob"), hasCode("RelayDishonest"));
    });

    it("cannot hide entries that it signed", async () => {
      const [relay, alice] = await pair();
      await open(relay, "carol");
      const evil = await EvilLog.of(relay);
      relay.rewrite = evil.rewrite;
      evil.entries[2] = new Uint8Array(120);
      await assert.rejects(alice.service.checkTransparencyLog(), hasCode("RelayDishonest"));
      relay.rewrite = undefined;
      await alice.service.checkTransparencyLog();
    });

    it("cannot sign by another key, or show an old head or one from the future", async () => {
      const [relay, alice] = await pair();
      const evil = await EvilLog.of(relay);
      const other = await TestRelay.open();
      const foreign = (await other.get("/v1/transparency/head")) as object;
      relay.rewrite = (call, answer) => (call.path === "/v1/transparency/head" ? foreign : answer);
      await assert.rejects(alice.service.checkTransparencyLog(), hasCode("RelayDishonest"));
      for (const hours of [-25, 25]) {
        const head = evil.head(Date.now() + hours * 60 * 60_000);
        relay.rewrite = (call, answer) => (call.path === "/v1/transparency/head" ? head : answer);
        await assert.rejects(alice.service.checkTransparencyLog(), hasCode("RelayDishonest"));
      }
    });

    it("is found out by what peers tell each other when it shows them different logs", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "one log");
      assert.deepEqual(await bob.texts(), ["one log"]);
      assert.deepEqual(bob.happened("logAlarm"), []);
      // Alice sees one more entry that Bob never does, and he another in its place.
      const evil = await EvilLog.of(relay);
      evil.add(new Uint8Array(120));
      relay.rewrite = evil.rewrite;
      await alice.service.checkTransparencyLog();
      relay.rewrite = undefined;
      await open(relay, "carol");
      await bob.service.checkTransparencyLog();
      await alice.service.sendEncryptedMessage("bob", "which log?");
      assert.deepEqual(await bob.texts(), ["which log?"]);
      assert.deepEqual(bob.happened("logAlarm"), [
        { kind: "logAlarm", why: "splitView", from: { userId: "alice", deviceId: "one" } },
      ]);
    });
  });
}

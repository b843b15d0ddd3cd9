import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { MessagingError } from "../../index.ts";
import { hasCode, type OpenDevice, type TestDevice, take } from "./test-device.ts";
import { TestRelay } from "./test-relay.ts";

/** Messages between devices, whatever comes between. */
export function testMessages(open: OpenDevice): void {
  describe("messages through the relay", () => {
    const opened: TestDevice[] = [];
    const keep = (device: TestDevice) => {
      opened.push(device);
      return device;
    };
    after(async () => {
      for (const { service } of opened) await service.close();
    });

    async function pair(): Promise<[TestRelay, TestDevice, TestDevice]> {
      const relay = await TestRelay.open();
      return [relay, keep(await open(relay, "alice@example.org")), keep(await open(relay, "bob"))];
    }

    it("go both ways, the first to somebody who is away", async () => {
      const [relay, alice, bob] = await pair();
      const { messageId, waiting, envelopes } = await alice.service.sendEncryptedMessage("bob", "hello");
      assert.equal(waiting, false);
      assert.deepEqual(envelopes, []);
      const [message, ...more] = await bob.service.receiveAll();
      assert.equal(more.length, 0);
      assert.equal(message?.text, "hello");
      assert.equal(message?.messageId, messageId);
      assert.deepEqual(message?.from, { userId: "alice@example.org", deviceId: "one" });
      assert.equal(message?.conversation, "alice@example.org");
      assert.equal(message?.own, false);
      await bob.service.sendEncryptedMessage("alice@example.org", {
        bytes: Uint8Array.of(0, 1, 255),
        attachments: [{ a: 1 }],
      });
      const [answer] = await alice.service.receiveAll();
      assert.deepEqual(answer?.bytes, Uint8Array.of(0, 1, 255));
      assert.deepEqual(answer?.attachments, [{ a: 1 }]);
      assert.deepEqual(await bob.texts(), []);
      assert.deepEqual([alice.service.waiting, bob.service.waiting], [0, 0]);
      assert.ok(!relay.bodies.some((body) => body.includes("hello")));
      assert.deepEqual(relay.faults, []);
    });

    it("reach all devices of both users, and those that come later", async () => {
      const [, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "one device each");
      const tablet = keep(await bob.link("tablet"));
      const laptop = keep(await alice.link("laptop"));
      // The older devices learn of the newer ones by a message of theirs.
      await alice.service.receiveAll();
      await bob.service.receiveAll();
      await alice.service.sendEncryptedMessage("bob", "two devices each");
      assert.deepEqual(await tablet.texts(), ["two devices each"]);
      assert.deepEqual(await bob.texts(), ["two devices each"]);
      const [copy] = await laptop.service.receiveAll();
      assert.equal(copy?.text, "two devices each");
      assert.equal(copy?.own, true);
      assert.equal(copy?.conversation, "bob");
      await tablet.service.sendEncryptedMessage("alice@example.org", "to both of you");
      assert.deepEqual(await alice.texts(), ["to both of you"]);
      assert.deepEqual(await laptop.texts(), ["to both of you"]);
      assert.deepEqual(await bob.texts(), ["to both of you"]);
    });

    it("do not reach a device that was removed", async () => {
      const [, alice, bob] = await pair();
      const tablet = keep(await bob.link("tablet"));
      await alice.service.sendEncryptedMessage("bob", "both");
      assert.deepEqual(await tablet.texts(), ["both"]);
      await bob.service.receiveAll();
      await bob.service.removeDevice("tablet");
      await alice.service.sendEncryptedMessage("bob", "one");
      assert.deepEqual(await bob.texts(), ["one"]);
      await assert.rejects(tablet.service.receiveAll(), MessagingError);
      assert.deepEqual(
        (await alice.service.devices("bob")).map(({ deviceId }) => deviceId),
        ["one"],
      );
    });

    it("reach a device that was set up anew under its old id", async () => {
      const [relay, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "before");
      assert.deepEqual(await bob.texts(), ["before"]);
      const accountPrivateKey = await bob.accountPrivateKey();
      const anew = keep(await open(relay, "bob", "one", { accountPrivateKey }));
      await alice.service.sendEncryptedMessage("bob", "after");
      assert.deepEqual(await anew.texts(), ["after"]);
      await anew.service.sendEncryptedMessage("alice@example.org", "thank you");
      assert.deepEqual(await alice.texts(), ["thank you"]);
    });

    it("wait in the outbox while the relay is down, and go in order", async () => {
      const [relay, alice, bob] = await pair();
      relay.isDown = true;
      for (const text of ["one", "two"]) {
        await assert.rejects(alice.service.sendEncryptedMessage("bob", text), hasCode("RelayUnavailable"));
      }
      assert.equal(alice.service.waiting, 2);
      relay.isDown = false;
      await alice.service.sendEncryptedMessage("bob", "three");
      assert.equal(alice.service.waiting, 0);
      assert.deepEqual(await bob.texts(), ["one", "two", "three"]);
      assert.equal(alice.happened("sent").length, 2);
    });

    it("wait even when the device was opened for the first time while the relay was down", async () => {
      const [relay, , bob] = await pair();
      relay.isDown = true;
      const carol = keep(await open(relay, "carol"));
      await assert.rejects(carol.service.sendEncryptedMessage("bob", "early"), hasCode("RelayUnavailable"));
      await carol.restart();
      relay.isDown = false;
      await carol.service.flush();
      assert.deepEqual(await bob.texts(), ["early"]);
    });

    it("to nobody are refused, and leave nothing behind", async () => {
      const [, alice, bob] = await pair();
      await assert.rejects(alice.service.sendEncryptedMessage("nobody", "hello?"), hasCode("UnknownRecipient"));
      await assert.rejects(alice.service.sendEncryptedMessage("a/b", "hello?"), hasCode("InvalidInput"));
      await assert.rejects(alice.service.sendEncryptedMessage("bob", {}), hasCode("InvalidInput"));
      const huge = "x".repeat(200_000);
      await assert.rejects(alice.service.sendEncryptedMessage("bob", huge), hasCode("InvalidInput"));
      assert.equal(alice.service.waiting, 0);
      await alice.service.sendEncryptedMessage("bob", "you then");
      assert.deepEqual(await bob.texts(), ["you then"]);
    });

    it("may be sent side by side", async () => {
      const [, alice, bob] = await pair();
      const texts = Array.from({ length: 20 }, (_, n) => `number ${n}`);
      await Promise.all([
        ...texts.map((text) => alice.service.sendEncryptedMessage("bob", text)),
        ...texts.map((text) => bob.service.sendEncryptedMessage("alice@example.org", text)),
      ]);
      assert.deepEqual(await bob.texts(), texts);
      assert.deepEqual(await alice.texts(), texts);
    });

    it("to oneself go to the other devices", async () => {
      const [, alice] = await pair();
      const laptop = keep(await alice.link("laptop"));
      await alice.service.receiveAll();
      await alice.service.sendEncryptedMessage("alice@example.org", "a note");
      const [note] = await laptop.service.receiveAll();
      assert.deepEqual([note?.text, note?.conversation, note?.own], ["a note", "alice@example.org", true]);
    });

    it("go through a relay that takes and tells its own users alone", async () => {
      const relay = await TestRelay.open({}, "come in");
      await assert.rejects(open(relay, "alice"), hasCode("RelayRefused"));
      const alice = keep(await open(relay, "alice", "one", { registrationToken: "come in" }));
      const bob = keep(await open(relay, "bob", "one", { registrationToken: "come in" }));
      await alice.service.sendEncryptedMessage("bob", "inside");
      await bob.restart();
      assert.deepEqual(await bob.texts(), ["inside"]);
    });

    it("carry attachments that the relay cannot read", async () => {
      const [relay, alice, bob] = await pair();
      const content = new TextEncoder().encode("a picture ".repeat(9_000));
      const pointer = await alice.service.uploadAttachment(content, { name: "cat.txt", mediaType: "text/plain" });
      await alice.service.sendEncryptedMessage("bob", { text: "look", attachments: [pointer] });
      const [message] = await bob.service.receiveAll();
      const [received] = message?.attachments ?? [];
      assert.deepEqual(received, { ...pointer });
      assert.deepEqual(await bob.service.downloadAttachment(received), content);
      assert.ok(!relay.bodies.some((body) => body.includes("a picture") || body.includes("cat.txt")));
      const other = await alice.service.uploadAttachment(new Uint8Array(10));
      const swapped = { ...pointer, blobId: other.blobId };
      await assert.rejects(bob.service.downloadAttachment(swapped), hasCode("AttachmentRefused"));
      await assert.rejects(bob.service.downloadAttachment("none"), hasCode("AttachmentRefused"));
    });

    it("come over a socket, in order, also when it breaks", async () => {
      const relay = await TestRelay.open();
      const alice = keep(await open(relay.socketClient(), "alice"));
      const bob = keep(await open(relay.socketClient(), "bob"));
      const texts = Array.from({ length: 150 }, (_, n) => `number ${n}`);
      for (const text of texts.slice(0, 100)) await alice.service.sendEncryptedMessage("bob", text);
      const messages = bob.service.messages();
      assert.deepEqual(await take(messages, 50), texts.slice(0, 50));
      relay.breakSockets();
      for (const text of texts.slice(100)) await alice.service.sendEncryptedMessage("bob", text);
      assert.deepEqual(await take(messages, 100), texts.slice(50));
      await bob.service.sendEncryptedMessage("alice", "all there");
      assert.deepEqual(await take(alice.service.messages(), 1), ["all there"]);
      assert.deepEqual(relay.faults, []);
    });

    it("come by polling where there are no sockets", async () => {
      const [, alice, bob] = await pair();
      await alice.service.sendEncryptedMessage("bob", "without a socket");
      assert.deepEqual(await take(bob.service.messages(), 1), ["without a socket"]);
    });

    it("find keys that were replenished and made anew", async () => {
      const [relay, alice, bob] = await pair();
      await bob.service.generateNewRatchetKey();
      await bob.restart();
      // After a week they are made anew by themselves.
      await bob.options.vault.transact(async (state) => state.put("service/rotated", new TextEncoder().encode("1")));
      const rotations = relay.requests(/^PUT \/v1\/keys 200/).length;
      await bob.restart();
      assert.ok(relay.requests(/^PUT \/v1\/keys 200/).length > rotations);
      const before = relay.requests(/^PUT \/v1\/keys 200/).length;
      assert.ok(before >= 3);
      await alice.service.sendEncryptedMessage("bob", "by the new keys");
      assert.deepEqual(await bob.texts(), ["by the new keys"]);
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressName } from "../../index.ts";
import { alterOutbox, hasCode, type OpenDevice, type TestDevice } from "./test-device.ts";
import { Crash, TestRelay } from "./test-relay.ts";

/** Groups, in the order that the relay gives them. */
export function testServiceGroups(open: OpenDevice): void {
  async function group(): Promise<[TestRelay, string, TestDevice, TestDevice, TestDevice]> {
    const relay = await TestRelay.open();
    const [alice, bob, carol] = [await open(relay, "alice"), await open(relay, "bob"), await open(relay, "carol")];
    const groupId = await alice.service.createGroup();
    await alice.service.addToGroup(groupId, "bob", "carol");
    await bob.service.receiveAll();
    await carol.service.receiveAll();
    return [relay, groupId, alice, bob, carol];
  }

  const membersOf = async ({ service }: TestDevice, groupId: string) =>
    (await service.groupMembers(groupId)).map(addressName).sort();

  describe("groups through the relay", () => {
    it("carry messages to all members", async () => {
      const [relay, groupId, alice, bob, carol] = await group();
      const { messageId } = await alice.service.sendToGroup(groupId, "all of you");
      const [message] = await bob.service.receiveAll();
      assert.deepEqual(
        [message?.text, message?.conversation, message?.groupId, message?.messageId],
        ["all of you", groupId, groupId, messageId],
      );
      assert.deepEqual(await carol.texts(), ["all of you"]);
      await carol.service.sendToGroup(groupId, "thanks");
      assert.deepEqual(await alice.texts(), ["thanks"]);
      assert.deepEqual(await bob.texts(), ["thanks"]);
      assert.deepEqual(relay.faults, []);
    });

    it("take members in and out", async () => {
      const [relay, groupId, alice, bob, carol] = await group();
      const dave = await open(relay, "dave");
      await alice.service.sendToGroup(groupId, "the past");
      await bob.service.receiveAll();
      await bob.service.addToGroup(groupId, "dave");
      await bob.service.removeFromGroup(groupId, "carol");
      for (const device of [alice, dave]) await device.service.receiveAll();
      assert.deepEqual(await membersOf(alice, groupId), ["alice/one", "bob/one", "dave/one"]);
      assert.deepEqual(await membersOf(dave, groupId), await membersOf(bob, groupId));
      await alice.service.sendToGroup(groupId, "without Carol");
      assert.deepEqual(await dave.texts(), ["without Carol"]);
      assert.deepEqual(await carol.texts(), ["the past"]);
      await assert.rejects(carol.service.sendToGroup(groupId, "me too"));
    });

    it("find one order when two change them at once", async () => {
      const [relay, groupId, alice, bob, carol] = await group();
      const [dave, erin] = [await open(relay, "dave"), await open(relay, "erin")];
      await Promise.all([
        // She may be out before.
        alice.service.addToGroup(groupId, "dave").catch(hasCode("InvalidInput")),
        bob.service.addToGroup(groupId, "erin"),
        carol.service.removeFromGroup(groupId, "alice"),
      ]);
      const all = [bob, carol, dave, erin];
      for (const device of all) await device.service.receiveAll();
      const members = await membersOf(bob, groupId);
      for (const device of all) {
        if (members.includes(addressName(device.service.address))) {
          assert.deepEqual(await membersOf(device, groupId), members);
        }
      }
      assert.ok(!members.includes("alice/one"));
      await bob.service.sendToGroup(groupId, "settled");
      assert.deepEqual(await carol.texts(), ["settled"]);
      assert.deepEqual(await erin.texts(), ["settled"]);
    });

    it("have the devices that their members have", async () => {
      const [, groupId, alice, bob] = await group();
      const tablet = await bob.link("tablet");
      await bob.service.receiveAll();
      await bob.service.sendToGroup(groupId, "with my tablet");
      assert.deepEqual(await alice.texts(), ["with my tablet"]);
      await tablet.service.receiveAll();
      await alice.service.sendToGroup(groupId, "hello tablet");
      assert.deepEqual(await tablet.texts(), ["hello tablet"]);
      await bob.service.receiveAll();
      await bob.service.removeDevice("tablet");
      await bob.restart();
      await bob.service.sendToGroup(groupId, "without it");
      assert.ok(!(await membersOf(bob, groupId)).includes("bob/tablet"));
      assert.deepEqual(await alice.texts(), ["without it"]);
    });

    it("are left: the others take the user out", async () => {
      const [, groupId, alice, bob, carol] = await group();
      await carol.service.leaveGroup(groupId);
      await alice.service.receiveAll();
      await bob.service.receiveAll();
      assert.deepEqual(await membersOf(alice, groupId), ["alice/one", "bob/one"]);
      assert.deepEqual(await membersOf(bob, groupId), ["alice/one", "bob/one"]);
      await assert.rejects(carol.service.groupMembers(groupId), hasCode("InvalidInput"));
      await alice.service.sendToGroup(groupId, "bye");
      assert.deepEqual(await bob.texts(), ["bye"]);
    });

    for (const stop of ["before", "after"] as const) {
      it(`go on after a crash in a change, ${stop} its request`, async () => {
        const [relay, groupId, alice, bob] = await group();
        const dave = await open(relay, "dave");
        relay.stopAt = ({ path }) => (path.endsWith("/commits") ? stop : undefined);
        await assert.rejects(alice.service.addToGroup(groupId, "dave"), Crash);
        relay.stopAt = undefined;
        await alice.restart();
        await alice.service.flush();
        for (const device of [bob, dave]) await device.service.receiveAll();
        assert.deepEqual(await membersOf(dave, groupId), await membersOf(alice, groupId));
        await dave.service.sendToGroup(groupId, "I am in");
        assert.deepEqual(await alice.texts(), ["I am in"]);
        assert.deepEqual(await bob.texts(), ["I am in"]);
      });

      it(`send a message once after a crash, ${stop} its request`, async () => {
        const [relay, groupId, alice, bob, carol] = await group();
        relay.stopAt = ({ path }) => (/groups\/.*\/messages/.test(path) ? stop : undefined);
        await assert.rejects(alice.service.sendToGroup(groupId, "once"), Crash);
        relay.stopAt = undefined;
        await alice.restart();
        assert.deepEqual(await bob.texts(), ["once"]);
        assert.deepEqual(await carol.texts(), ["once"]);
      });
    }

    it("send a message again to a member that could not open it, and to nobody else", async () => {
      const [relay, groupId, alice, bob] = await group();
      await alice.service.sendToGroup(groupId, "readable");
      assert.deepEqual(await bob.texts(), ["readable"]);
      await alice.service.sendToGroup(groupId, "torn");
      relay.rewrite = ({ method, path }, answer) => {
        if (method !== "GET" || !path.startsWith("/v1/messages")) return answer;
        const { messages, more } = answer as { messages: { body: string }[]; more: boolean };
        return { messages: messages.map((message) => ({ ...message, body: "AAAA" })), more };
      };
      assert.deepEqual(await bob.texts(), []);
      assert.equal(bob.happened("undecryptable").length, 1);
      relay.rewrite = undefined;
      await alice.service.receiveAll();
      const [again] = await bob.service.receiveAll();
      assert.deepEqual([again?.text, again?.conversation, again?.groupId], ["torn", groupId, groupId]);
    });

    it("have nothing said in them by who is no member", async () => {
      const [relay, groupId, , bob] = await group();
      const mallory = await open(relay, "mallory");
      relay.isDown = true;
      await assert.rejects(mallory.service.sendEncryptedMessage("bob", "let me in"), hasCode("RelayUnavailable"));
      await alterOutbox(mallory, (payload) => ({
        ...payload,
        type: "resend",
        original: { ...payload, v: 1, messageId: "in-the-group", to: groupId },
      }));
      relay.isDown = false;
      await mallory.service.flush();
      assert.deepEqual(await bob.texts(), []);
      assert.deepEqual(
        bob.happened("refused").map(({ why }) => why),
        ["anotherConversation"],
      );
    });

    it("are one relay's: an id that is taken is refused, and strangers get nothing", async () => {
      const [relay, groupId] = await group();
      const mallory = await open(relay, "mallory");
      await assert.rejects(mallory.service.createGroup(groupId), hasCode("InvalidInput"));
      await assert.rejects(mallory.service.sendToGroup(groupId, "let me in"), hasCode("InvalidInput"));
      assert.equal(mallory.service.waiting, 0);
      const own = await mallory.service.createGroup("another-group");
      assert.deepEqual(await membersOf(mallory, own), ["mallory/one"]);
    });
  });

  describe("groups by hand", () => {
    it("carry messages in envelopes", async () => {
      const [alice, bob] = [await open(undefined, "alice"), await open(undefined, "bob")];
      await alice.service.addPeer(await bob.service.publicBundle());
      await bob.service.addPeer(await alice.service.publicBundle());
      const groupId = await alice.service.createGroup();
      const carry = async (to: TestDevice, from: string, envelopes: readonly string[]) => {
        const texts: (string | undefined)[] = [];
        for (const envelope of envelopes) {
          const { message } = await to.service.receiveEncryptedMessage(from, envelope);
          if (message !== undefined) texts.push(message.text);
        }
        return texts;
      };
      assert.deepEqual(await carry(bob, "alice", await alice.service.addToGroup(groupId, "bob")), []);
      const sent = await alice.service.sendToGroup(groupId, "by pigeon");
      assert.deepEqual(await carry(bob, "alice", sent.envelopes), ["by pigeon"]);
      const back = await bob.service.sendToGroup(groupId, "arrived");
      assert.deepEqual(await carry(alice, "bob", back.envelopes), ["arrived"]);
    });
  });
}

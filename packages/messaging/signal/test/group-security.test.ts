import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GroupRelay, Party, textOf } from "@coffer/messaging/testing";
import { encodeControl, type GroupControl } from "../src/group-record.ts";
import { maxSenderKeyMessages } from "../src/groups.ts";
import { contentTypes, signal } from "../src/index.ts";
import { openOwnDevice } from "../src/own-device.ts";
import { encryptContent } from "../src/sessions.ts";

const groupId = "the-group";
const protocol = () => signal({ oneTimeKeys: 4 });

async function group(): Promise<[GroupRelay, Party, Party, Party, Party]> {
  const names = ["alice", "bob", "carol", "dave"];
  const parties = (await Promise.all(names.map((name) => Party.open(protocol(), name)))) as [
    Party,
    Party,
    Party,
    Party,
  ];
  for (const party of parties) for (const peer of parties) if (peer !== party) await party.start(peer);
  const [alice, bob, carol] = parties;
  const relay = new GroupRelay(...parties);
  await alice.transact((state) => alice.device.groups!.create(state, groupId));
  await relay.change(alice, [bob, carol]);
  return [relay, ...parties];
}

/** Sends what a dishonest device could: any control. */
async function sendControl(from: Party, to: Party, control: GroupControl | object): Promise<void> {
  const message = await from.transact(async (state) => {
    const own = await openOwnDevice(from.address, state, () => 0);
    const bytes = encodeControl(control as GroupControl);
    return encryptContent(own, state, to.address, { type: contentTypes.group, bytes });
  });
  assert.equal((await to.receive(from.sent(message))).kind, "control");
}

describe("signal: groups against dishonest devices", () => {
  it("takes a change of members alone", async () => {
    const [relay, alice, bob, , dave] = await group();
    const members = ["alice/one", "bob/one", "dave/one"];
    await sendControl(dave, bob, { type: "change", groupId, epoch: 2, members, added: ["dave/one"] });
    assert.deepEqual(await relay.membersOf(bob), ["alice", "bob", "carol"]);
    await sendControl(alice, bob, { type: "change", groupId, epoch: 1, members, added: ["dave/one"] });
    assert.deepEqual(await relay.membersOf(bob), ["alice", "bob", "carol"]);
    for (const bad of [
      {},
      { type: "change", groupId, epoch: 2, members: [...members, "no name"], added: [] },
      [],
      { type: "senderKey" },
    ]) {
      await sendControl(alice, bob, bad);
    }
    assert.deepEqual(await relay.membersOf(bob), ["alice", "bob", "carol"]);
  });

  it("takes no sender key of who is no member", async () => {
    const [, , bob, , dave] = await group();
    await dave.transact((state) => dave.device.groups!.create(state, groupId));
    await dave.transact(async (state) => {
      const change = { add: [{ address: bob.address, bundle: bob.claim() }], remove: [] };
      await dave.device.groups!.propose(state, groupId, change);
      await dave.device.groups!.settle(state, groupId, true);
    });
    const sent = await dave.transact((state) => dave.device.groups!.encrypt(state, groupId, new Uint8Array(3), "m"));
    for (const before of sent.before) await bob.receive(dave.sent(before, groupId));
    const forged = dave.sent({ to: bob.address, kind: sent.kind, body: sent.body }, groupId);
    assert.equal((await bob.receive(forged)).kind, "undecryptable");
    const keys = await bob.transact((state) => state.list("protocol/signal/sender-key/"));
    assert.ok(!keys.some((key) => key.includes("dave")));
  });

  it("ends a sender key with the identity that sent it", async () => {
    const [relay, alice, bob] = await group();
    await relay.assertRead(alice, "hello", [bob, relay.at("carol")]);
    const message = (await relay.encrypt(alice, "by the old identity")).get("bob")!;
    assert.equal((await bob.receive(message, bob.device.identityKey)).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "by the old identity");
  });

  it("reads nothing more of who was removed, who may not know it yet", async () => {
    const [relay, alice, bob, carol] = await group();
    await relay.assertRead(carol, "hello", [alice, bob]);
    await relay.change(alice, [], [carol]);
    const message = (await relay.encrypt(carol, "I am still here")).get("bob")!;
    assert.equal((await bob.receive(message)).kind, "undecryptable");
  });

  it("does not come back into a group that it left, unless it is added", async () => {
    const [relay, alice, bob, carol, dave] = await group();
    await carol.transact((state) => carol.device.groups!.leave(state, groupId));
    await relay.change(alice, [dave]);
    assert.equal(await relay.membersOf(carol), undefined);
    await relay.change(bob, [], [carol]);
    await relay.change(bob, [carol]);
    assert.deepEqual(await relay.membersOf(carol), ["alice", "bob", "carol", "dave"]);
    await relay.assertRead(carol, "back", [alice, bob, dave]);
  });

  it("makes sender keys anew when keys are rotated, and after so many messages", async () => {
    const [relay, alice, bob, carol] = await group();
    const before = () =>
      alice.transact(async (state) => {
        const sent = await alice.device.groups!.encrypt(state, groupId, new Uint8Array(1), "m");
        return { keys: sent.before.length, sent };
      });
    const deliver = async ({ sent }: Awaited<ReturnType<typeof before>>) => {
      for (const message of sent.before) await relay.at(message.to.userId).receive(alice.sent(message, groupId));
    };
    const first = await before();
    assert.equal(first.keys, 2);
    await deliver(first);
    assert.equal((await before()).keys, 0);
    await alice.transact((state) => alice.device.rotateKeys(state));
    const rotated = await before();
    assert.equal(rotated.keys, 2);
    await deliver(rotated);
    for (let n = 1; n < maxSenderKeyMessages; n++) assert.equal((await before()).keys, 0);
    const next = await before();
    assert.equal(next.keys, 2);
    await deliver(next);
    await relay.assertRead(alice, "read by all", [bob, carol]);
  });

  it("keeps nothing of a group that it left", async () => {
    const [relay, alice, bob, carol] = await group();
    await relay.assertRead(alice, "hello", [bob, carol]);
    await relay.assertRead(bob, "hello", [alice, carol]);
    await bob.transact((state) => bob.device.groups!.leave(state, groupId));
    const keys = await bob.transact((state) => state.list("protocol/signal/"));
    assert.ok(!keys.some((key) => key.includes(groupId)));
  });
});

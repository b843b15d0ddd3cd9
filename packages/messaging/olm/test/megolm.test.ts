import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GroupRelay, Party, type Sent, textOf } from "@coffer/messaging/testing";
import { olm } from "@coffer/messaging-olm";

const groupId = "the-group";

/** Devices with sessions between each two, and a group of all but the last. */
async function group(...names: readonly string[]): Promise<[GroupRelay, ...Party[]]> {
  const parties = await Promise.all(names.map((name) => Party.open(olm(), name)));
  for (const party of parties) {
    for (const peer of parties) if (peer !== party) await party.start(peer);
  }
  const relay = new GroupRelay(...parties);
  const [founder, ...others] = parties.slice(0, -1);
  await founder!.transact((state) => founder!.device.groups!.create(state, groupId));
  await relay.change(founder!, others);
  return [relay, ...parties];
}

/** What a device tells another that believes itself in a group. */
async function forgeMembership(by: Party, to: Party, content: object): Promise<Sent> {
  const [name, value] = [`protocol/olm/groups/${groupId}`, new TextEncoder().encode(JSON.stringify(content))];
  return by.transact(async (transaction) => {
    const kept = await transaction.get(name);
    transaction.put(name, value);
    const { welcomes } = await by.device.groups!.propose(transaction, groupId, { add: [], remove: [] });
    if (kept === undefined) transaction.delete(name);
    else transaction.put(name, kept);
    const welcome = welcomes.find(({ to: { userId } }) => userId === to.address.userId);
    assert.ok(welcome !== undefined);
    return by.sent(welcome, groupId);
  });
}

describe("olm: groups", () => {
  it("takes another session key after 100 messages, and goes on", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const keys: number[] = [];
    for (let n = 0; n < 205; n++) {
      const messageId = alice.nextMessageId();
      const { before, kind, body } = await alice.transact((state) =>
        alice.device.groups!.encrypt(state, groupId, new TextEncoder().encode(`${n}`), messageId),
      );
      if (before.length > 0) keys.push(n);
      for (const key of before) assert.equal((await bob.receive(alice.sent(key, groupId))).kind, "control");
      const { address: from, device } = alice;
      const { identityKey } = device;
      const sent = { to: bob.address, kind, body, messageId, groupId, from, identityKey };
      assert.equal(textOf(await bob.receive(sent)), `${n}`);
    }
    assert.deepEqual(keys, [0, 100, 200]);
    assert.deepEqual(await relay.membersOf(bob), ["alice", "bob"]);
  });

  it("knows a message that comes again after a restart, under any id", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const messages = [await relay.encrypt(alice, "one"), await relay.encrypt(alice, "two")].map(
      (sent) => sent.get("bob")!,
    );
    assert.equal(textOf(await bob.receive(messages[1]!)), "two");
    await bob.restart();
    assert.equal(textOf(await bob.receive(messages[0]!)), "one");
    await bob.restart();
    for (const message of messages) {
      assert.equal((await bob.receive(message)).kind, "duplicate");
      assert.equal((await bob.receive({ ...message, messageId: "another" })).kind, "undecryptable");
    }
  });

  it("opens nothing of who was removed, though the key is there", async () => {
    const [relay, alice, bob, carol] = (await group("alice", "bob", "carol", "zoe")) as [
      GroupRelay,
      Party,
      Party,
      Party,
    ];
    await relay.assertRead(carol, "as a member", [alice, bob]);
    const late = await relay.encrypt(carol, "when I was gone");
    await relay.change(alice, [], [carol]);
    assert.equal((await bob.receive(late.get("bob")!)).kind, "undecryptable");
  });

  it("gives no key to who is no member, and another key to those who stay", async () => {
    const [relay, alice, bob, carol, zoe] = (await group("alice", "bob", "carol", "zoe")) as [
      GroupRelay,
      Party,
      Party,
      Party,
      Party,
    ];
    await relay.assertRead(alice, "all of us", [bob, carol]);
    await relay.change(bob, [], [carol]);
    const { before } = await alice.transact((state) =>
      alice.device.groups!.encrypt(state, groupId, new Uint8Array(1), alice.nextMessageId()),
    );
    assert.deepEqual(
      before.map(({ to }) => to.userId),
      ["bob"],
    );
    assert.equal((await zoe.receive({ ...alice.sent(before[0]!), to: zoe.address })).kind, "undecryptable");
  });

  it("lets nobody change members who is none, nor set them back", async () => {
    const [relay, alice, bob, zoe] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party, Party];
    const names = ["alice/one", "bob/one", "zoe/one"];
    const epoch = await alice.transact((state) => alice.device.groups!.epoch(state, groupId));
    const forged = await forgeMembership(zoe, alice, { epoch: epoch + 5, members: names });
    assert.equal((await alice.receive(forged)).kind, "control");
    assert.deepEqual(await relay.membersOf(alice), ["alice", "bob"]);
    const stale = await forgeMembership(bob, alice, { epoch: epoch - 1, members: names });
    assert.equal((await alice.receive(stale)).kind, "control");
    assert.deepEqual(await relay.membersOf(alice), ["alice", "bob"]);
    const elsewhere = await forgeMembership(bob, alice, { epoch: epoch + 5, members: names });
    assert.equal((await alice.receive({ ...elsewhere, groupId: "another" })).kind, "undecryptable");
  });

  it("opens a group's message under its own id alone", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const message = (await relay.encrypt(alice, "mine")).get("bob")!;
    assert.equal((await bob.receive({ ...message, messageId: "another" })).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "mine");
  });

  it("erases a group's keys when the device leaves", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    await relay.assertRead(alice, "hello", [bob]);
    await relay.assertRead(bob, "hello", [alice]);
    const keys = async () =>
      (await bob.transact((state) => state.list("protocol/olm/"))).filter((key) => /group|seen/.test(key));
    assert.ok((await keys()).length >= 4);
    await bob.transact((state) => bob.device.groups!.leave(state, groupId));
    assert.deepEqual(await keys(), []);
  });

  it("makes its own session keys anew when its keys are rotated", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    await relay.assertRead(alice, "before", [bob]);
    await alice.transact((state) => alice.device.rotateKeys(state));
    const { before } = await alice.transact((state) =>
      alice.device.groups!.encrypt(state, groupId, new Uint8Array(1), alice.nextMessageId()),
    );
    assert.equal(before.length, 1);
  });

  it("keeps the keys of a sender's three latest sessions: what came before opens for nobody", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const messages: Sent[] = [];
    for (let n = 0; n < 5; n++) {
      if (n > 0) await alice.transact((state) => alice.device.rotateKeys(state));
      messages.push((await relay.encrypt(alice, `${n}`)).get("bob")!);
      if (n === 0) assert.equal(textOf(await bob.receive(messages[0]!)), "0");
    }
    await relay.assertRead(bob, "of another sender", [alice]);
    for (const n of [0, 1]) assert.equal((await bob.receive(messages[n]!)).kind, "undecryptable");
    for (const n of [2, 3, 4]) assert.equal(textOf(await bob.receive(messages[n]!)), `${n}`);
    await bob.restart();
    for (const n of [0, 1]) assert.equal((await bob.receive(messages[n]!)).kind, "undecryptable");
    const records = await bob.transact((state) => state.list("protocol/olm/"));
    assert.equal(records.filter((key) => /inbound_group/.test(key)).length, 3 + 1);
    assert.equal(records.filter((key) => /seen/.test(key)).length, 3);
  });

  it("keeps no key of a group that it is not in, or that comes under another group's name", async () => {
    const [, alice, bob, zoe] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party, Party];
    const encrypted = () =>
      alice.transact((state) => alice.device.groups!.encrypt(state, groupId, new Uint8Array(1), alice.nextMessageId()));
    const keys = () => bob.transact((state) => state.list("protocol/olm/store/inbound"));
    const before = (await keys()).length;
    const { before: shares } = await encrypted();
    const share = alice.sent(shares[0]!, groupId);
    await bob.transact((state) => bob.device.groups!.create(state, "another"));
    for (const other of ["another", undefined, "unknown"]) {
      await alice.transact((state) => alice.device.rotateKeys(state));
      const [next] = (await encrypted()).before;
      assert.equal((await bob.receive({ ...alice.sent(next!), groupId: other })).kind, "control");
      assert.equal((await keys()).length, before);
    }
    assert.equal((await bob.receive(share)).kind, "control");
    assert.equal((await keys()).length, before + 1);
    assert.equal(await zoe.transact((state) => zoe.device.groups!.members(state, groupId)), undefined);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { E2EProtocol } from "../e2e-protocol.ts";
import type { GroupDevice, ProposedChange } from "../group-device.ts";
import { Party, type Sent, textOf } from "./party.ts";

const groupId = "the-group";

function groupsOf(party: Party): GroupDevice {
  assert.ok(party.device.groups !== undefined);
  return party.device.groups;
}

/** A relay's part in a group: it takes one change an epoch, and carries commits, welcomes and messages. */
export class GroupRelay {
  readonly parties: readonly Party[];

  constructor(...parties: readonly Party[]) {
    this.parties = parties;
  }

  at(userId: string): Party {
    const party = this.parties.find(({ address }) => address.userId === userId);
    assert.ok(party !== undefined, userId);
    return party;
  }

  /** Members, by user id, as one of them knows them. */
  async membersOf(party: Party): Promise<string[] | undefined> {
    const members = await party.transact((state) => groupsOf(party).members(state, groupId));
    return members?.map(({ userId }) => userId).sort();
  }

  propose(by: Party, add: readonly Party[], remove: readonly Party[] = []): Promise<ProposedChange> {
    const change = {
      add: add.map((party) => ({ address: party.address, bundle: party.claim() })),
      remove: remove.map(({ address }) => address),
    };
    return by.transact((state) => groupsOf(by).propose(state, groupId, change));
  }

  settle(by: Party, accepted: boolean): Promise<void> {
    return by.transact((state) => groupsOf(by).settle(state, groupId, accepted));
  }

  /** Changes the group: proposed, accepted, and delivered to the others of `before`, and the welcomes. */
  async change(by: Party, add: readonly Party[], remove: readonly Party[] = []): Promise<void> {
    const before = (await this.membersOf(by)) ?? [];
    const proposed = await this.propose(by, add, remove);
    await this.settle(by, true);
    for (const userId of before) {
      const member = this.at(userId);
      if (member === by || proposed.commit === undefined) continue;
      assert.ok(await this.applyCommit(member, by, proposed.commit), `${userId} takes the commit`);
    }
    for (const welcome of proposed.welcomes) {
      const to = this.at(welcome.to.userId);
      const received = await to.receive(by.sent(welcome, groupId));
      assert.equal(received.kind, "control");
    }
  }

  applyCommit(member: Party, by: Party, commit: Uint8Array): Promise<boolean> {
    return member.transact((state) => groupsOf(member).applyCommit(state, groupId, by.address, commit));
  }

  /** Encrypts for the group. @returns the message as each device gets it; what must come before is delivered */
  async encrypt(by: Party, text: string): Promise<ReadonlyMap<string, Sent>> {
    const messageId = by.nextMessageId();
    const message = await by.transact((state) =>
      groupsOf(by).encrypt(state, groupId, new TextEncoder().encode(text), messageId),
    );
    for (const before of message.before) {
      const received = await this.at(before.to.userId).receive(by.sent(before, groupId));
      assert.equal(received.kind, "control");
    }
    const { kind, body } = message;
    return new Map(
      message.to.map((to) => [
        to.userId,
        { to, kind, body, messageId, groupId, from: by.address, identityKey: by.device.identityKey },
      ]),
    );
  }

  /** Sends a text to the group, and finds that each of `readers` reads it. */
  async assertRead(by: Party, text: string, readers: readonly Party[]): Promise<void> {
    const sent = await this.encrypt(by, text);
    assert.deepEqual([...sent.keys()].sort(), readers.map(({ address }) => address.userId).sort());
    for (const reader of readers) {
      const received = await reader.receive(sent.get(reader.address.userId)!);
      assert.equal(textOf(received), text);
      assert.equal(received.kind === "message" && received.groupId, groupId);
      assert.equal(received.kind === "message" && received.identityKey, by.device.identityKey);
    }
  }
}

/** What each protocol with groups must do. */
export function testGroups(
  makeProtocol: () => E2EProtocol,
  { commits, newcomersReadThePast }: { readonly commits: boolean; readonly newcomersReadThePast: false },
): void {
  const open = (userId: string) => Party.open(makeProtocol(), userId);

  /** Devices that know each other, and a group of the first three. */
  async function group(): Promise<[GroupRelay, Party, Party, Party, Party]> {
    const parties = await Promise.all(["alice", "bob", "carol", "dave"].map(open));
    for (const party of parties) {
      for (const peer of parties) if (peer !== party) await party.start(peer);
    }
    const [alice, bob, carol, dave] = parties as [Party, Party, Party, Party];
    const relay = new GroupRelay(...parties);
    await alice.transact((state) => groupsOf(alice).create(state, groupId));
    await relay.change(alice, [bob, carol]);
    return [relay, alice, bob, carol, dave];
  }

  describe(`${makeProtocol().facts.id}: the contract of groups`, () => {
    it("carries one ciphertext to all members, whoever sends", async () => {
      const [relay, alice, bob, carol] = await group();
      await relay.assertRead(alice, "from Alice", [bob, carol]);
      await relay.assertRead(bob, "from Bob", [alice, carol]);
      await relay.assertRead(carol, "from Carol", [alice, bob]);
      await relay.assertRead(alice, "from Alice again", [bob, carol]);
      for (const party of [alice, bob, carol]) {
        assert.deepEqual(await relay.membersOf(party), ["alice", "bob", "carol"]);
      }
    });

    it("lets nobody read who is no member", async () => {
      const [relay, alice, , , dave] = await group();
      const sent = await relay.encrypt(alice, "for members");
      const message = sent.get("bob")!;
      assert.notEqual((await dave.receive({ ...message, to: dave.address })).kind, "message");
    });

    it("takes a member in, who does not read the past", async () => {
      const [relay, alice, bob, carol, dave] = await group();
      const past = await relay.encrypt(alice, "the past");
      for (const member of [bob, carol]) await member.receive(past.get(member.address.userId)!);
      await relay.change(bob, [dave]);
      assert.equal(newcomersReadThePast, false);
      assert.notEqual((await dave.receive({ ...past.get("bob")!, to: dave.address })).kind, "message");
      await relay.assertRead(alice, "welcome", [bob, carol, dave]);
      await relay.assertRead(dave, "thank you", [alice, bob, carol]);
    });

    it("lets a removed member read nothing more", async () => {
      const [relay, alice, bob, carol] = await group();
      await relay.assertRead(alice, "all of us", [bob, carol]);
      await relay.change(alice, [], [carol]);
      const sent = await relay.encrypt(alice, "without Carol");
      assert.deepEqual([...sent.keys()], ["bob"]);
      assert.notEqual((await carol.receive({ ...sent.get("bob")!, to: carol.address })).kind, "message");
      assert.equal(textOf(await bob.receive(sent.get("bob")!)), "without Carol");
      await relay.assertRead(bob, "likewise", [alice]);
    });

    it("opens a message once, under whatever id it comes", async () => {
      const [relay, alice, bob] = await group();
      const message = (await relay.encrypt(alice, "once")).get("bob")!;
      assert.equal(textOf(await bob.receive(message)), "once");
      assert.notEqual((await bob.receive(message)).kind, "message");
      assert.notEqual((await bob.receive({ ...message, messageId: "another" })).kind, "message");
    });

    it("opens nothing that was changed, of another sender or of another group", async () => {
      const [relay, alice, bob, carol] = await group();
      const message = (await relay.encrypt(alice, "as it is")).get("bob")!;
      for (const at of [0, 10, message.body.length >> 1, message.body.length - 1]) {
        const body = message.body.slice();
        body[at]! ^= 1;
        assert.notEqual((await bob.receive({ ...message, body })).kind, "message", `byte ${at}`);
      }
      const asCarol = { ...message, from: carol.address, identityKey: carol.device.identityKey };
      assert.notEqual((await bob.receive(asCarol)).kind, "message");
      assert.notEqual((await bob.receive({ ...message, groupId: "another-group" })).kind, "message");
      assert.equal(textOf(await bob.receive(message)), "as it is");
    });

    it("goes on after restarts", async () => {
      const [relay, alice, bob, carol] = await group();
      await relay.assertRead(alice, "before", [bob, carol]);
      for (const party of [alice, bob, carol]) await party.restart();
      await relay.assertRead(alice, "after", [bob, carol]);
      await relay.assertRead(bob, "answer", [alice, carol]);
      await alice.restart();
      await relay.change(alice, [], [carol]);
      await bob.restart();
      await relay.assertRead(bob, "two of us", [alice]);
    });

    it("drops a change that the relay did not take", async () => {
      const [relay, alice, bob, carol, dave] = await group();
      await relay.propose(alice, [dave]);
      await relay.settle(alice, false);
      assert.deepEqual(await relay.membersOf(alice), ["alice", "bob", "carol"]);
      await relay.assertRead(alice, "as before", [bob, carol]);
    });

    it("lets one of two changes of an epoch win, and the other be made anew", {
      skip: commits ? false : "no commits",
    }, async () => {
      const [relay, alice, bob, carol, dave] = await group();
      const [first, second] = [await relay.propose(alice, [dave]), await relay.propose(bob, [], [carol])];
      assert.equal(first.epoch, second.epoch);
      await relay.settle(alice, true);
      await relay.settle(bob, false);
      for (const member of [bob, carol]) assert.ok(await relay.applyCommit(member, alice, first.commit!));
      for (const welcome of first.welcomes) await relay.at(welcome.to.userId).receive(alice.sent(welcome, groupId));
      assert.equal(await relay.applyCommit(alice, bob, second.commit!), false);
      assert.equal(await relay.applyCommit(carol, bob, second.commit!), false);
      await relay.change(bob, [], [carol]);
      await relay.assertRead(dave, "three of us", [alice, bob]);
    });

    it("ends when a device leaves", async () => {
      const [relay, alice, bob, carol] = await group();
      await carol.transact((state) => groupsOf(carol).leave(state, groupId));
      assert.equal(await relay.membersOf(carol), undefined);
      const message = (await relay.encrypt(alice, "still there?")).get("carol");
      if (message !== undefined) assert.notEqual((await carol.receive(message)).kind, "message");
      await relay.change(bob, [], [carol]);
      await relay.assertRead(bob, "bye", [alice]);
    });
  });
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type KeyBundle, MessagingError } from "@coffer/messaging";
import { GroupRelay, Party, type Sent, textOf } from "@coffer/messaging/testing";
import { decodeGroupState, encodeMlsMessage, generateKeyPackageWithKey } from "ts-mls";
import { mls } from "../src/index.ts";
import type { MlsDevice } from "../src/mls-device.ts";
import { loadSuite } from "../src/suites.ts";
import { credentialOf, pastEpochs, skippedKeys } from "../src/trust.ts";

const groupId = "the-group";

function deviceOf(party: Party): MlsDevice {
  return party.device as MlsDevice;
}

async function trust(party: Party, ...peers: readonly Party[]): Promise<void> {
  for (const { address, device } of peers) {
    await party.transact((state) => deviceOf(party).trust(state, address, device.identityKey));
  }
}

/** Devices that know each other's keys, and a group of all but the last. */
async function group(...names: readonly string[]): Promise<[GroupRelay, ...Party[]]> {
  const parties = await Promise.all(names.map((name) => Party.open(mls(), name)));
  for (const party of parties) await trust(party, ...parties);
  const relay = new GroupRelay(...parties);
  const [founder, ...others] = parties.slice(0, -1);
  await founder!.transact((state) => deviceOf(founder!).groups.create(state, groupId));
  await relay.change(founder!, others);
  return [relay, ...parties];
}

async function one(sent: Promise<Sent[]>): Promise<Sent> {
  return (await sent)[0]!;
}

const refused = (error: unknown) => error instanceof MessagingError && error.code === "BundleRefused";

describe("mls: who is let in", () => {
  it("refuses a key package of another name, another key, another time, or none", async () => {
    const [alice, bob, mallory] = await Promise.all(["alice", "bob", "mallory"].map((name) => Party.open(mls(), name)));
    const suite = await loadSuite();
    const real = bob!.claim();
    const make = async (owner: Party, seconds: bigint): Promise<KeyBundle> => {
      const keys = await suite.signature.keygen();
      const lifetime = { notBefore: 0n, notAfter: seconds };
      const { publicPackage } = await generateKeyPackageWithKey(
        credentialOf(owner.address),
        { versions: ["mls10"], ciphersuites: [suite.name], extensions: [], proposals: [], credentials: ["basic"] },
        lifetime,
        [],
        keys,
        suite,
      );
      const octets = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage });
      const key = octets.toBase64();
      const set = { keyId: "1", key, lastResort: false };
      return { identityKey: keys.publicKey.toBase64(), sets: { keyPackage: set } };
    };
    const future = 9_000_000_000n;
    const asBob = await make(bob!, future);
    await alice!.start(bob!, asBob);
    const bundles = [
      mallory!.claim(),
      { ...mallory!.claim(), identityKey: real.identityKey },
      { ...real, identityKey: mallory!.device.identityKey },
      { ...asBob, identityKey: real.identityKey },
      await make(bob!, 1_000_000_000n),
      { ...real, sets: {} },
      alice!.claim(),
    ];
    for (const bundle of bundles) await assert.rejects(alice!.start(bob!, bundle), refused);
    const octets = Uint8Array.fromBase64(real.sets["keyPackage"]!.key);
    for (const at of [60, 200, octets.length - 1]) {
      const changed = octets.slice();
      changed[at]! ^= 1;
      const set = { ...real.sets["keyPackage"]!, key: changed.toBase64() };
      await assert.rejects(alice!.start(bob!, { ...real, sets: { keyPackage: set } }), refused, `octet ${at}`);
    }
  });

  it("takes no commit and no welcome that brings a device whose list names another key, or that is a stranger", async () => {
    const [relay, alice, bob, dave] = (await group("alice", "bob", "dave")) as [GroupRelay, Party, Party, Party];
    const stranger = await Party.open(mls(), "dave");
    // Alice was deceived about Dave: Bob knows better.
    const change = { add: [{ address: dave.address, bundle: stranger.claim() }], remove: [] };
    const proposed = await alice.transact((state) => deviceOf(alice).groups.propose(state, groupId, change));
    assert.equal(await relay.applyCommit(bob, alice, proposed.commit!), false);
    const message = { kind: "commit", body: proposed.commit! };
    const strangers = await bob.transact((state) =>
      deviceOf(bob).groups.strangers(state, groupId, alice.address, message),
    );
    assert.deepEqual(strangers, [dave.address]);
    // Nothing came of asking: the epoch goes on.
    await alice.transact((state) => deviceOf(alice).groups.settle(state, groupId, false));
    await relay.assertRead(alice, "still we two", [bob]);
    await relay.assertRead(bob, "yes", [alice]);

    const newcomer = await Party.open(mls(), "erin");
    const add = { add: [{ address: newcomer.address, bundle: newcomer.claim() }], remove: [] };
    const { welcomes } = await alice.transact((state) => deviceOf(alice).groups.propose(state, groupId, add));
    const welcome = alice.sent(welcomes[0]!, groupId);
    assert.equal((await newcomer.receive(welcome)).kind, "undecryptable");
    await trust(newcomer, bob);
    assert.equal((await newcomer.receive({ ...welcome, groupId: "another" })).kind, "undecryptable");
    assert.equal((await newcomer.receive(welcome, bob.device.identityKey)).kind, "undecryptable");
    assert.equal((await newcomer.receive(welcome)).kind, "control");
    assert.equal((await newcomer.receive(welcome)).kind, "undecryptable");
  });
});

describe("mls: groups", () => {
  it("opens what comes late of the last epochs, and nothing older", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const late: Sent[] = [];
    for (let n = 0; n <= pastEpochs; n++) {
      late.push((await relay.encrypt(alice, `epoch ${n}`)).get("bob")!);
      const { commit } = await relay.propose(alice, []);
      await relay.settle(alice, true);
      assert.ok(await relay.applyCommit(bob, alice, commit!));
    }
    assert.equal((await bob.receive(late[0]!)).kind, "undecryptable");
    for (let n = 1; n <= pastEpochs; n++) {
      assert.equal(textOf(await bob.receive(late[n]!)), `epoch ${n}`);
      assert.equal((await bob.receive(late[n]!)).kind, "undecryptable");
    }
  });

  it("opens nothing again that was opened while a change was under way", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const { commit } = await relay.propose(alice, []);
    const message = (await relay.encrypt(bob, "meanwhile")).get("alice")!;
    assert.equal(textOf(await alice.receive(message)), "meanwhile");
    await relay.settle(alice, true);
    assert.ok(await relay.applyCommit(bob, alice, commit!));
    await alice.restart();
    assert.equal((await alice.receive(message)).kind, "undecryptable");
  });

  it("opens nothing again of an older epoch that was opened while a change was under way", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const late = (await relay.encrypt(bob, "late")).get("alice")!;
    await relay.change(alice, []);
    await relay.propose(alice, []);
    await alice.restart();
    assert.equal(textOf(await alice.receive(late)), "late");
    await relay.settle(alice, true);
    await alice.restart();
    assert.equal((await alice.receive(late)).kind, "undecryptable");
  });

  it("says that a message is its author's alone, whatever a device list of another's says", async () => {
    const [relay, alice, bob, carol] = (await group("alice", "bob", "carol", "zoe")) as [
      GroupRelay,
      Party,
      Party,
      Party,
    ];
    const message = (await relay.encrypt(alice, "mine")).get("bob")!;
    // Carol lists Alice's key as her own.
    const asCarol = { ...message, from: carol.address };
    assert.equal((await bob.receive(asCarol, alice.device.identityKey)).kind, "undecryptable");
    assert.equal((await bob.receive(message, carol.device.identityKey)).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "mine");
  });

  it("is not set back by a welcome to another group of its name, nor joined by the word of who is no member", async () => {
    const [relay, alice, bob, mallory] = (await group("alice", "bob", "mallory")) as [GroupRelay, Party, Party, Party];
    await mallory.transact((state) => deviceOf(mallory).groups.create(state, groupId));
    const change = { add: [{ address: bob.address, bundle: bob.claim() }], remove: [] };
    const { welcomes } = await mallory.transact((state) => deviceOf(mallory).groups.propose(state, groupId, change));
    assert.equal((await bob.receive(mallory.sent(welcomes[0]!, groupId))).kind, "undecryptable");
    await relay.assertRead(alice, "still this one", [bob]);

    const erin = await Party.open(mls(), "erin");
    await trust(erin, alice, bob, mallory);
    const added = await relay.propose(alice, [erin]);
    assert.equal((await erin.receive(mallory.sent(added.welcomes[0]!, groupId))).kind, "undecryptable");
    assert.equal((await erin.receive(alice.sent(added.welcomes[0]!, groupId))).kind, "control");
  });

  it("opens a message under its own id alone", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "zoe")) as [GroupRelay, Party, Party];
    const message = (await relay.encrypt(alice, "mine")).get("bob")!;
    assert.equal((await bob.receive({ ...message, messageId: "another" })).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "mine");
  });

  it("takes a commit of its own author alone, once", async () => {
    const [relay, alice, bob, carol] = (await group("alice", "bob", "carol", "zoe")) as [
      GroupRelay,
      Party,
      Party,
      Party,
    ];
    const { commit } = await relay.propose(alice, [], [carol]);
    assert.equal(await relay.applyCommit(bob, carol, commit!), false);
    assert.equal(await relay.applyCommit(bob, alice, commit!), true);
    assert.equal(await relay.applyCommit(bob, alice, commit!), false);
  });

  it("keeps no key of a group that this device was taken out of", async () => {
    const [relay, alice, bob] = (await group("alice", "bob", "carol", "zoe")) as [GroupRelay, Party, Party];
    await relay.change(alice, [], [bob]);
    const kept = await bob.transact((state) => state.list("protocol/mls/"));
    assert.deepEqual(
      kept.filter((key) => /groups|pending/.test(key)),
      [],
    );
  });

  it("hides how long a short message is, and who is added", async () => {
    const [relay, alice, , dave] = (await group("alice", "bob", "dave")) as [GroupRelay, Party, Party, Party];
    const lengths = new Set<number>();
    for (const text of ["", "yes", "x".repeat(100)]) {
      lengths.add((await relay.encrypt(alice, text)).get("bob")!.body.length);
    }
    assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 2);
    const { commit } = await relay.propose(alice, [dave]);
    assert.ok(!Buffer.from(commit!).includes("dave"));
  });

  it("has 50 members", async () => {
    const names = Array.from({ length: 51 }, (_, n) => `member-${n}`);
    const [relay, ...parties] = await group(...names);
    const members = parties.slice(0, 50);
    await relay.assertRead(members[0]!, "to all", members.slice(1));
    await relay.assertRead(members[49]!, "from the last", members.slice(0, 49));
    await relay.change(members[20]!, [], [members[7]!]);
    const rest = members.filter((member) => member !== members[7] && member !== members[20]);
    const sent = await relay.encrypt(members[20]!, "without one");
    for (const member of rest)
      assert.equal(textOf(await member.receive(sent.get(member.address.userId)!)), "without one");
    assert.equal((await members[7]!.receive(sent.get("member-8")!)).kind, "undecryptable");
  });
});

describe("mls: sessions of two", () => {
  it("carry the welcome until the other has answered, and open in any order from the first on", async () => {
    const [alice, bob] = [await Party.open(mls(), "alice"), await Party.open(mls(), "bob")];
    await alice.start(bob);
    const sent: Sent[] = [];
    for (let n = 0; n < 4; n++) sent.push(await one(alice.encrypt(`${n}`, bob)));
    assert.ok(sent.every(({ kind }) => kind === "first"));
    for (const n of [2, 0, 3, 1]) assert.equal(textOf(await bob.receive(sent[n]!)), `${n}`);
    assert.equal(textOf(await alice.receive(await one(bob.encrypt("seen", alice)))), "seen");
    assert.equal((await one(alice.encrypt("on", bob))).kind, "message");
  });

  it("are begun anew after the keys were rotated", async () => {
    const [alice, bob] = [await Party.open(mls(), "alice"), await Party.open(mls(), "bob")];
    const has = () => alice.transact((state) => alice.device.hasSession(state, bob.address));
    await alice.start(bob);
    const late = await one(alice.encrypt("late", bob));
    await alice.transact((state) => alice.device.rotateKeys(state));
    assert.equal(await has(), false);
    await alice.start(bob);
    assert.equal(await has(), true);
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("anew", bob)))), "anew");
    assert.equal(textOf(await bob.receive(late)), "late");
  });

  it("keep so many skipped keys", async () => {
    const [alice, bob] = [await Party.open(mls(), "alice"), await Party.open(mls(), "bob")];
    await alice.start(bob);
    const sent: Sent[] = [];
    for (let n = 0; n < skippedKeys + 2; n++) sent.push(await one(alice.encrypt(`${n}`, bob)));
    assert.equal(textOf(await bob.receive(sent.at(-1)!)), `${skippedKeys + 1}`);
    assert.equal((await bob.receive(sent[0]!)).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(sent[1]!)), "1");
  });

  it("forget the private keys of a key package that was used", async () => {
    const [alice, bob] = [await Party.open(mls(), "alice"), await Party.open(mls(), "bob")];
    const count = async () => (await bob.transact((state) => state.list("protocol/mls/key-packages/"))).length;
    const before = await count();
    await alice.start(bob);
    await bob.receive(await one(alice.encrypt("hello", bob)));
    assert.equal(await count(), before - 1);
    const [record] = await bob.transact((state) => state.list("protocol/mls/sessions/"));
    const state = await bob.transact((transaction) => transaction.get(record!));
    assert.equal(decodeGroupState(state!, 0)?.[0].groupContext.epoch, 1n);
  });
});

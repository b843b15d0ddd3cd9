import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError, memoryVault, type Vault } from "@coffer/messaging";
import { deliverAll, Party, type Sent, textOf } from "@coffer/messaging/testing";
import { signal } from "../src/index.ts";
import { keptMs, maxKeptOneTimeKeys } from "../src/prekeys.ts";
import { stateKeys } from "../src/state-keys.ts";
import { maxLastResortUses } from "../src/stores.ts";

const protocol = () => signal({ oneTimeKeys: 3 });

async function talking(): Promise<[Party, Party]> {
  const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
  await alice.start(bob);
  await deliverAll(await alice.encrypt("hello", bob), [bob]);
  await deliverAll(await bob.encrypt("hello yourself", alice), [alice]);
  return [alice, bob];
}

async function one(sent: Promise<Sent[]>): Promise<Sent> {
  return (await sent)[0]!;
}

async function copyOf(vault: Vault): Promise<Vault> {
  const copy = memoryVault();
  await vault.transact(async (from) => {
    const keys = await from.list("");
    const values = await Promise.all(keys.map((key) => from.get(key)));
    await copy.transact(async (to) => {
      for (const [n, key] of keys.entries()) to.put(key, values[n]!);
    });
  });
  return copy;
}

/** What somebody holds who copied a device's whole state. */
async function thief(of: Party): Promise<Party> {
  const stolen = await Party.open(protocol(), of.address.userId, of.address.deviceId);
  stolen.vault = await copyOf(of.vault);
  await stolen.restart();
  return stolen;
}

const kindOf = async (party: Party, message: Sent) => (await party.receive(message)).kind;

describe("signal: forward secrecy and recovery", () => {
  it("forward secrecy: a state that is stolen later opens nothing of before", async () => {
    const [alice, bob] = await talking();
    const past = [await one(alice.encrypt("one", bob)), await one(alice.encrypt("two", bob))];
    for (const message of past) assert.equal((await bob.receive(message)).kind, "message");
    const stolen = await thief(bob);
    for (const message of past) assert.notEqual(await kindOf(stolen, message), "message");
  });

  it("post-compromise security: a thief of the state reads no more after one round trip", async () => {
    const [alice, bob] = await talking();
    const stolen = await thief(bob);
    const seen = await one(alice.encrypt("still seen", bob));
    assert.equal(await kindOf(stolen, seen), "message");
    assert.equal(await kindOf(bob, seen), "message");
    assert.equal(await kindOf(alice, await one(bob.encrypt("round", alice))), "message");
    assert.equal(await kindOf(bob, await one(alice.encrypt("trip", bob))), "message");
    assert.equal(await kindOf(alice, await one(bob.encrypt("again", alice))), "message");
    const healed = await one(alice.encrypt("no longer", bob));
    assert.equal(await kindOf(stolen, healed), "undecryptable");
    assert.equal(textOf(await bob.receive(healed)), "no longer");
  });

  it("forgets one-time keys once they were used", async () => {
    const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
    const bundle = bob.claim();
    await alice.start(bob, bundle);
    const before = await keysOf(bob);
    await deliverAll(await alice.encrypt("hello", bob), [bob]);
    const after = await keysOf(bob);
    assert.ok(before.includes(stateKeys.preKey.of(Number(bundle.sets["preKey"]!.keyId))));
    assert.ok(!after.includes(stateKeys.preKey.of(Number(bundle.sets["preKey"]!.keyId))));
    assert.ok(!after.includes(stateKeys.kyberPreKey.of(Number(bundle.sets["kyberPreKey"]!.keyId))));
  });

  it("opens a first message by last-resort keys once, even after the session was forgotten", async () => {
    const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
    bob.exhaust();
    await alice.start(bob);
    const first = await one(alice.encrypt("once", bob));
    assert.equal(await kindOf(bob, first), "message");
    await bob.transact((state) => bob.device.forget(state, alice.address));
    assert.equal(await kindOf(bob, first), "undecryptable");
    await alice.start(bob);
    assert.equal(await kindOf(bob, await one(alice.encrypt("anew", bob))), "message");
  });

  it("keeps a replaced key for 30 days, then what began by it opens no more", async () => {
    let nowMs = 1_000_000;
    const clocked = () => signal({ oneTimeKeys: 3, nowMs: () => nowMs });
    const bob = await Party.open(clocked(), "bob");
    const rotate = async () => bob.take(await bob.transact((state) => bob.device.rotateKeys(state)));
    const byOld = async (userId: string) => {
      const party = await Party.open(protocol(), userId);
      await party.start(bob, { ...old, sets: { ...old.sets } });
      return one(party.encrypt("by the old key", bob));
    };
    bob.exhaust();
    const old = bob.claim();
    await rotate();
    nowMs += keptMs - 1;
    await rotate();
    assert.equal(await kindOf(bob, await byOld("alice")), "message");
    nowMs += 1;
    await rotate();
    assert.equal(await kindOf(bob, await byOld("carol")), "undecryptable");
    const uses = (await keysOf(bob)).filter((key) =>
      key.startsWith(stateKeys.kyberUses(Number(old.sets["kyberPreKey"]!.keyId))),
    );
    assert.deepEqual(uses, []);
  });

  it("has a session no more that nobody answered for 30 days", async () => {
    let nowMs = 1_000_000;
    const alice = await Party.open(signal({ oneTimeKeys: 3, nowMs: () => nowMs }), "alice");
    const bob = await Party.open(protocol(), "bob");
    await alice.start(bob);
    const has = () => alice.transact((state) => alice.device.hasSession(state, bob.address));
    assert.equal(await has(), true);
    nowMs += keptMs + 1;
    assert.equal(await has(), false);
    await assert.rejects(
      alice.encrypt("late", bob),
      (error) => error instanceof MessagingError && error.code === "UnknownRecipient",
    );
  });

  it("opens 2,000 skipped messages of a chain; the one before is lost, and said to be", async () => {
    const [alice, bob] = await talking();
    const lost = await one(alice.encrypt("skipped first", bob));
    const kept = await one(alice.encrypt("skipped second", bob));
    for (let n = 0; n < 1999; n++) await alice.encrypt("", bob);
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("last", bob)))), "last");
    assert.equal(textOf(await bob.receive(kept)), "skipped second");
    assert.notEqual(await kindOf(bob, lost), "message");
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("on", bob)))), "on");
  });

  it("refuses first messages by a last-resort key that is used up, until it is rotated", async () => {
    const [alice, bob] = [await Party.open(protocol(), "alice"), await Party.open(protocol(), "bob")];
    bob.exhaust();
    const uses = stateKeys.kyberUses(Number(bob.claim().sets["kyberPreKey"]!.keyId));
    await bob.transact(async (state) => {
      for (let n = 0; n < maxLastResortUses; n++) state.put(`${uses}1/${n}`, new Uint8Array(1));
    });
    await alice.start(bob);
    assert.equal(await kindOf(bob, await one(alice.encrypt("one too many", bob))), "undecryptable");
    bob.take(await bob.transact((state) => bob.device.rotateKeys(state)));
    await alice.start(bob);
    assert.equal(await kindOf(bob, await one(alice.encrypt("by the new key", bob))), "message");
  });

  it("keeps 1,000 private one-time keys of a set: the oldest go first", async () => {
    const bob = await Party.open(signal(), "bob");
    const [first] = (await keysOf(bob)).filter((key) => key.startsWith(stateKeys.preKey.prefix));
    for (let round = 0; round < 10; round++) {
      await bob.transact((state) => bob.device.publish(state, { preKey: 0, kyberPreKey: 100 }));
    }
    const kept = (await keysOf(bob)).filter((key) => key.startsWith(stateKeys.preKey.prefix));
    assert.equal(kept.length, maxKeptOneTimeKeys);
    assert.ok(first !== undefined && !kept.includes(first));
  });

  it("throws when the state fails, and takes it for no bad message", async () => {
    const [alice, bob] = await talking();
    const message = await one(alice.encrypt("readable", bob));
    const failing = bob.transact((state) => {
      const broken = { ...state, get: async () => Promise.reject(new Error("the disk is gone")) };
      return bob.device.receive(broken, message.from, message, message.identityKey);
    });
    await assert.rejects(failing, /the disk is gone/);
    assert.equal(textOf(await bob.receive(message)), "readable");
  });
});

function keysOf(party: Party): Promise<string[]> {
  return party.transact((state) => state.list(""));
}

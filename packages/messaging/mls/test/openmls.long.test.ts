import assert from "node:assert/strict";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import type { KeyBundle, Received } from "@coffer/messaging";
import { Party } from "@coffer/messaging/testing";
import { mls } from "../src/index.ts";
import type { MlsDevice } from "../src/mls-device.ts";
import { buildOpenmls, missingOpenmls, OpenmlsPeer } from "./openmls-peer.ts";

const skip = missingOpenmls() ?? false;
const groupId = "room";
const address = { userId: "rust", deviceId: "one" };

describe("mls: openmls as the other side", { skip }, () => {
  let peer: OpenmlsPeer;
  let identityKey: string;
  let alice: Party;
  let bob: Party;

  before(buildOpenmls);
  beforeEach(async () => {
    peer = new OpenmlsPeer("rust/one");
    identityKey = Uint8Array.fromHex(await peer.line()).toBase64();
    alice = await Party.open(mls(), "alice");
    bob = await Party.open(mls(), "bob");
    for (const party of [alice, bob]) {
      await party.transact((state) => (party.device as MlsDevice).trust(state, address, identityKey));
    }
  });
  afterEach(() => peer.close());

  const hex = (octets: Uint8Array) => octets.toHex();
  const groups = (party: Party) => (party.device as MlsDevice).groups;

  async function bundleOfPeer(): Promise<KeyBundle> {
    const key = Uint8Array.fromHex(await peer.run("package")).toBase64();
    return { identityKey, sets: { keyPackage: { keyId: "1", key, lastResort: false } } };
  }

  function packageOf(party: Party): string {
    return Uint8Array.fromBase64(party.claim().sets["keyPackage"]!.key).toHex();
  }

  function receive(party: Party, kind: string, octets: string, messageId = "m"): Promise<Received> {
    const message = { kind, body: Uint8Array.fromHex(octets), messageId, groupId };
    return party.transact((state) => party.device.receive(state, address, message, identityKey));
  }

  function apply(party: Party, commit: string): Promise<boolean> {
    return party.transact((state) => groups(party).applyCommit(state, groupId, address, Uint8Array.fromHex(commit)));
  }

  async function speak(party: Party): Promise<void> {
    const octets = new TextEncoder().encode("from here");
    const sent = await party.transact((state) => groups(party).encrypt(state, groupId, octets, "id-1"));
    const name = `${party.address.userId}/${party.address.deviceId}`;
    assert.equal(await peer.run(`receive ${hex(sent.body)}`), `text ${name} id-1 from here`);
    assert.match(await peer.run(`receive ${hex(sent.body)}`), /^error/);
    const message = await peer.run("send id-2 from there");
    const received = await receive(party, "group", message, "id-2");
    assert.equal(received.kind === "message" && new TextDecoder().decode(received.plaintext), "from there");
    assert.equal((await receive(party, "group", message, "id-2")).kind, "undecryptable");
  }

  it("is taken in, changes the group and is taken out", async () => {
    await alice.transact((state) => groups(alice).create(state, groupId));
    const first = { add: [{ address, bundle: await bundleOfPeer() }], remove: [] };
    const proposed = await alice.transact((state) => groups(alice).propose(state, groupId, first));
    await alice.transact((state) => groups(alice).settle(state, groupId, true));
    assert.equal(await peer.run(`join ${hex(proposed.welcomes[0]!.body)}`), "1");
    await speak(alice);

    await alice.transact((state) => (alice.device as MlsDevice).trust(state, bob.address, bob.device.identityKey));
    const [commit, welcome] = (await peer.run(`add ${packageOf(bob)}`)).split(" ") as [string, string];
    assert.ok(await apply(alice, commit));
    await bob.transact((state) => (bob.device as MlsDevice).trust(state, alice.address, alice.device.identityKey));
    assert.equal((await receive(bob, "welcome", welcome)).kind, "control");
    await speak(bob);

    const removed = await alice.transact((state) =>
      groups(alice).propose(state, groupId, { add: [], remove: [bob.address] }),
    );
    await alice.transact((state) => groups(alice).settle(state, groupId, true));
    assert.equal(await peer.run(`receive ${hex(removed.commit!)}`), "commit 3");
    await speak(alice);

    const empty = { add: [], remove: [address] };
    const last = await alice.transact((state) => groups(alice).propose(state, groupId, empty));
    await alice.transact((state) => groups(alice).settle(state, groupId, true));
    assert.equal(await peer.run(`receive ${hex(last.commit!)}`), "commit 4");
    assert.match(await peer.run("send id-3 still here"), /^error/);
  });

  it("makes a group that devices of this package join, and takes one out", async () => {
    const welcome = await peer.run(`create ${groupId} ${packageOf(alice)}`);
    assert.equal((await receive(alice, "welcome", welcome)).kind, "control");
    await speak(alice);
    assert.ok(await apply(alice, await peer.run("remove alice/one")));
    assert.equal(await alice.transact((state) => groups(alice).members(state, groupId)), undefined);
  });
});

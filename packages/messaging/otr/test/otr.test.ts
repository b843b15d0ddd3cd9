import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError, memoryVault } from "@coffer/messaging";
import { deliverAll, Party, type Sent, textOf } from "@coffer/messaging/testing";
import type { OtrDevice, OtrOptions } from "../src/index.ts";
import { otr } from "../src/index.ts";
import { quickOtr } from "./quick-otr.ts";

function deviceOf(party: Party): OtrDevice {
  return party.device as OtrDevice;
}

async function pair(): Promise<[Party, Party]> {
  return [await Party.open(quickOtr(), "alice"), await Party.open(quickOtr(), "bob")];
}

async function talking(): Promise<[Party, Party]> {
  const [alice, bob] = await pair();
  await deliverAll(await alice.start(bob), [alice, bob]);
  return [alice, bob];
}

async function one(sent: Promise<readonly Sent[]>): Promise<Sent> {
  const [message] = await sent;
  assert.ok(message !== undefined);
  return message;
}

function isOpen(party: Party, peer: Party): Promise<boolean> {
  return party.transact((state) => party.device.hasSession(state, peer.address));
}

/** A message with other octets in its header. */
function withHeader(message: Sent, change: (octets: Uint8Array) => void): Sent {
  const text = new TextDecoder().decode(message.body);
  const octets = Uint8Array.fromBase64(text.slice(5, -1));
  change(octets);
  return { ...message, body: new TextEncoder().encode(`?OTR:${octets.toBase64()}.`) };
}

async function compare(party: Party, peer: Party, secret: string, question?: string): Promise<Sent[]> {
  const messages = await deviceOf(party).compareSecrets(peer.address, secret, question);
  return messages.map((message) => party.sent(message));
}

describe("otr", () => {
  it("is refused to who does not say that legacy is good enough", () => {
    for (const options of [undefined, { acceptLegacy: false }, {} as OtrOptions]) {
      assert.throws(
        () => otr(options),
        (error) =>
          error instanceof MessagingError && error.code === "InvalidInput" && /acceptLegacy/.test(error.message),
      );
    }
  });

  it("makes a key of its own, and keeps it", async () => {
    const vault = memoryVault();
    const open = () =>
      vault.transact((state) => otr({ acceptLegacy: true }).open({ userId: "a", deviceId: "b" }, state));
    const { identityKey } = await open();
    assert.equal(Uint8Array.fromBase64(identityKey).length, 20);
    assert.equal((await open()).identityKey, identityKey);
  });

  it("speaks version 3 alone", async () => {
    const [alice, bob] = await pair();
    const commit = await one(alice.start(bob));
    for (const version of [0, 1, 2, 4]) {
      const other = withHeader(commit, (octets) => octets.set([0, version]));
      assert.equal((await bob.receive(other)).kind, "undecryptable", `version ${version}`);
    }
    for (const query of ["?OTR?", "?OTRv2?", "?OTR?v2?", "?OTRv24?"]) {
      const body = new TextEncoder().encode(query);
      assert.equal((await bob.receive({ ...commit, body })).kind, "undecryptable", query);
    }
    const body = new TextEncoder().encode("?OTRv23?");
    const answer = await bob.receive({ ...commit, body });
    assert.ok(answer.kind === "control" && answer.replies.length === 1);
    await deliverAll([bob.sent(answer.replies[0]!)], [alice, bob]);
    assert.ok((await isOpen(alice, bob)) && (await isOpen(bob, alice)));
  });

  it("shows nothing that came unencrypted", async () => {
    const [alice, bob] = await talking();
    const message = await one(alice.encrypt("hidden", bob));
    for (const text of [
      "hello",
      "?OTR Error: what",
      "hello \t  \t\t\t\t \t \t \t    \t\t  \t\t",
      "?OTR|1|2,1,1,hello,",
    ]) {
      const received = await bob.receive({ ...message, body: new TextEncoder().encode(text) });
      assert.equal(received.kind, "undecryptable", text);
    }
    assert.equal(textOf(await bob.receive(message)), "hidden");
  });

  it("is not shut out by a forged message with a large counter", async () => {
    const [alice, bob] = await talking();
    const message = await one(alice.encrypt("genuine", bob));
    // Version, type, tags, flag, two key ids, the length of a key of 192 octets and the key: then the counter.
    const forged = withHeader(message, (octets) => octets.fill(0xff, 20 + 4 + 192, 20 + 4 + 192 + 8));
    assert.equal((await bob.receive(forged)).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "genuine");
  });

  it("keeps its conversation while somebody without the key shakes hands", async () => {
    const [alice, bob] = await talking();
    const mallory = await Party.open(quickOtr(), "mallory");
    const pretend = (sent: Sent) => ({ ...sent, from: alice.address, identityKey: alice.device.identityKey });
    let turn: Sent | undefined = await one(mallory.start(bob));
    for (let n = 0; turn !== undefined && n < 2; n++) {
      const answer = await bob.receive(pretend(turn));
      if (n === 1) assert.equal(answer.kind, "undecryptable");
      if (answer.kind !== "control") break;
      const reply = await mallory.receive(bob.sent(answer.replies[0]!));
      turn = reply.kind === "control" && reply.replies[0] !== undefined ? mallory.sent(reply.replies[0]) : undefined;
    }
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("still here", bob)))), "still here");
    assert.equal(textOf(await alice.receive(await one(bob.encrypt("me too", alice)))), "me too");
    const query = {
      ...(await one(alice.encrypt("x", bob))),
      kind: "handshake",
      body: new TextEncoder().encode("?OTRv3?"),
    };
    assert.equal((await bob.receive(query)).kind, "control");
    assert.equal(textOf(await alice.receive(await one(bob.encrypt("and now", alice)))), "and now");
  });

  it("opens a conversation anew with a peer that was restarted", async () => {
    const [alice, bob] = await talking();
    await alice.restart();
    assert.equal(await isOpen(alice, bob), false);
    await deliverAll(await alice.start(bob), [alice, bob]);
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("again", bob)))), "again");
    assert.equal(textOf(await alice.receive(await one(bob.encrypt("welcome back", alice)))), "welcome back");
  });

  it("finds one conversation when both begin at once", async () => {
    const [alice, bob] = await pair();
    const sent = [...(await alice.start(bob)), ...(await bob.start(alice))];
    await deliverAll(sent, [alice, bob]);
    assert.equal(textOf(await bob.receive(await one(alice.encrypt("hello", bob)))), "hello");
    assert.equal(textOf(await alice.receive(await one(bob.encrypt("hello", alice)))), "hello");
  });

  it("begins so that the other side always finds the key that was committed to", async () => {
    const [alice, bob] = await pair();
    for (let n = 0; n < 24; n++) {
      const [message] = (await alice.start(bob)) as [Sent];
      await deliverAll([message], [alice, bob]);
      assert.ok(await isOpen(alice, bob), `handshake ${n}`);
    }
  });

  it("carries octets that are no text", async () => {
    const [alice, bob] = await talking();
    for (const octets of [[0], [0xff, 0xfe], [1, 2, 3], [104, 0, 105], [0xef, 0xbb, 0xbf, 104]]) {
      const plaintext = Uint8Array.from(octets);
      const messages = await alice.transact((state) => alice.device.encrypt(state, [bob.address], plaintext, "m"));
      const received = await bob.receive(alice.sent(messages[0]!));
      assert.deepEqual(received.kind === "message" && [...received.plaintext], octets);
    }
  });

  describe("the comparison of a secret", () => {
    it("finds the same secret to be the same", async () => {
      const [alice, bob] = await talking();
      assert.deepEqual(deviceOf(alice).comparisonWith(bob.address), { state: "none" });
      await deliverAll(await compare(alice, bob, "the blue door", "Which door?"), [alice, bob]);
      assert.deepEqual(deviceOf(bob).comparisonWith(alice.address), { state: "asked", question: "Which door?" });
      assert.equal(deviceOf(alice).comparisonWith(bob.address).state, "waiting");
      await deliverAll(await compare(bob, alice, "the blue door"), [alice, bob]);
      for (const [party, peer] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        assert.deepEqual(deviceOf(party).comparisonWith(peer.address), { state: "same" });
      }
      assert.equal(textOf(await bob.receive(await one(alice.encrypt("it is you", bob)))), "it is you");
    });

    it("finds another secret to be different, and tells neither", async () => {
      const [alice, bob] = await talking();
      await deliverAll(await compare(alice, bob, "the blue door"), [alice, bob]);
      await deliverAll(await compare(bob, alice, "the red door"), [alice, bob]);
      for (const [party, peer] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        assert.deepEqual(deviceOf(party).comparisonWith(peer.address), { state: "different" });
      }
    });

    it("needs an open conversation and a secret", async () => {
      const [alice, bob] = await talking();
      await assert.rejects(deviceOf(alice).compareSecrets(bob.address, ""), MessagingError);
      await alice.transact((state) => alice.device.forget(state, bob.address));
      await assert.rejects(deviceOf(alice).compareSecrets(bob.address, "x"), MessagingError);
    });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { base64OfBytes } from "../base64.ts";
import type { E2EProtocol } from "../e2e-protocol.ts";
import { MessagingError } from "../errors.ts";
import type { KeyBundle } from "../key-bundle.ts";
import { deliverAll, Party, type Sent, textOf } from "./party.ts";

/** What a protocol cannot do, each with its reason, which the skipped test shows. */
export interface ContractExceptions {
  /** The peer must be online when a session begins. */
  readonly asynchronous?: string;
  /** A device that was opened anew goes on with its sessions. */
  readonly restart?: string;
  /** Messages may come in any order. */
  readonly anyOrder?: string;
  /** Keys are published that are given out once. */
  readonly oneTimeKeys?: string;
  /** The same plaintext twice gives other bytes that do not open once an earlier state is gone. */
  readonly forwardSecrecy?: string;
}

/** What each protocol must do between two devices, whatever it is built on. Source: shared decisions of `E2EDevice`. */
export function testProtocol(makeProtocol: () => E2EProtocol, exceptions: ContractExceptions = {}): void {
  const { facts } = makeProtocol();
  const skip = (reason: string | undefined) => (reason === undefined ? {} : { skip: reason });

  async function pair(): Promise<[Party, Party]> {
    const alice = await Party.open(makeProtocol(), "alice@example.org");
    const bob = await Party.open(makeProtocol(), "@bob:example.org");
    return [alice, bob];
  }

  /** Two with a session that both have used. */
  async function talking(): Promise<[Party, Party]> {
    const [alice, bob] = await pair();
    await deliverAll(await alice.start(bob), [alice, bob]);
    if (!(await bob.transact((state) => bob.device.hasSession(state, alice.address)))) {
      assert.deepEqual(await deliverAll(await alice.encrypt("hello", bob), [alice, bob]), ["hello"]);
    }
    assert.deepEqual(await deliverAll(await bob.encrypt("hello yourself", alice), [alice, bob]), ["hello yourself"]);
    return [alice, bob];
  }

  async function one(sent: Promise<Sent[]>): Promise<Sent> {
    const [message, ...more] = await sent;
    assert.ok(message !== undefined);
    assert.equal(more.length, 0);
    return message;
  }

  describe(`${facts.id}: the contract of protocols`, () => {
    it("carries messages both ways", async () => {
      const [alice, bob] = await talking();
      for (const text of ["", "one", "\u{1f511} two", "x".repeat(50_000)]) {
        assert.equal(textOf(await bob.receive(await one(alice.encrypt(text, bob)))), text);
        assert.equal(textOf(await alice.receive(await one(bob.encrypt(text, alice)))), text);
      }
    });

    it("tells which identity encrypted a message", async () => {
      const [alice, bob] = await talking();
      const received = await bob.receive(await one(alice.encrypt("mine", bob)));
      assert.equal(received.kind === "message" && received.identityKey, alice.device.identityKey);
    });

    it("writes to who is away, the first messages included", skip(exceptions.asynchronous), async () => {
      const [alice, bob] = await pair();
      assert.deepEqual(await alice.start(bob), []);
      const sent = [await one(alice.encrypt("first", bob)), await one(alice.encrypt("second", bob))];
      assert.deepEqual(await deliverAll(sent, [alice, bob]), ["first", "second"]);
      assert.deepEqual(await deliverAll(await bob.encrypt("back", alice), [alice, bob]), ["back"]);
    });

    it("opens a message once: again it is a duplicate, and changes nothing", async () => {
      const [alice, bob] = await talking();
      const message = await one(alice.encrypt("once", bob));
      assert.equal(textOf(await bob.receive(message)), "once");
      assert.notEqual((await bob.receive(message)).kind, "message");
      assert.notEqual((await bob.receive({ ...message, messageId: "another-id" })).kind, "message");
      assert.equal(textOf(await bob.receive(await one(alice.encrypt("next", bob)))), "next");
    });

    it("opens messages in any order", skip(exceptions.anyOrder), async () => {
      const [alice, bob] = await talking();
      const sent: Sent[] = [];
      for (let n = 0; n < 8; n++) sent.push(await one(alice.encrypt(`number ${n}`, bob)));
      for (const n of [3, 0, 7, 1, 2, 6, 5, 4]) assert.equal(textOf(await bob.receive(sent[n]!)), `number ${n}`);
    });

    it("opens nothing that was changed, and goes on afterwards", async () => {
      const [alice, bob] = await talking();
      let message = await one(alice.encrypt("as it is", bob));
      const positions = 24;
      for (let n = -3; n < positions; n++) {
        const received = await bob.receive({ ...message, body: changeBytes(message.body, n, positions) });
        if (received.kind !== "message") continue;
        // A bit that carries nothing may leave the message what it is; another message it never becomes.
        assert.equal(textOf(received), "as it is");
        message = await one(alice.encrypt("as it is", bob));
      }
      assert.equal((await bob.receive({ ...message, kind: "nonsense" })).kind, "undecryptable");
      assert.equal(textOf(await bob.receive(message)), "as it is");
    });

    it("takes anything for a message without failing", async () => {
      const [alice, bob] = await talking();
      const message = await one(alice.encrypt("something", bob));
      for (const body of [0, 1, 31, 32, 33, 64, 1000].map((bytes) => new Uint8Array(bytes).fill(bytes))) {
        for (const kind of [message.kind, "preKey", "commit", "constructor", ""]) {
          assert.equal((await bob.receive({ ...message, kind, body })).kind, "undecryptable", `${kind} ${body.length}`);
        }
      }
    });

    it("opens nothing that was meant for another", async () => {
      const [alice, bob] = await talking();
      const carol = await Party.open(makeProtocol(), "carol");
      await deliverAll(await alice.start(carol), [alice, carol]);
      const message = await one(alice.encrypt("for Bob", bob));
      assert.notEqual((await carol.receive(message)).kind, "message");
      assert.equal(textOf(await bob.receive(message)), "for Bob");
    });

    it("opens nothing of an identity that the sender's device list does not name", async () => {
      const [alice, bob] = await talking();
      const mallory = await Party.open(makeProtocol(), "mallory");
      await deliverAll(await mallory.start(bob), [mallory, bob]);
      const forged = await one(mallory.encrypt("from Alice, honestly", bob));
      const asAlice = { ...forged, from: alice.address };
      assert.notEqual((await bob.receive(asAlice, alice.device.identityKey)).kind, "message");
      assert.notEqual((await bob.receive(asAlice, mallory.device.identityKey)).kind, "message");
      assert.notEqual((await bob.receive(forged, alice.device.identityKey)).kind, "message");
      assert.equal(textOf(await bob.receive(await one(alice.encrypt("really", bob)))), "really");
    });

    it("begins no session by a bundle whose keys are not of its identity", async () => {
      const [alice, bob] = await pair();
      const mallory = await Party.open(makeProtocol(), "mallory");
      const [real, other] = [bob.claim(), mallory.claim()];
      const refused = (error: unknown) => error instanceof MessagingError && error.code === "BundleRefused";
      const swapped: KeyBundle[] = [{ ...other, identityKey: real.identityKey }];
      for (const [name, key] of Object.entries(real.sets)) {
        if (key.signature !== undefined) {
          swapped.push({ ...real, sets: { ...real.sets, [name]: { ...key, key: other.sets[name]!.key } } });
          swapped.push({ ...real, sets: { ...real.sets, [name]: { ...key, signature: flipped(key.signature) } } });
        }
      }
      for (const bundle of swapped) await assert.rejects(alice.start(bob, bundle), refused);
      assert.equal(await alice.transact((state) => alice.device.hasSession(state, bob.address)), false);
    });

    it("goes on from its state after a restart", skip(exceptions.restart), async () => {
      const [alice, bob] = await talking();
      for (const text of ["one", "two", "three"]) {
        const identity = alice.device.identityKey;
        await alice.restart();
        await bob.restart();
        assert.equal(alice.device.identityKey, identity);
        assert.equal(textOf(await bob.receive(await one(alice.encrypt(text, bob)))), text);
        assert.equal(textOf(await alice.receive(await one(bob.encrypt(text, alice)))), text);
      }
      const late = await one(alice.encrypt("late", bob));
      await bob.restart();
      assert.equal(textOf(await bob.receive(late)), "late");
      await bob.restart();
      assert.notEqual((await bob.receive(late)).kind, "message");
    });

    it("keeps nothing of a transaction that failed", skip(exceptions.restart), async () => {
      const [alice, bob] = await talking();
      const lost = alice.transact(async (state) => {
        await alice.device.encrypt(state, [bob.address], new TextEncoder().encode("lost"), "lost");
        throw new Error("the disk is full");
      });
      await assert.rejects(lost, /the disk is full/);
      const message = await one(alice.encrypt("kept", bob));
      const failed = bob.transact(async (state) => {
        const { from, identityKey } = message;
        assert.equal(textOf(await bob.device.receive(state, from, message, identityKey)), "kept");
        throw new Error("the disk is full");
      });
      await assert.rejects(failed, /the disk is full/);
      assert.equal(textOf(await bob.receive(message)), "kept");
      assert.equal(textOf(await alice.receive(await one(bob.encrypt("and back", alice)))), "and back");
    });

    it("writes to who has no one-time key left", skip(exceptions.oneTimeKeys ?? exceptions.asynchronous), async () => {
      const [alice, bob] = await pair();
      const carol = await Party.open(makeProtocol(), "carol");
      bob.exhaust();
      for (const [party, text] of [
        [alice, "from Alice"],
        [carol, "from Carol"],
      ] as const) {
        await party.start(bob);
        assert.deepEqual(await deliverAll(await party.encrypt(text, bob), [party, bob]), [text]);
      }
      await bob.publish();
      assert.ok(Object.values(bob.counts()).some((count) => count > 0));
    });

    it("publishes no key twice", skip(exceptions.oneTimeKeys), async () => {
      const bob = await Party.open(makeProtocol(), "bob");
      const claimed = new Set<string>();
      for (let round = 0; round < 3; round++) {
        for (let left = Math.max(...Object.values(bob.counts())); left > 0; left--) {
          for (const [name, { key, lastResort }] of Object.entries(bob.claim().sets)) {
            if (lastResort) continue;
            assert.ok(!claimed.has(`${name} ${key}`));
            claimed.add(`${name} ${key}`);
          }
        }
        await bob.publish();
      }
      assert.ok(claimed.size > 0);
    });

    it("publishes nothing while enough is there", async () => {
      const bob = await Party.open(makeProtocol(), "bob");
      const again = await bob.transact((state) => bob.device.publish(state, bob.counts()));
      assert.equal(again, undefined);
    });

    it("makes its repeated keys anew, and still opens what the old ones began", async () => {
      const [alice, bob] = await pair();
      const old = bob.claim();
      bob.take(await bob.transact((state) => bob.device.rotateKeys(state)));
      await deliverAll(await alice.start(bob, old), [alice, bob]);
      assert.deepEqual(await deliverAll(await alice.encrypt("by the old", bob), [alice, bob]), ["by the old"]);
      const carol = await Party.open(makeProtocol(), "carol");
      await deliverAll(await carol.start(bob), [carol, bob]);
      assert.deepEqual(await deliverAll(await carol.encrypt("by the new", bob), [carol, bob]), ["by the new"]);
    });

    it("finds together when both begin at once", skip(exceptions.asynchronous), async () => {
      const [alice, bob] = await pair();
      await alice.start(bob);
      await bob.start(alice);
      const fromAlice = await one(alice.encrypt("me first", bob));
      const fromBob = await one(bob.encrypt("no, me", alice));
      assert.equal(textOf(await bob.receive(fromAlice)), "me first");
      assert.equal(textOf(await alice.receive(fromBob)), "no, me");
      for (const text of ["after", "and after"]) {
        assert.equal(textOf(await bob.receive(await one(alice.encrypt(text, bob)))), text);
        assert.equal(textOf(await alice.receive(await one(bob.encrypt(text, alice)))), text);
      }
    });

    it("writes to several devices at once", async () => {
      const [alice, bob] = await talking();
      const tablet = await Party.open(makeProtocol(), bob.address.userId, "tablet");
      await deliverAll(await alice.start(tablet), [alice, tablet]);
      const sent = await alice.encrypt("to both", bob, tablet);
      assert.equal(sent.length, 2);
      assert.deepEqual(await deliverAll(sent, [bob, tablet]), ["to both", "to both"]);
    });

    it("forgets a peer", async () => {
      const [alice, bob] = await talking();
      await alice.transact((state) => alice.device.forget(state, bob.address));
      assert.equal(await alice.transact((state) => alice.device.hasSession(state, bob.address)), false);
      await assert.rejects(alice.encrypt("still there?", bob), MessagingError);
    });

    it("cannot open what an earlier state received", skip(exceptions.forwardSecrecy), async () => {
      const [alice, bob] = await talking();
      const message = await one(alice.encrypt("forgotten", bob));
      assert.equal(textOf(await bob.receive(message)), "forgotten");
      assert.equal(textOf(await alice.receive(await one(bob.encrypt("on", alice)))), "on");
      await bob.receive(await one(alice.encrypt("and on", bob)));
      // What somebody has who takes the state now: everything but the memory of what was received.
      await bob.restart();
      const { from, identityKey } = message;
      const stolen = await bob.transact((state) => bob.device.receive(state, from, message, identityKey));
      assert.notEqual(stolen.kind, "message");
    });
  });
}

/** Empty, cut at either end, or with one bit flipped at `n` of `positions`. */
function changeBytes(bytes: Uint8Array, n: number, positions: number): Uint8Array {
  if (n === -3) return new Uint8Array();
  if (n === -2) return bytes.slice(0, -1);
  if (n === -1) return bytes.slice(1);
  const changed = bytes.slice();
  changed[Math.floor((n * (bytes.length - 1)) / (positions - 1))]! ^= 1;
  return changed;
}

function flipped(base64: string): string {
  const bytes = Uint8Array.fromBase64(base64);
  bytes[bytes.length >> 1]! ^= 1;
  return base64OfBytes(bytes);
}

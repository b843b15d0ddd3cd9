import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError } from "@coffer/messaging";
import { checkKeyUpload } from "@coffer/messaging/prekeys";
import { Party, type Sent, textOf } from "@coffer/messaging/testing";
import { olm } from "@coffer/messaging-olm";

async function pair(): Promise<[Party, Party]> {
  const [alice, bob] = [await Party.open(olm(), "alice"), await Party.open(olm(), "bob")];
  await alice.start(bob);
  return [alice, bob];
}

async function say(from: Party, text: string, to: Party): Promise<Sent> {
  const [sent, ...more] = await from.encrypt(text, to);
  assert.ok(sent !== undefined && more.length === 0);
  return sent;
}

async function assertHeard(from: Party, text: string, to: Party): Promise<void> {
  assert.equal(textOf(await to.receive(await say(from, text, to))), text);
}

const isRefused = (error: unknown) => error instanceof MessagingError && error.code === "BundleRefused";

describe("olm: between two devices", () => {
  it("publishes keys that the relay's check takes", async () => {
    const bob = await Party.open(olm(), "bob");
    const uploads = [
      await bob.transact((state) => bob.device.publish(state, undefined)),
      await bob.transact((state) => bob.device.rotateKeys(state)),
    ];
    for (const upload of uploads) {
      assert.ok(upload?.sets["signed_curve25519"]?.lastResort !== undefined);
      checkKeyUpload("olm", upload.identityKey, upload);
    }
    assert.notEqual(
      uploads[0]?.sets["signed_curve25519"]?.lastResort?.key,
      uploads[1]?.sets["signed_curve25519"]?.lastResort?.key,
    );
  });

  it("publishes all of it again when it is asked to, with one-time keys that were not there", async () => {
    const bob = await Party.open(olm(), "bob");
    const [first, second] = [
      await bob.transact((state) => bob.device.publish(state, undefined)),
      await bob.transact((state) => bob.device.publish(state, undefined)),
    ].map((upload) => upload!.sets["signed_curve25519"]!);
    assert.deepEqual(second!.lastResort, first!.lastResort);
    const known = new Set(first!.oneTime.map(({ key }) => key));
    assert.ok(second!.oneTime.length > 0 && second!.oneTime.every(({ key }) => !known.has(key)));
  });

  it("opens a message after 40 that come later, and tells when more were skipped than are kept", async () => {
    const [alice, bob] = await pair();
    await assertHeard(alice, "begin", bob);
    const sent: Sent[] = [];
    for (let n = 0; n <= 40; n++) sent.push(await say(alice, `${n}`, bob));
    for (const n of [40, ...Array(40).keys()]) assert.equal(textOf(await bob.receive(sent[n]!)), `${n}`);
    const more: Sent[] = [];
    for (let n = 0; n <= 41; n++) more.push(await say(alice, `${n}`, bob));
    assert.equal(textOf(await bob.receive(more[41]!)), "41");
    assert.equal((await bob.receive(more[0]!)).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(more[1]!)), "1");
  });

  it("opens a message under its own id alone, and under that one afterwards", async () => {
    const [alice, bob] = await pair();
    await assertHeard(alice, "begin", bob);
    const message = await say(alice, "mine", bob);
    assert.equal((await bob.receive({ ...message, messageId: "another" })).kind, "undecryptable");
    assert.equal(textOf(await bob.receive(message)), "mine");
  });

  it("takes no bundle of another device, whatever its signatures", async () => {
    const [alice, bob] = await pair();
    const carol = await Party.open(olm(), "carol");
    await assert.rejects(alice.start(carol, bob.claim()), isRefused);
    const { details: _, ...without } = carol.claim();
    await assert.rejects(alice.start(carol, without), isRefused);
    await assert.rejects(alice.start(carol, { ...carol.claim(), sets: {} }), isRefused);
    await assert.rejects(alice.start(alice, alice.claim()), isRefused);
  });

  it("writes to a device that was set up anew, by its new keys alone", async () => {
    const [alice, bob] = await pair();
    await assertHeard(alice, "to the old one", bob);
    const anew = await Party.open(olm(), "bob");
    assert.notEqual(anew.device.identityKey, bob.device.identityKey);
    await alice.start(anew);
    const message = await say(alice, "to the new one", anew);
    assert.equal((await bob.receive(message)).kind, "undecryptable");
    assert.equal(textOf(await anew.receive(message)), "to the new one");
    await assertHeard(anew, "from the new one", alice);
    const old = await say(bob, "from the old one", alice);
    assert.equal((await alice.receive(old, anew.device.identityKey)).kind, "undecryptable");
  });

  it("lets a one-time key begin one session", async () => {
    const bob = await Party.open(olm(), "bob");
    const bundle = bob.claim();
    const [alice, carol] = [await Party.open(olm(), "alice"), await Party.open(olm(), "carol")];
    await alice.start(bob, bundle);
    await carol.start(bob, bundle);
    await assertHeard(alice, "first", bob);
    assert.equal((await bob.receive(await say(carol, "second", bob))).kind, "undecryptable");
    await carol.start(bob);
    await assertHeard(carol, "with a key of its own", bob);
  });

  it("keeps as many records however many messages came", async () => {
    const [alice, bob] = await pair();
    const records = () => bob.transact((state) => state.list("protocol/"));
    await assertHeard(alice, "begin", bob);
    await assertHeard(bob, "answer", alice);
    const before = await records();
    for (let n = 0; n < 20; n++) await assertHeard(alice, `${n}`, bob);
    assert.deepEqual(await records(), before);
    const message = await say(alice, "how much is written", bob);
    const written: string[] = [];
    await bob.transact((state) => {
      const put = (key: string, value: Uint8Array) => {
        written.push(key.split("/").slice(0, 4).join("/"));
        state.put(key, value);
      };
      return bob.device.receive({ ...state, put }, alice.address, message, alice.device.identityKey);
    });
    assert.deepEqual(written, ["protocol/olm/store/session"]);
  });

  it("opens no message twice though it keeps no list of them, and after a restart", async () => {
    const [alice, bob] = await pair();
    const first = await say(alice, "begins the session", bob);
    assert.equal(textOf(await bob.receive(first)), "begins the session");
    await assertHeard(bob, "answer", alice);
    const later = await say(alice, "goes on", bob);
    assert.equal(textOf(await bob.receive(later)), "goes on");
    for (let round = 0; round < 2; round++) {
      for (const message of [first, later]) assert.equal((await bob.receive(message)).kind, "undecryptable");
      await bob.restart();
    }
    bob.exhaust();
    const carol = await Party.open(olm(), "carol");
    await carol.start(bob);
    const byFallback = await say(carol, "by the key that is used again", bob);
    assert.equal(textOf(await bob.receive(byFallback)), "by the key that is used again");
    await bob.restart();
    assert.equal((await bob.receive(byFallback)).kind, "undecryptable");
  });

  it("leaves no IndexedDB behind for others to find", async () => {
    await pair();
    assert.equal("indexedDB" in globalThis, false);
  });
});

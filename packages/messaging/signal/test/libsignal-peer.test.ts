import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Received } from "@coffer/messaging";
import { Party, textOf } from "@coffer/messaging/testing";
import { type CiphertextMessage, CiphertextMessageType } from "@signalapp/libsignal-client";
import { contentTypes, signal } from "../src/index.ts";
import { BarePeer } from "./bare-peer.ts";

const typeOfKind = new Map([
  ["preKey", CiphertextMessageType.PreKey],
  ["message", CiphertextMessageType.Whisper],
]);
const message = (text: string) => new TextEncoder().encode(`${String.fromCharCode(contentTypes.message)}${text}`);

function receiveBare(party: Party, peer: BarePeer, sent: CiphertextMessage): Promise<Received> {
  const kind = [...typeOfKind].find(([, type]) => type === sent.type())![0];
  const received = { kind, body: sent.serialize(), messageId: "m" };
  return party.transact((state) => party.device.receive(state, peer.address, received, peer.identityKey));
}

async function sendTo(peer: BarePeer, party: Party, text: string): Promise<string> {
  const [sent] = await party.transact((state) =>
    party.device.encrypt(state, [peer.address], new TextEncoder().encode(text), "m"),
  );
  const opened = await peer.decrypt(party.address, typeOfKind.get(sent!.kind)!, sent!.body);
  assert.equal(opened[0], contentTypes.message);
  return new TextDecoder().decode(opened.subarray(1));
}

describe("signal: with libsignal's own interface as the other party", () => {
  for (const oneTimeKeys of [true, false]) {
    it(`is written to first, ${oneTimeKeys ? "with" : "without"} one-time keys`, async () => {
      const [alice, bare] = [await Party.open(signal({ oneTimeKeys: 2 }), "alice"), new BarePeer("bare")];
      if (!oneTimeKeys) alice.exhaust();
      await bare.start(alice.address, alice.claim());
      for (const text of ["first", "second"]) {
        assert.equal(textOf(await receiveBare(alice, bare, await bare.encrypt(alice.address, message(text)))), text);
      }
      for (const text of ["answer", "another"]) {
        assert.equal(await sendTo(bare, alice, text), text);
        const back = await bare.encrypt(alice.address, message(`to ${text}`));
        assert.equal(back.type(), CiphertextMessageType.Whisper);
        assert.equal(textOf(await receiveBare(alice, bare, back)), `to ${text}`);
      }
    });
  }

  it("writes first", async () => {
    const [alice, bare] = [await Party.open(signal({ oneTimeKeys: 2 }), "alice"), new BarePeer("bare")];
    const bundle = await bare.bundle();
    await alice.transact((state) => alice.device.initializeSession(state, bare.address, bundle));
    assert.equal(await sendTo(bare, alice, "first"), "first");
    const back = await bare.encrypt(alice.address, message("answer"));
    assert.equal(textOf(await receiveBare(alice, bare, back)), "answer");
    await alice.restart();
    assert.equal(await sendTo(bare, alice, "later"), "later");
  });

  it("opens a message from the address that sent it alone: addresses are bound to it", async () => {
    const [alice, bare] = [await Party.open(signal({ oneTimeKeys: 2 }), "alice"), new BarePeer("bare")];
    await bare.start(alice.address, alice.claim());
    const sent = await bare.encrypt(alice.address, message("mine"));
    const elsewhere = { kind: "preKey", body: sent.serialize(), messageId: "m" };
    const from = { userId: "bare", deviceId: "other" };
    const received = await alice.transact((state) => alice.device.receive(state, from, elsewhere, bare.identityKey));
    assert.equal(received.kind, "undecryptable");
    assert.equal(textOf(await receiveBare(alice, bare, sent)), "mine");
  });
});

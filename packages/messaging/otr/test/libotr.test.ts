import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Ciphertext } from "@coffer/messaging";
import { Party } from "@coffer/messaging/testing";
import type { OtrDevice } from "../src/index.ts";
import { LibotrPeer, missingLibotr, type PeerEvent } from "./libotr-peer.ts";
import { quickOtr } from "./quick-otr.ts";

const skip = missingLibotr() ?? false;
const address = { userId: "libotr", deviceId: "one" };

describe("otr: libotr as the other side", { skip }, () => {
  let peer: LibotrPeer;
  let identityKey: string;

  before(async () => {
    peer = new LibotrPeer();
    const [[, fingerprint]] = (await peer.events()) as [PeerEvent];
    identityKey = Uint8Array.fromHex(fingerprint).toBase64();
  });
  after(() => peer.close());

  /** Carries everything to and fro. @returns what both sides were shown */
  async function carry(
    party: Party,
    fromPeer: readonly PeerEvent[],
    ...toPeer: readonly Ciphertext[]
  ): Promise<string[]> {
    const shown: string[] = [];
    const events = [...fromPeer];
    const waiting = [...toPeer];
    for (;;) {
      const [event, message] = [events.shift(), waiting.shift()];
      if (event === undefined && message === undefined) return shown;
      if (message !== undefined) events.push(...(await peer.run(`receive ${new TextDecoder().decode(message.body)}`)));
      if (event === undefined) continue;
      const [what, value] = event;
      if (what !== "out") {
        shown.push(`${what} ${value}`);
        continue;
      }
      const received = await take(party, value);
      if (received.kind === "control") waiting.push(...received.replies);
      else if (received.kind === "message") shown.push(`here ${new TextDecoder().decode(received.plaintext)}`);
      else shown.push(received.kind);
    }
  }

  function take(party: Party, text: string) {
    const isData = text.startsWith("?OTR:AAMD");
    const message = { kind: isData ? "message" : "handshake", body: new TextEncoder().encode(text), messageId: "m" };
    return party.transact((state) => party.device.receive(state, address, message, identityKey));
  }

  async function encrypt(party: Party, text: string): Promise<Ciphertext> {
    const octets = new TextEncoder().encode(text);
    const [message] = await party.transact((state) => party.device.encrypt(state, [address], octets, "m"));
    return message!;
  }

  async function talking(): Promise<Party> {
    const party = await Party.open(quickOtr(), "coffer");
    const shown = await carry(party, await peer.run("start"));
    assert.deepEqual(shown, [`secure ${Uint8Array.fromBase64(party.device.identityKey).toHex()}`]);
    assert.equal(await party.transact((state) => party.device.hasSession(state, address)), true);
    return party;
  }

  it("begins a conversation, and messages go both ways", async () => {
    const party = await talking();
    for (const text of ["hello", "caf\u00e9 \u{1f511}", "x".repeat(20_000)]) {
      assert.deepEqual(await carry(party, [], await encrypt(party, text)), [`text ${text}`]);
      assert.deepEqual(await carry(party, await peer.run(`send ${text}`)), [`here ${text}`]);
    }
  });

  it("finds the key that a conversation was begun with, each time", async () => {
    for (let n = 0; n < 6; n++) await talking();
  });

  it("compares a secret, whoever asks", async () => {
    const party = await talking();
    const device = party.device as OtrDevice;
    for (const [mine, result] of [
      ["the blue door", "same"],
      ["the red door", "different"],
    ] as const) {
      assert.deepEqual(await carry(party, [], ...(await device.compareSecrets(address, mine))), ["smp asked"]);
      assert.deepEqual(await carry(party, await peer.run("answer the blue door")), [`smp ${result}`]);
      assert.equal(device.comparisonWith(address).state, result);
      await carry(party, await peer.run("ask the blue door"));
      assert.equal(device.comparisonWith(address).state, "asked");
      assert.deepEqual(await carry(party, [], ...(await device.compareSecrets(address, mine))), [`smp ${result}`]);
      assert.equal(device.comparisonWith(address).state, result);
    }
  });

  it("opens a message once", async () => {
    const party = await talking();
    const events = await peer.run("send once");
    assert.deepEqual(await carry(party, events), ["here once"]);
    assert.deepEqual(await carry(party, events), ["undecryptable"]);
    const message = await encrypt(party, "once");
    assert.deepEqual(await carry(party, [], message), ["text once"]);
    assert.ok(!(await carry(party, [], message)).includes("text once"));
  });

  it("is no peer when its fingerprint is another one than the device list's", async () => {
    const party = await Party.open(quickOtr(), "coffer");
    const listed = identityKey;
    identityKey = party.device.identityKey;
    try {
      assert.ok((await carry(party, await peer.run("start"))).includes("undecryptable"));
      assert.equal(await party.transact((state) => party.device.hasSession(state, address)), false);
    } finally {
      identityKey = listed;
    }
  });
});

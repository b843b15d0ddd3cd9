import { Party } from "@coffer/messaging/testing";
import { CiphertextMessageType } from "@signalapp/libsignal-client";
import { signal } from "../src/index.ts";
import { BarePeer } from "../test/bare-peer.ts";

/*
 * Messages back and forth, by this package within transactions of a memory vault, beside libsignal alone with records in
 * maps. Both keep each record serialized, as whoever stores it must. Rounds alternate; the ratio is of the medians.
 */
const rounds = 15;
const messagesARound = 200;
const octets = new Uint8Array(160).fill(7);

async function adapted(): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(signal({ oneTimeKeys: 1 }), "alice"), await Party.open(signal(), "bob")];
  await alice.start(bob);
  const send = async (from: Party, to: Party) => {
    const [message] = await from.transact((state) => from.device.encrypt(state, [to.address], octets, "m"));
    const received = { ...message!, messageId: "m" };
    await to.transact((state) => to.device.receive(state, from.address, received, from.device.identityKey));
  };
  return async () => {
    await send(alice, bob);
    await send(bob, alice);
  };
}

async function bare(): Promise<() => Promise<void>> {
  const [alice, bob] = [new BarePeer("alice"), new BarePeer("bob")];
  await alice.start(bob.address, await bob.bundle());
  const send = async (from: BarePeer, to: BarePeer) => {
    const message = await from.encrypt(to.address, octets);
    const opened = await to.decrypt(from.address, message.type(), message.serialize());
    if (opened.length !== octets.length) throw new Error(`${CiphertextMessageType[message.type()]} did not open`);
  };
  return async () => {
    await send(alice, bob);
    await send(bob, alice);
  };
}

async function measure(run: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  for (let n = 0; n < messagesARound; n += 2) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / messagesARound;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const [withAdapter, without] = [await adapted(), await bare()];
const times = { adapter: [] as number[], library: [] as number[] };
for (let round = 0; round < rounds; round++) {
  times.library.push(await measure(without));
  times.adapter.push(await measure(withAdapter));
}
const [adapter, library] = [median(times.adapter), median(times.library)];
console.log(`libsignal alone:  ${library.toFixed(0)} us of CPU a message, encrypted and decrypted`);
console.log(`with the adapter: ${adapter.toFixed(0)} us, ${((adapter / library - 1) * 100).toFixed(1)}% more`);

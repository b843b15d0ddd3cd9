import { Party } from "@coffer/messaging/testing";
import {
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  defaultLifetime,
  emptyPskIndex,
  encodeGroupState,
  encodeMlsMessage,
  generateKeyPackage,
  joinGroup,
  processPrivateMessage,
} from "ts-mls";
import { mls } from "../src/index.ts";
import { loadSuite } from "../src/suites.ts";

/*
 * Messages back and forth between two, by this package within transactions of a memory vault, beside ts-mls alone, which also
 * encodes its state after each step, as whoever keeps it must. Rounds alternate; the ratio is of the medians.
 */
const rounds = 15;
const messagesARound = 100;
const octets = new Uint8Array(160).fill(7);

async function adapted(): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(mls(), "alice"), await Party.open(mls(), "bob")];
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
  const suite = await loadSuite();
  const keys = (name: string) =>
    generateKeyPackage(
      { credentialType: "basic", identity: new TextEncoder().encode(name) },
      defaultCapabilities(),
      defaultLifetime,
      [],
      suite,
    );
  const [a, b] = [await keys("alice"), await keys("bob")];
  const alone = await createGroup(new Uint8Array(36), a.publicPackage, a.privatePackage, [], suite);
  const add = { proposalType: "add", add: { keyPackage: b.publicPackage } } as const;
  const added = await createCommit({ state: alone, cipherSuite: suite }, { extraProposals: [add] });
  const { ratchetTree } = added.newState;
  let alice: ClientState = added.newState;
  let bob = await joinGroup(added.welcome!, b.publicPackage, b.privatePackage, emptyPskIndex, suite, ratchetTree);
  const send = async (from: ClientState, to: ClientState): Promise<[ClientState, ClientState]> => {
    const { newState, privateMessage } = await createApplicationMessage(from, octets, suite);
    const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage });
    encodeGroupState(newState);
    const decoded = decodeMlsMessage(message, 0)?.[0];
    if (decoded?.wireformat !== "mls_private_message") throw new Error("no message");
    const opened = await processPrivateMessage(to, decoded.privateMessage, emptyPskIndex, suite);
    if (opened.kind !== "applicationMessage") throw new Error("it did not open");
    encodeGroupState(opened.newState);
    return [newState, opened.newState];
  };
  return async () => {
    [alice, bob] = await send(alice, bob);
    [bob, alice] = await send(bob, alice);
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
console.log(`ts-mls alone:     ${library.toFixed(0)} us of CPU a message, encrypted and decrypted`);
console.log(`with the adapter: ${adapter.toFixed(0)} us, ${((adapter / library - 1) * 100).toFixed(1)}% more`);

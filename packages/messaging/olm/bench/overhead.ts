import { GroupRelay, Party } from "@coffer/messaging/testing";
import {
  CollectStrategy,
  DecryptionSettings,
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  OlmMachine,
  RequestType,
  RoomId,
  StoreHandle,
  TrustRequirement,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { IDBFactory } from "fake-indexeddb";
import { olm } from "../src/index.ts";
import { lendIndexedDb } from "../src/lend-indexed-db.ts";

/*
 * Messages back and forth, by this package within transactions of a memory vault, beside Matrix's library alone, on an
 * IndexedDB in memory (what it writes could be kept) and in its own memory (what it writes is lost). Rounds alternate; the
 * ratio is of the medians.
 */
const rounds = 9;
const messagesARound = 200;
const octets = new Uint8Array(160).fill(7);

async function adapted(): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(olm(), "alice"), await Party.open(olm(), "bob")];
  await alice.start(bob);
  const send = async (from: Party, to: Party) => {
    const [message] = await from.encrypt("7".repeat(octets.length), to);
    if ((await to.receive(message!)).kind !== "message") throw new Error("it did not open");
  };
  return async () => {
    await send(alice, bob);
    await send(bob, alice);
  };
}

interface Bare {
  readonly user: string;
  readonly machine: OlmMachine;
  readonly upload: { readonly device_keys: object; readonly one_time_keys: Record<string, object> };
}

async function openBare(user: string, isKept: boolean): Promise<Bare> {
  const open = async () =>
    OlmMachine.initFromStore(
      new UserId(user),
      new DeviceId("D"),
      await StoreHandle.open(isKept ? "bench" : undefined, undefined),
    );
  const machine = await (isKept ? lendIndexedDb(new IDBFactory(), open) : open());
  const request = (await machine.outgoingRequests()).find(({ type }) => type === RequestType.KeysUpload);
  const upload = JSON.parse(request!.body) as Bare["upload"];
  const counts = JSON.stringify({ one_time_key_counts: { signed_curve25519: 50 } });
  await machine.markRequestAsSent(request!.id!, RequestType.KeysUpload, counts);
  return { user, machine, upload };
}

async function barePair(isKept: boolean): Promise<[Bare, Bare]> {
  const [alice, bob] = [await openBare("@alice:bench", isKept), await openBare("@bob:bench", isKept)];
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const { id } = one.machine.queryKeysForUsers([new UserId(other.user)]);
    const devices = { [other.user]: { D: other.upload.device_keys } };
    await one.machine.markRequestAsSent(id, RequestType.KeysQuery, JSON.stringify({ device_keys: devices }));
  }
  const [[name, key]] = Object.entries(bob.upload.one_time_keys) as [[string, object]];
  const claimed = { one_time_keys: { [bob.user]: { D: { [name]: key } } }, failures: {} };
  await alice.machine.markRequestAsSent("claim", RequestType.KeysClaim, JSON.stringify(claimed));
  return [alice, bob];
}

async function bare(isKept: boolean): Promise<() => Promise<void>> {
  const [alice, bob] = await barePair(isKept);
  const send = async (from: Bare, to: Bare) => {
    const device = await from.machine.getDevice(new UserId(to.user), new DeviceId("D"));
    const body = { messageId: "m", body: octets.toBase64() };
    const content = await device!.encryptToDeviceEvent("bench", body, CollectStrategy.allDevices());
    const event = { type: "m.room.encrypted", sender: from.user, content: JSON.parse(content) as unknown };
    const [opened] = await to.machine.receiveSyncChanges(
      JSON.stringify([event]),
      new DeviceLists(),
      new Map(),
      undefined,
      new DecryptionSettings(TrustRequirement.Untrusted),
    );
    if (opened?.type !== 0) throw new Error("it did not open");
  };
  return async () => {
    await send(alice, bob);
    await send(bob, alice);
  };
}

const group = "bench";

async function adaptedGroup(): Promise<() => Promise<void>> {
  const [alice, bob] = [await Party.open(olm(), "alice"), await Party.open(olm(), "bob")];
  const relay = new GroupRelay(alice, bob);
  await alice.start(bob);
  const groups = alice.device.groups!;
  const add = [{ address: bob.address, bundle: bob.claim() }];
  await alice.transact((state) => groups.create(state, group));
  const { welcomes } = await alice.transact((state) => groups.propose(state, group, { add, remove: [] }));
  await alice.transact((state) => groups.settle(state, group, true));
  for (const welcome of welcomes) await relay.at("bob").receive(alice.sent(welcome, group));
  const { address: from } = alice;
  const { identityKey } = alice.device;
  return async () => {
    const messageId = alice.nextMessageId();
    const sent = await alice.transact((state) => groups.encrypt(state, group, octets, messageId));
    for (const key of sent.before) await bob.receive(alice.sent(key, group));
    const { kind, body } = sent;
    const message = { kind, body, messageId, groupId: group, from, to: bob.address, identityKey };
    if ((await bob.receive(message)).kind !== "message") throw new Error("it did not open");
  };
}

async function bareGroup(): Promise<() => Promise<void>> {
  const [alice, bob] = await barePair(true);
  const room = () => new RoomId("!bench:bench");
  const decryption = () => new DecryptionSettings(TrustRequirement.Untrusted);
  return async () => {
    const settings = new EncryptionSettings();
    settings.sharingStrategy = CollectStrategy.allDevices();
    for (const share of await alice.machine.shareRoomKey(room(), [new UserId(bob.user)], settings)) {
      const { messages } = JSON.parse(share.body) as { messages: Record<string, { D: object }> };
      const event = { type: "m.room.encrypted", sender: alice.user, content: messages[bob.user]!.D };
      const [lists, counts] = [new DeviceLists(), new Map<string, number>()];
      await bob.machine.receiveSyncChanges(JSON.stringify([event]), lists, counts, undefined, decryption());
      await alice.machine.markRequestAsSent(share.id, RequestType.ToDevice, "{}");
    }
    const text = JSON.stringify({ messageId: "m", body: octets.toBase64() });
    const content = JSON.parse(await alice.machine.encryptRoomEvent(room(), "bench", text)) as unknown;
    const event = { type: "m.room.encrypted", event_id: "$m", sender: alice.user, origin_server_ts: 0, content };
    await bob.machine.decryptRoomEvent(JSON.stringify(event), room(), decryption());
  };
}

/** Microseconds of CPU a message. */
async function measure(run: () => Promise<void>, messagesARun: number): Promise<number> {
  const start = process.cpuUsage();
  for (let n = 0; n < messagesARound; n += messagesARun) await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / messagesARound;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function compare(contenders: readonly (() => Promise<void>)[], messagesARun: number): Promise<number[]> {
  const times: number[][] = contenders.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [n, run] of contenders.entries()) {
      const time = await measure(run, messagesARun);
      // The first round is for the compiler.
      if (round > 0) times[n]!.push(time);
    }
  }
  return times.map(median);
}

const more = (adapter: number, library: number) => `${((adapter / library - 1) * 100).toFixed(1)}% more`;
const [one, kept, lost] = (await compare([await adapted(), await bare(true), await bare(false)], 2)) as [
  number,
  number,
  number,
];
console.log(`Olm, us of CPU for a message, encrypted and decrypted, as are all here`);
console.log(`  library alone, in its memory:   ${lost.toFixed(0)}`);
console.log(`  library alone, on an IndexedDB: ${kept.toFixed(0)}`);
console.log(`  with the adapter, in a vault:   ${one.toFixed(0)}, ${more(one, kept)}`);
const [all, room] = (await compare([await adaptedGroup(), await bareGroup()], 1)) as [number, number];
console.log(`Megolm, two members`);
console.log(`  library alone, on an IndexedDB: ${room.toFixed(0)}`);
console.log(`  with the adapter, in a vault:   ${all.toFixed(0)}, ${more(all, room)}`);

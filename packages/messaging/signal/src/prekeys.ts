import {
  base64OfBytes,
  type KeyCounts,
  type KeyUpload,
  type PublicPreKey,
  type StateTransaction,
} from "@coffer/messaging";
import {
  KEMKeyPair,
  KyberPreKeyRecord,
  PreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
  type SignedPublicPreKey,
} from "@signalapp/libsignal-client";
import { type OwnDevice, takeKeyIds } from "./own-device.ts";
import { idOfKey, stateKeys } from "./state-keys.ts";

/** Fewer than these one-time keys of a set at the directory, and more are made. Signal's own number. */
export const lowOneTimeKeys = 10;
/** The most private one-time keys of a set that are kept: beyond, those that were made first go. */
export const maxKeptOneTimeKeys = 1000;
/** How long a repeated-use key still opens what was begun by it after another took its place: 30 days, as Signal's. */
export const keptMs = 30 * 24 * 60 * 60 * 1000;
/** The most repeated-use keys of a set that are kept, the current one among them. */
export const maxKeptRepeatedKeys = 100;

/** Sets of keys, by the names that Signal gives them. */
type SetName = "preKey" | "signedPreKey" | "kyberPreKey";

/** Publishes all when `counts` is undefined, else one-time keys of the sets that run low. */
export async function publishKeys(
  own: OwnDevice,
  state: StateTransaction,
  counts: KeyCounts | undefined,
  oneTimeKeys: number,
): Promise<KeyUpload | undefined> {
  const missing = (set: SetName) => {
    const left = counts?.[set] ?? 0;
    return left < Math.min(lowOneTimeKeys, oneTimeKeys) ? oneTimeKeys - left : 0;
  };
  const [preKeys, kyberPreKeys] = [missing("preKey"), missing("kyberPreKey")];
  if (counts !== undefined && preKeys === 0 && kyberPreKeys === 0) return undefined;
  const oneTime = {
    preKey: { oneTime: await makePreKeys(state, preKeys) },
    kyberPreKey: { oneTime: await makeKyberPreKeys(own, state, kyberPreKeys) },
  };
  if (counts !== undefined) return upload(own, oneTime);
  const current = await currentRepeatedKeys(own, state);
  return upload(own, {
    ...oneTime,
    signedPreKey: { lastResort: current.signedPreKey, oneTime: [] },
    kyberPreKey: { lastResort: current.kyberPreKey, ...oneTime.kyberPreKey },
  });
}

/** Makes the signed prekey and the last-resort Kyber prekey anew; those that were replaced 30 days ago go. */
export async function rotateRepeatedKeys(own: OwnDevice, state: StateTransaction): Promise<KeyUpload> {
  const signedPreKey = await makeSignedPreKey(own, state);
  const kyberPreKey = await makeLastResort(own, state);
  await dropOldKeys(own, state);
  return upload(own, {
    signedPreKey: { lastResort: signedPreKey, oneTime: [] },
    kyberPreKey: { lastResort: kyberPreKey, oneTime: [] },
  });
}

function upload(own: OwnDevice, sets: KeyUpload["sets"]): KeyUpload {
  return { identityKey: own.identityKey, details: JSON.stringify({ registrationId: own.registrationId }), sets };
}

async function makePreKeys(state: StateTransaction, count: number): Promise<PublicPreKey[]> {
  const keys = (await takeKeyIds(state, count)).map((id) => {
    const privateKey = PrivateKey.generate();
    const publicKey = privateKey.getPublicKey();
    state.put(stateKeys.preKey.of(id), PreKeyRecord.new(id, publicKey, privateKey).serialize());
    return { keyId: String(id), key: base64OfBytes(publicKey.serialize()) };
  });
  await dropFirst(state, stateKeys.preKey.prefix);
  return keys;
}

async function makeKyberPreKeys(own: OwnDevice, state: StateTransaction, count: number): Promise<PublicPreKey[]> {
  const keys = (await takeKeyIds(state, count)).map((id) => {
    const record = makeKyberRecord(own, id);
    state.put(stateKeys.kyberPreKey.of(id), record.serialize());
    return publicKyberPreKey(record);
  });
  await dropFirst(state, stateKeys.kyberPreKey.prefix);
  return keys;
}

async function dropFirst(state: StateTransaction, prefix: string): Promise<void> {
  const keys = await state.list(prefix);
  for (const key of keys.slice(0, Math.max(0, keys.length - maxKeptOneTimeKeys))) state.delete(key);
}

async function makeSignedPreKey(own: OwnDevice, state: StateTransaction): Promise<PublicPreKey> {
  const [id] = (await takeKeyIds(state, 1)) as [number];
  const privateKey = PrivateKey.generate();
  const publicKey = privateKey.getPublicKey();
  const signature = own.identity.privateKey.sign(publicKey.serialize());
  const record = SignedPreKeyRecord.new(id, own.nowMs(), publicKey, privateKey, signature);
  state.put(stateKeys.signedPreKey.of(id), record.serialize());
  return publicSignedPreKey(record);
}

async function makeLastResort(own: OwnDevice, state: StateTransaction): Promise<PublicPreKey> {
  const [id] = (await takeKeyIds(state, 1)) as [number];
  const record = makeKyberRecord(own, id);
  state.put(stateKeys.kyberLastResort.of(id), record.serialize());
  return publicKyberPreKey(record);
}

function makeKyberRecord(own: OwnDevice, id: number): KyberPreKeyRecord {
  const keyPair = KEMKeyPair.generate();
  const signature = own.identity.privateKey.sign(keyPair.getPublicKey().serialize());
  return KyberPreKeyRecord.new(id, own.nowMs(), keyPair, signature);
}

async function currentRepeatedKeys(own: OwnDevice, state: StateTransaction) {
  const signed = (await readSignedPreKeys(state)).at(-1);
  const kyber = (await readLastResorts(state)).at(-1);
  return {
    signedPreKey: signed ? publicSignedPreKey(signed) : await makeSignedPreKey(own, state),
    kyberPreKey: kyber ? publicKyberPreKey(kyber) : await makeLastResort(own, state),
  };
}

function publicSignedPreKey(record: SignedPublicPreKey): PublicPreKey {
  return {
    keyId: String(record.id()),
    key: base64OfBytes(record.publicKey().serialize()),
    signature: base64OfBytes(record.signature()),
  };
}

function publicKyberPreKey(record: KyberPreKeyRecord): PublicPreKey {
  return {
    keyId: String(record.id()),
    key: base64OfBytes(record.publicKey().serialize()),
    signature: base64OfBytes(record.signature()),
  };
}

async function readSignedPreKeys(state: StateTransaction): Promise<SignedPreKeyRecord[]> {
  return readRecords(state, stateKeys.signedPreKey.prefix, (bytes) => SignedPreKeyRecord.deserialize(bytes));
}

async function readLastResorts(state: StateTransaction): Promise<KyberPreKeyRecord[]> {
  return readRecords(state, stateKeys.kyberLastResort.prefix, (bytes) => KyberPreKeyRecord.deserialize(bytes));
}

async function readRecords<T>(
  state: StateTransaction,
  prefix: string,
  deserialize: (bytes: Uint8Array<ArrayBuffer>) => T,
): Promise<T[]> {
  const records: T[] = [];
  for (const key of await state.list(prefix)) {
    const bytes = await state.get(key);
    if (bytes !== undefined) records.push(deserialize(new Uint8Array(bytes)));
  }
  return records;
}

async function dropOldKeys(own: OwnDevice, state: StateTransaction): Promise<void> {
  for (const key of oldKeys(own, await readSignedPreKeys(state))) state.delete(stateKeys.signedPreKey.of(key));
  for (const key of oldKeys(own, await readLastResorts(state))) {
    state.delete(stateKeys.kyberLastResort.of(key));
    for (const use of await state.list(stateKeys.kyberUses(key))) state.delete(use);
  }
}

/** Of keys in the order in which they were made, those whose successor is older than what is kept. */
function oldKeys(own: OwnDevice, records: readonly { id(): number; timestamp(): number }[]): number[] {
  const kept = own.nowMs() - keptMs;
  return records
    .filter((_, n) => {
      const successor = records[n + 1];
      return successor !== undefined && (successor.timestamp() <= kept || records.length - n > maxKeptRepeatedKeys);
    })
    .map((record) => record.id());
}

/** The number that a key's id is: what libsignal numbers keys by. */
export function numberOfKeyId(keyId: string): number | undefined {
  return /^(?:0|[1-9][0-9]{0,9})$/.test(keyId) ? idOfKey(keyId) : undefined;
}

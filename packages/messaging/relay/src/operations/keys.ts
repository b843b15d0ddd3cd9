import { createHash } from "node:crypto";
import {
  type KeyCounts,
  type KeySetUpload,
  type KeyUpload,
  MessagingError,
  type PublicPreKey,
} from "@coffer/messaging";
import { checkKeyUpload } from "@coffer/messaging/prekeys";
import { type Caller, type OperationAnswer, type OperationInput, ok, type RelayContext } from "../context.ts";
import { checkCurrent } from "../current-device.ts";
import type { RelayLimits } from "../limits.ts";
import { RelayRefusal } from "../problem.ts";
import { arrayOf, base64Of, invalid, readBody, recordOf, textOf } from "../read-json.ts";

const setNamePattern = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;
const keyIdPattern = /^[A-Za-z0-9._=+/-]{1,64}$/;

/** `PUT /v1/keys`: adds one-time keys, and replaces details and last-resort keys. */
export async function putKeys(context: RelayContext, { body, caller }: OperationInput): Promise<OperationAnswer> {
  const { database, directory, cipher, limits, rates } = context;
  const { userId, deviceId, device, protocol } = caller!;
  const upload = readUpload(readBody(body), limits);
  // Each may cost a signature's check.
  const keys = Object.values(upload.sets).map(({ oneTime }) => 1 + oneTime.length);
  rates.take(
    `keys of ${device.toString("hex")}`,
    limits.keysPerMinute,
    keys.reduce((sum, count) => sum + count, 0),
  );
  const entry = directory.findDevice(userId, deviceId);
  if (entry === undefined || entry.identityKey !== upload.identityKey) {
    throw new RelayRefusal("BundleRefused", "The identity key is not the one that the device list names.");
  }
  try {
    checkKeyUpload(entry.protocol, entry.identityKey, upload, { userId, deviceId });
  } catch (cause) {
    if (!(cause instanceof MessagingError)) throw cause;
    throw new RelayRefusal("BundleRefused", cause.message);
  }
  await database.write(() => {
    checkCurrent(context, caller!);
    if (upload.details !== undefined) {
      const sealed = cipher.seal(detailsPlace(device), Buffer.from(upload.details));
      database.run("update devices set details = ? where device = ?", sealed, device);
    }
    for (const [name, set] of Object.entries(upload.sets)) storeSet(context, device, name, set);
    const sets = database.get<{ count: number }>("select count(*) as count from key_sets where device = ?", device)!;
    if (sets.count > limits.keySets) throw invalid(`A device has at most ${limits.keySets} sets of keys.`);
  });
  return ok({ counts: countKeys(context, device), protocol });
}

function readUpload(request: Readonly<Record<string, unknown>>, limits: RelayLimits): KeyUpload {
  const { identityKey, details, sets } = request;
  const entries = Object.entries(recordOf(sets, "sets"));
  if (entries.length > limits.keySets) throw invalid(`sets must have at most ${limits.keySets} members.`);
  return {
    identityKey: base64Of(identityKey, "identityKey", limits.keyCharacters),
    ...(details === undefined ? {} : { details: textOf(details, "details", limits.detailsCharacters) }),
    sets: Object.fromEntries(
      entries.map(([name, set]) => [textOf(name, "a set's name", 32, setNamePattern), readSet(set, limits)]),
    ),
  };
}

function readSet(value: unknown, limits: RelayLimits): KeySetUpload {
  const { lastResort, oneTime } = recordOf(value, "a set");
  return {
    ...(lastResort === undefined ? {} : { lastResort: readKey(lastResort, limits) }),
    oneTime: arrayOf(oneTime ?? [], "oneTime", limits.keysPerRequest).map((key) => readKey(key, limits)),
  };
}

function readKey(value: unknown, limits: RelayLimits): PublicPreKey {
  const { keyId, key, signature } = recordOf(value, "a key");
  return {
    keyId: textOf(keyId, "keyId", 64, keyIdPattern),
    key: base64Of(key, "key", limits.keyCharacters),
    ...(signature === undefined ? {} : { signature: base64Of(signature, "signature", limits.keyCharacters) }),
  };
}

function storeSet({ database, cipher, limits }: RelayContext, device: Buffer, name: string, set: KeySetUpload): void {
  const nameKey = cipher.lookup("set", name);
  const place = setPlace(device, nameKey);
  database.run(
    "insert into key_sets (device, name, sealed_name) values (?, ?, ?) on conflict do nothing",
    device,
    nameKey,
    cipher.seal(`${place}/name`, Buffer.from(name)),
  );
  if (set.lastResort !== undefined) {
    const sealed = cipher.seal(`${place}/last`, Buffer.from(JSON.stringify(set.lastResort)));
    database.run("update key_sets set last_resort = ? where device = ? and name = ?", sealed, device, nameKey);
  }
  for (const key of set.oneTime) {
    // What was given out stays without its content, so that the same key cannot come, and go out, again.
    const keyKey = cipher.lookup("key", key.key);
    database.run(
      "insert into one_time_keys (device, name, key, sealed) values (?, ?, ?, ?) on conflict do nothing",
      device,
      nameKey,
      keyKey,
      cipher.seal(`${place}/${keyKey.toString("hex")}`, Buffer.from(JSON.stringify(key))),
    );
  }
  const { count } = countLeft(database, device, nameKey);
  if (count > limits.storedKeys) throw invalid(`A set has at most ${limits.storedKeys} one-time keys.`);
}

function countLeft(database: RelayContext["database"], device: Buffer, name: Uint8Array): { count: number } {
  return database.get<{ count: number }>(
    "select count(*) as count from one_time_keys where device = ? and name = ? and sealed is not null",
    device,
    name,
  )!;
}

interface SetRow {
  readonly name: Uint8Array;
  readonly sealed_name: Uint8Array;
  readonly last_resort: Uint8Array | null;
}

/** A set of keys as it is stored. */
export interface StoredSet {
  readonly name: string;
  readonly nameKey: Uint8Array;
  readonly lastResort: PublicPreKey | undefined;
}

/** The sets of a device. */
export function readSets({ database, cipher }: RelayContext, device: Buffer): StoredSet[] {
  return database
    .all<SetRow>("select name, sealed_name, last_resort from key_sets where device = ?", device)
    .map(({ name, sealed_name, last_resort }) => {
      const place = setPlace(device, name);
      return {
        name: cipher.open(`${place}/name`, sealed_name).toString(),
        nameKey: name,
        lastResort:
          last_resort === null
            ? undefined
            : (JSON.parse(cipher.open(`${place}/last`, last_resort).toString()) as PublicPreKey),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** How many one-time keys of each set were not given out. */
export function countKeys(context: RelayContext, device: Buffer): KeyCounts {
  return Object.fromEntries(
    readSets(context, device).map(({ name, nameKey }) => [name, countLeft(context.database, device, nameKey).count]),
  );
}

/** `GET /v1/keys`. */
export async function getKeyCounts(context: RelayContext, { caller }: OperationInput): Promise<OperationAnswer> {
  return ok({ counts: countKeys(context, caller!.device) });
}

/**
 * `POST /v1/keys/check`: whether the repeated-use keys here are the ones that the device has. The digest is base64 of
 * SHA-256 over lines of set, key id and key, sorted by set, each ended by a line feed. As Signal's `POST /v2/keys/check`.
 */
export async function checkKeys(context: RelayContext, { body, caller }: OperationInput): Promise<OperationAnswer> {
  const digest = base64Of(readBody(body)["digest"], "digest", 44);
  const lines = readSets(context, caller!.device).flatMap(({ name, lastResort }) =>
    lastResort === undefined ? [] : [`${name} ${lastResort.keyId} ${lastResort.key}\n`],
  );
  const own = createHash("sha256").update(lines.join("")).digest("base64");
  if (own === digest) return { status: 204, json: undefined };
  throw new RelayRefusal("KeysDiffer", "The repeated-use keys here are others: publish them anew.");
}

/** Where keys of a set are sealed for. */
export function setPlace(device: Buffer, name: Uint8Array): string {
  return `keys/${device.toString("hex")}/${Buffer.from(name).toString("hex")}`;
}

/** Where a device's details are sealed for. */
export function detailsPlace(device: Buffer): string {
  return `details/${device.toString("hex")}`;
}

/** Takes a one-time key out, so that it is given once; only within a write. */
export function takeOneTimeKey(
  { database, cipher }: RelayContext,
  { device }: Pick<Caller, "device">,
  nameKey: Uint8Array,
): PublicPreKey | undefined {
  const row = database.get<{ id: number; key: Uint8Array; sealed: Uint8Array }>(
    "select id, key, sealed from one_time_keys where device = ? and name = ? and sealed is not null order by id limit 1",
    device,
    nameKey,
  );
  if (row === undefined) return undefined;
  database.run("update one_time_keys set sealed = null where id = ?", row.id);
  const place = `${setPlace(device, nameKey)}/${Buffer.from(row.key).toString("hex")}`;
  return JSON.parse(cipher.open(place, row.sealed).toString()) as PublicPreKey;
}

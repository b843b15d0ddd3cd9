import {
  configureKey,
  createKey,
  listNamedKeys,
  type RotationSettings,
  readKey,
  rotateKeyOnDemand,
  ServiceError,
  scheduleKeyDeletion,
  type TransitAttributes,
  transitUsage,
} from "@coffer/service";
import { decodeBase64 } from "../http/base64.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import { formatKey } from "./key-format.ts";
import { aliasPrefix, type NamedKey, namedKey } from "./key-name.ts";
import { isMissing, keyProblem, pendingProblem } from "./key-problems.ts";
import { readNewKey } from "./key-type.ts";

const minRotatePeriodSeconds = 3600;

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** `auto_rotate_period` in milliseconds; 0 switches rotation off. */
export function readRotatePeriodMs(call: VaultCall): number | undefined {
  const seconds = call.fields.seconds("auto_rotate_period");
  if (seconds === undefined) return undefined;
  if (seconds !== 0 && seconds < minRotatePeriodSeconds) {
    refuse("auto rotate period must be 0 to disable or at least an hour");
  }
  return seconds * 1000;
}

/** Automatic rotation of a new key; undefined for a period of zero. */
export function rotationOf({ core }: VaultCall, periodMs: number): RotationSettings | undefined {
  return periodMs === 0 ? undefined : { enabled: true, periodMs, nextAtMs: core.clock.nowMs() + periodMs };
}

/** Attributes that Transit lets be set but never unset: `false` is ignored. */
export function readOnceSet(call: VaultCall): Partial<TransitAttributes> {
  return {
    ...(call.fields.boolean("exportable") === true ? { exportable: true } : {}),
    ...(call.fields.boolean("allow_plaintext_backup") === true ? { allowPlaintextBackup: true } : {}),
  };
}

/** @throws ServiceError InvalidInput */
function readContext(text: string): Buffer | undefined {
  if (text === "") return undefined;
  const decoded = decodeBase64(text);
  return decoded.ok ? decoded.bytes : refuse("failed to base64-decode context");
}

async function read(call: VaultCall, key: NamedKey, warnings: readonly string[] = []): Promise<VaultResult> {
  const context = readContext(call.fields.text("context") ?? "");
  const { key: record, versions } = await call.execute(readKey, { keyId: key.alias, context });
  if (record.state === "pendingDestruction") throw ServiceError.of("NotFound", { resource: "key", id: key.name });
  return ok(formatKey(key, record, versions), warnings);
}

/** As `read`, behind a change that is done: who may change a key need not be allowed to read it. */
export async function readAfterChange(
  call: VaultCall,
  key: NamedKey,
  warnings: readonly string[] = [],
): Promise<VaultResult> {
  try {
    return await read(call, key, warnings);
  } catch (error) {
    if (error instanceof ServiceError && error.code === "AccessDenied") return noContent;
    throw error;
  }
}

/** Vault API: Transit, create key. A key that is there is shown, with a warning. */
export const createTransitKey: RouteHandler = async (call) => {
  const key = namedKey(call);
  const { type, transit } = readNewKey(call);
  const periodMs = readRotatePeriodMs(call) ?? 0;
  const rotation = rotationOf(call, periodMs);
  try {
    const { key: made } = await call.execute(createKey, {
      aliases: [key.alias],
      spec: type.spec,
      usage: transitUsage(type.spec),
      transit: { ...transit, ...readOnceSet(call) },
      rotation,
    });
    if (type.publicName !== undefined) return await readAfterChange(call, key);
    return ok(formatKey(key, made, [{ version: 1, createdAtMs: made.createdAtMs }]));
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "AlreadyExists") throw error;
  }
  try {
    return await read(call, key, [`key ${key.name} already existed`]);
  } catch (error) {
    throw isMissing(error) ? pendingProblem(key) : error;
  }
};

/** Vault API: Transit, read key. */
export const readTransitKey: RouteHandler = (call) => read(call, namedKey(call));

/** Vault API: Transit, list keys; `after` and `limit` as OpenBao has them. No keys at all is a 404. */
export const listTransitKeys: RouteHandler = async (call) => {
  const after = call.fields.text("after") ?? "";
  const limit = call.fields.integer("limit") ?? 0;
  const { names } = await call.execute(listNamedKeys, {
    prefix: aliasPrefix(call.mount!.path),
    after: after === "" ? undefined : after,
    limit: limit > 0 ? limit : undefined,
  });
  if (names.length === 0) throw ServiceError.of("NotFound", { resource: "key", id: call.mount!.path });
  return ok(`{"keys":${JSON.stringify(names)}}`);
};

function readVersion(call: VaultCall, name: "min_decryption_version" | "min_encryption_version"): number | undefined {
  const version = call.fields.integer(name);
  if (version !== undefined && version < 0) refuse(`${name.replace(/_/g, " ")} cannot be negative`);
  return version;
}

/** Vault API: Transit, update key configuration. */
export const configureTransitKey: RouteHandler = async (call) => {
  const key = namedKey(call);
  const minDecryptionVersion = readVersion(call, "min_decryption_version");
  const minEncryptionVersion = readVersion(call, "min_encryption_version");
  const deletionAllowed = call.fields.boolean("deletion_allowed");
  const transit: Partial<TransitAttributes> = {
    ...(minDecryptionVersion === undefined ? {} : { minDecryptionVersion: Math.max(1, minDecryptionVersion) }),
    ...(minEncryptionVersion === undefined ? {} : { minEncryptionVersion }),
    ...(deletionAllowed === undefined ? {} : { deletionAllowed }),
    ...readOnceSet(call),
  };
  const input = { keyId: key.alias, transit, autoRotatePeriodMs: readRotatePeriodMs(call) };
  try {
    await call.execute(configureKey, input);
  } catch (error) {
    throw keyProblem(error, key, `no existing key named ${key.name} could be found`);
  }
  const numbering = "since Vault 0.3, transit key numbering starts at 1; forcing minimum to 1";
  return readAfterChange(call, key, minDecryptionVersion === 0 ? [numbering] : []);
};

/** Vault API: Transit, rotate key. */
export const rotateTransitKey: RouteHandler = async (call) => {
  const key = namedKey(call);
  try {
    await call.execute(rotateKeyOnDemand, { keyId: key.alias, limited: false });
  } catch (error) {
    throw keyProblem(error, key, "key not found");
  }
  return readAfterChange(call, key);
};

/**
 * Vault API: Transit, delete key. The key is gone for Transit at once; it is destroyed after the waiting period, and until
 * then another API can restore it.
 */
export const deleteTransitKey: RouteHandler = async (call) => {
  const key = namedKey(call);
  try {
    await call.execute(scheduleKeyDeletion, { keyId: key.alias, onlyIfAllowed: true });
    return noContent;
  } catch (error) {
    const problem = keyProblem(error, key, "could not delete key; not found");
    if (problem instanceof ServiceError && problem.detail.code === "InvalidInput") {
      refuse(`error deleting policy ${key.name}: ${problem.detail.params.reason}`);
    }
    throw problem;
  }
};

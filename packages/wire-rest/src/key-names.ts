import { isKeyId, type KeyRecord, type KeySummary, ServiceError } from "@coffer/service";
import { restLimits } from "./limits.ts";

const namePattern = /^[a-zA-Z0-9_.-]+(?:\/[a-zA-Z0-9_.-]+)*$/;

/**
 * The core's reference for a REST key id: a key id or ARN as it is, anything else is the name of an alias.
 *
 * @throws ServiceError NotFound for what cannot be a key's name
 */
export function keyReference(keyID: string): string {
  if (isKeyId(keyID) || keyID.startsWith("arn:")) return keyID;
  const name = keyID.startsWith("alias/") ? keyID.slice(6) : keyID;
  if (!namePattern.test(name)) throw ServiceError.of("NotFound", { resource: "key", id: keyID.slice(0, 64) });
  return `alias/${name}`;
}

/** The alias of a new key. @throws ServiceError InvalidInput */
export function newAlias(keyID: string): string {
  if (!namePattern.test(keyID) || keyID.length > restLimits.keyNameChars.value || isKeyId(keyID)) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "key_id",
      reason:
        `'key_id' must have 1 to ${restLimits.keyNameChars.value} letters, digits, '_', '-', '.', in parts divided by '/', ` +
        "and must not look like a key's own UUID.",
    });
  }
  return `alias/${keyID}`;
}

/** What REST calls a key: its first alias without the prefix, else its key id. */
export function restKeyId({ key, alias }: KeySummary): string {
  return alias?.slice(6) ?? key.keyId;
}

const states: Readonly<Record<KeyRecord["state"], string>> = {
  active: "enabled",
  suspended: "disabled",
  preActivation: "pending_import",
  pendingDestruction: "pending_deletion",
};

/** The names of key specs in this API. */
const algorithms: ReadonlyMap<string, string> = new Map([["SYMMETRIC_DEFAULT", "AES-256-GCM"]]);

export function algorithmName(key: KeyRecord): string {
  return algorithms.get(key.spec) ?? key.spec;
}

/** A key as this API shows it. */
export function describeKeyRecord(id: string, key: KeyRecord): Record<string, unknown> {
  return {
    id,
    algorithm: algorithmName(key),
    state: states[key.state],
    version: key.currentVersion,
    created_at: new Date(key.createdAtMs).toISOString(),
    kms_key_id: key.keyId,
    ...(key.description === "" ? {} : { description: key.description }),
    ...(key.tags.length === 0 ? {} : { tags: Object.fromEntries(key.tags.map((tag) => [tag.key, tag.value])) }),
    ...(key.deletionAtMs === undefined ? {} : { deletion_at: new Date(key.deletionAtMs).toISOString() }),
  };
}

import { findKeySpec, type KeyRecord, type KeyState, shownState } from "@coffer/service";
import type { ObjectSchema } from "../http/schema.ts";
import { nameOf } from "./key-id.ts";

const states: Readonly<Record<KeyState, string>> = {
  active: "enabled",
  suspended: "disabled",
  preActivation: "pending_import",
  pendingDestruction: "pending_deletion",
  pendingReplicaDestruction: "pending_replica_deletion",
};

export function algorithmOf(key: KeyRecord): string {
  return findKeySpec(key.spec)?.restName ?? key.spec;
}

export function stateOf(key: KeyRecord): string {
  return states[shownState(key)];
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A key in a listing. */
export function formatKey(key: KeyRecord, alias: string | undefined) {
  return {
    id: nameOf(alias, key.keyId),
    algorithm: algorithmOf(key),
    state: stateOf(key),
    version: key.currentVersion,
    created_at: isoTime(key.createdAtMs),
  };
}

/** A key by itself: everything that the REST API tells of it. */
export function formatKeyDetails(key: KeyRecord, alias: string | undefined) {
  return {
    ...formatKey(key, alias),
    kms_key_id: key.keyId,
    arn: `arn:aws:kms:${key.region}:${key.account}:key/${key.keyId}`,
    description: key.description,
    tags: Object.fromEntries(key.tags.map(({ key: name, value }) => [name, value])),
    ...(key.rotation.nextAtMs === undefined ? {} : { next_rotation_at: isoTime(key.rotation.nextAtMs) }),
    ...(key.deletionAtMs === undefined ? {} : { deletion_at: isoTime(key.deletionAtMs) }),
  };
}

const text = (description: string) => ({ type: "string", description }) as const;
const time = (description: string) => ({ type: "string", format: "date-time", description }) as const;

const listed = {
  id: text("First name of the key, or its KMS key id when it has none."),
  algorithm: text("Algorithm of the key."),
  state: {
    type: "string",
    enum: Object.values(states),
    description: "Only an enabled key works.",
  },
  version: { type: "integer", minimum: 1, maximum: 2 ** 31 - 1, description: "Version that encrypts now." },
  created_at: time("When the key was made."),
} as const;

/** A key in a listing. */
export const keySchema: ObjectSchema = {
  type: "object",
  properties: listed,
  required: Object.keys(listed),
  additionalProperties: false,
};

/** A key by itself. */
export const keyDetailsSchema: ObjectSchema = {
  type: "object",
  properties: {
    ...listed,
    kms_key_id: text("KMS key id of the key."),
    arn: text("ARN of the key, for the KMS API and policies."),
    description: text("Description of the key."),
    tags: {
      type: "object",
      description: "Tags of the key.",
      maxProperties: 50,
      additionalProperties: { type: "string" },
    },
    next_rotation_at: time("When the key rotates next by itself, if it does."),
    deletion_at: time("When the key is destroyed, if it is scheduled for deletion."),
  },
  required: [...Object.keys(listed), "kms_key_id", "arn", "description", "tags"],
  additionalProperties: false,
};

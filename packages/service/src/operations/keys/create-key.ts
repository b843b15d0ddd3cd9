import { findKeySpec } from "@coffer/crypto";
import { defaultKeyPolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { KeyEntry } from "../../keys/key-entry.ts";
import { aliasArn, rootArn } from "../../model/arn.ts";
import { dueAtMs } from "../../model/due.ts";
import type { KeyOrigin, KeyRecord, KeyTag, KeyUsage, RotationSettings, TransitAttributes } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { checkKeyQuota } from "../../quotas/resource-quotas.ts";
import { checkAliasCount, checkAliasName } from "../aliases/checks.ts";
import { checkDescription } from "../checks.ts";
import { bindKeyPolicy } from "../policies/documents.ts";
import { checkRotation } from "../rotation/checks.ts";
import { dayMs } from "../shared.ts";
import { checkTags, tagConditions } from "../tags/checks.ts";
import { checkTransitAttributes, defaultTransitAttributes } from "../transit/attributes.ts";
import { checkExternalOrigin, claimExternalKey, type ExternalKeyReference } from "./external-key.ts";
import { generateVersion } from "./new-version.ts";

export interface CreateKeyInput {
  /** AWS's key spec; `SYMMETRIC_DEFAULT` when absent. */
  readonly spec?: string | undefined;
  readonly usage?: string | undefined;
  readonly description?: string | undefined;
  /** A key policy document; AWS's default policy when absent. */
  readonly policy?: string | undefined;
  readonly skipPolicyLockoutCheck?: boolean | undefined;
  readonly tags?: readonly KeyTag[] | undefined;
  /** Aliases made in the same transaction, each with its prefix. */
  readonly aliases?: readonly string[] | undefined;
  /** `AWS_KMS` when absent. A key with origin `EXTERNAL` waits for its material. */
  readonly origin?: KeyOrigin | undefined;
  /** Makes the primary key of a multi-Region key. */
  readonly multiRegion?: boolean | undefined;
  /** The external key of a key with origin `EXTERNAL_KEY_STORE`; absent exactly for the other origins. */
  readonly externalKey?: ExternalKeyReference | undefined;
  readonly transit?: Partial<TransitAttributes> | undefined;
  readonly rotation?: RotationSettings | undefined;
}

export interface CreateKeyOutput {
  readonly key: KeyRecord;
}

/**
 * AWS KMS: CreateKey. Key, first version and aliases are one transaction. Tags and aliases take the permissions that
 * TagResource and CreateAlias take.
 */
export const createKey = defineOperation<CreateKeyInput, CreateKeyOutput>({
  name: "CreateKey",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: ({ tags = [], aliases = [] }, request) => [
    { action: "kms:CreateKey", resource: "*" },
    ...(tags.length === 0 ? [] : [{ action: "kms:TagResource", resource: "*" }]),
    ...aliases.map((name) => ({
      action: "kms:CreateAlias",
      resource: aliasArn(request.region, request.principal.account, name),
    })),
  ],
  conditions: ({ spec, usage, origin, multiRegion, tags, skipPolicyLockoutCheck }) =>
    new Map<string, readonly string[]>([
      ["kms:keyspec", [spec ?? "SYMMETRIC_DEFAULT"]],
      ["kms:keyusage", [usage ?? "ENCRYPT_DECRYPT"]],
      ["kms:keyorigin", [origin ?? "AWS_KMS"]],
      ["kms:multiregion", [String(multiRegion === true)]],
      ...(multiRegion === true ? [["kms:multiregionkeytype", ["PRIMARY"]] as const] : []),
      ["kms:bypasspolicylockoutsafetycheck", [String(skipPolicyLockoutCheck === true)]],
      ...(tags === undefined ? [] : tagConditions(tags)),
    ]),
  record: ({
    spec,
    usage,
    origin,
    multiRegion,
    description,
    policy,
    tags,
    aliases,
    skipPolicyLockoutCheck,
    transit,
    rotation,
    externalKey,
  }) => ({
    keySpec: spec ?? "SYMMETRIC_DEFAULT",
    keyUsage: usage ?? "ENCRYPT_DECRYPT",
    origin: origin ?? "AWS_KMS",
    multiRegion: multiRegion === true,
    description: description ?? "",
    policy,
    tags,
    aliases,
    bypassPolicyLockoutSafetyCheck: skipPolicyLockoutCheck === true,
    transit,
    ...externalKey,
    rotationPeriodMs: rotation?.enabled === true ? rotation.periodMs : undefined,
  }),
  recordOutput: ({ key }) => ({ keyMetadata: { keyId: key.keyId, aWSAccountId: key.account, keySpec: key.spec } }),
  async run({ core, input, request, nowMs }) {
    let key = newKey(core, input, request, nowMs);
    const aliases = input.aliases ?? [];
    if (input.policy !== undefined) {
      const skipLockoutCheck = input.skipPolicyLockoutCheck === true;
      const subject = { request, key, aliases, nowMs, skipLockoutCheck };
      key = { ...key, ...(await bindKeyPolicy(core, input.policy, subject)) };
    }
    const claim = input.externalKey === undefined ? [] : await claimExternalKey(core, key, request);
    checkExtras(core, key, aliases, request, nowMs);
    await checkKeyQuota(core, key.account, key.region);
    const { account, region, keyId } = key;
    const writes: Write[] = [
      { op: "insert", table: "keys", row: key },
      ...claim,
      ...(key.state === "preActivation" ? [] : [await firstVersion(core, key)]),
      ...aliases.map(
        (name): Write => ({
          op: "insert",
          table: "aliases",
          row: { account, region, name, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 },
        }),
      ),
    ];
    try {
      await core.commit(writes);
    } catch (error) {
      if (error instanceof StoreConflict && error.kind === "exists" && error.table === "aliases") {
        throw ServiceError.of("AlreadyExists", { resource: "alias", id: aliases.join() }, error);
      }
      throw error;
    }
    core.onDueChanged(key.dueAtMs);
    return { key };
  },
});

async function firstVersion(core: Core, key: KeyRecord): Promise<Write> {
  return { op: "insert", table: "keyVersions", row: await generateVersion(core, key, 1, undefined) };
}

/** The record of a new key that nobody has yet. @throws ServiceError InvalidInput, Unsupported */
export function newKey(
  core: Core,
  input: CreateKeyInput,
  { principal, region }: RequestContext,
  nowMs: number,
): KeyRecord {
  const spec = findKeySpec(input.spec ?? "SYMMETRIC_DEFAULT");
  if (spec === undefined || (spec.transitOnly === true && input.transit?.allUses !== true)) {
    throw ServiceError.of("Unsupported", {
      reason: `KeySpec ${input.spec} is not supported by this release of Coffer.`,
    });
  }
  if (input.usage === undefined && (spec.kind !== "secret" || !spec.algorithms.has("ENCRYPT_DECRYPT"))) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "keyUsage",
      reason: "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    });
  }
  const usage = (input.usage ?? "ENCRYPT_DECRYPT") as KeyUsage;
  if (!spec.algorithms.has(usage)) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "keyUsage",
      reason: `KeyUsage ${usage} is not compatible with KeySpec ${spec.spec}`,
    });
  }
  const { description = "", tags = [], rotation = { enabled: false, periodMs: 365 * dayMs } } = input;
  checkDescription(description);
  checkTags(tags);
  checkRotation(rotation);
  const transit = { ...defaultTransitAttributes, ...input.transit };
  checkTransitAttributes(transit, 1);
  const { origin = "AWS_KMS", multiRegion: isMultiRegion = false } = input;
  checkExternalOrigin(origin, input.externalKey);
  const id = core.randomness.id();
  const key: KeyRecord = {
    region,
    keyId: isMultiRegion ? `mrk-${id.replaceAll("-", "")}` : id,
    account: principal.account,
    spec: spec.spec,
    usage,
    origin,
    ...input.externalKey,
    owner: "CUSTOMER",
    state: origin === "EXTERNAL" ? "preActivation" : "active",
    description,
    policy: input.policy ?? defaultKeyPolicy(rootArn(principal.account)),
    tags,
    createdAtMs: nowMs,
    currentVersion: origin === "EXTERNAL" ? 0 : 1,
    rotation,
    transit,
    onDemandRotations: 0,
    ...(isMultiRegion ? { multiRegion: { primaryRegion: region, replicaRegions: [] } } : {}),
    revision: 1,
  };
  const due = dueAtMs(key);
  return due === undefined ? key : { ...key, dueAtMs: due };
}

/** What CreateAlias and EnableKeyRotation would check, under the new key's own policy. */
export function checkExtras(
  core: Core,
  key: KeyRecord,
  aliases: readonly string[],
  request: RequestContext,
  nowMs: number,
): void {
  for (const name of aliases) checkAliasName(name);
  checkAliasCount(aliases.length, 0);
  if (aliases.length === 0 && !key.rotation.enabled) return;
  const entry = new KeyEntry(key, aliases, core.store, core.keyring);
  const question = { request, key: entry, resource: entry.arn, nowMs };
  if (aliases.length > 0) authorize({ ...question, action: "kms:CreateAlias" });
  if (key.rotation.enabled) authorize({ ...question, action: "kms:EnableKeyRotation" });
}

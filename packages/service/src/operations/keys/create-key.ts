import { findKeySpec, randomId } from "@coffer/crypto";
import { defaultKeyPolicy } from "@coffer/policy";
import { ServiceError } from "../../errors.ts";
import { rootArn } from "../../model/arn.ts";
import { dueAtMs } from "../../model/due.ts";
import type { KeyRecord, KeyTag, KeyUsage, RotationSettings, TransitAttributes } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { checkAliasName } from "../aliases/names.ts";
import { parseKeyPolicy } from "../policies/documents.ts";
import { dayMs } from "../shared.ts";
import { checkTags } from "../tags/checks.ts";
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
  readonly transit?: Partial<TransitAttributes> | undefined;
  readonly rotation?: RotationSettings | undefined;
}

export interface CreateKeyOutput {
  readonly key: KeyRecord;
}

export const defaultTransitAttributes: TransitAttributes = {
  deletionAllowed: false,
  exportable: false,
  allowPlaintextBackup: false,
  minDecryptionVersion: 1,
  minEncryptionVersion: 0,
};

/** AWS KMS: CreateKey. Key, first version and aliases are one transaction. */
export const createKey = defineOperation<CreateKeyInput, CreateKeyOutput>({
  name: "CreateKey",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: ({ tags }) => [
    { action: "kms:CreateKey", resource: "*" },
    ...(tags === undefined || tags.length === 0 ? [] : [{ action: "kms:TagResource", resource: "*" }]),
  ],
  conditions: ({ spec, usage, tags, skipPolicyLockoutCheck }) =>
    new Map<string, readonly string[]>([
      ["kms:keyspec", [spec ?? "SYMMETRIC_DEFAULT"]],
      ["kms:keyusage", [usage ?? "ENCRYPT_DECRYPT"]],
      ["kms:bypasspolicylockoutsafetycheck", [String(skipPolicyLockoutCheck === true)]],
      ...(tags ?? []).map(({ key, value }): [string, string[]] => [`aws:requesttag/${key.toLowerCase()}`, [value]]),
      ...(tags === undefined ? [] : [["aws:tagkeys", tags.map(({ key }) => key)] as [string, string[]]]),
    ]),
  record: ({ spec, usage, description, policy, tags, aliases, skipPolicyLockoutCheck }) => ({
    keySpec: spec ?? "SYMMETRIC_DEFAULT",
    keyUsage: usage ?? "ENCRYPT_DECRYPT",
    description: description ?? "",
    policy,
    tags,
    aliases,
    bypassPolicyLockoutSafetyCheck: skipPolicyLockoutCheck === true,
  }),
  recordOutput: ({ key }) => ({ keyMetadata: { keyId: key.keyId, aWSAccountId: key.account, keySpec: key.spec } }),
  async run({ core, input, request, nowMs }) {
    const spec = findKeySpec(input.spec ?? "SYMMETRIC_DEFAULT");
    if (spec === undefined) {
      throw ServiceError.of("Unsupported", {
        reason: `KeySpec ${input.spec} is not supported by this release of Coffer.`,
      });
    }
    const usage = (input.usage ?? spec.usages[0]!) as KeyUsage;
    if (!spec.usages.includes(usage)) {
      throw ServiceError.of("InvalidInput", {
        kind: "validation",
        member: "keyUsage",
        reason: `KeyUsage ${usage} is not compatible with KeySpec ${spec.spec}`,
      });
    }
    checkTags(input.tags ?? []);
    for (const name of input.aliases ?? []) checkAliasName(name);
    const { account } = request.principal;
    const { region } = request;
    const keyId = randomId();
    const policy = input.policy ?? defaultKeyPolicy(rootArn(account));
    if (input.policy !== undefined) {
      parseKeyPolicy(input.policy, {
        request,
        keyArn: `arn:aws:kms:${region}:${account}:key/${keyId}`,
        account,
        nowMs,
        skipLockoutCheck: input.skipPolicyLockoutCheck === true,
      });
    }
    const base: KeyRecord = {
      region,
      keyId,
      account,
      spec: spec.spec,
      usage,
      origin: "AWS_KMS",
      owner: "CUSTOMER",
      state: "active",
      description: input.description ?? "",
      policy,
      tags: input.tags ?? [],
      createdAtMs: nowMs,
      currentVersion: 1,
      rotation: input.rotation ?? { enabled: false, periodMs: 365 * dayMs },
      transit: { ...defaultTransitAttributes, ...input.transit },
      onDemandRotations: 0,
      revision: 1,
    };
    const due = dueAtMs(base);
    const key = due === undefined ? base : { ...base, dueAtMs: due };
    const writes: Write[] = [
      { op: "insert", table: "keys", row: key },
      { op: "insert", table: "keyVersions", row: generateVersion(core, key, 1, undefined) },
      ...(input.aliases ?? []).map(
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
        throw ServiceError.of("AlreadyExists", { resource: "alias", id: input.aliases?.[0] ?? "" }, error);
      }
      throw error;
    }
    core.onDueChanged(due);
    return { key };
  },
});

import { defaultKeyPolicy } from "@coffer/policy";
import { ServiceError } from "../../errors.ts";
import { keyArn, rootArn } from "../../model/arn.ts";
import { changeKey } from "../../model/due.ts";
import type { KeyRecord, KeyTag, MultiRegionPlacement } from "../../model/key.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { checkKeyQuota } from "../../quotas/resource-quotas.ts";
import { checkDescription } from "../checks.ts";
import { updateKey } from "../keys/update.ts";
import { bindKeyPolicy } from "../policies/documents.ts";
import { activeOnly, type KeyInput, namedKey } from "../shared.ts";
import { checkTags, tagConditions } from "../tags/checks.ts";
import { changeRelated, otherRegions, requirePrimary } from "./related-keys.ts";

export interface ReplicateKeyInput extends KeyInput {
  readonly replicaRegion: string;
  /** A key policy of the replica's own; AWS's default policy when absent. */
  readonly policy?: string | undefined;
  readonly skipPolicyLockoutCheck?: boolean | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly KeyTag[] | undefined;
}

/**
 * AWS KMS: ReplicateKey. The replica has the primary's material, id, spec, usage and rotation, and a policy, tags,
 * aliases and state of its own. It works when this returns.
 */
export const replicateKey = defineOperation<ReplicateKeyInput, { readonly key: KeyRecord }>({
  name: "ReplicateKey",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:ReplicateKey", activeOnly, { customerOnly: true })],
  // The key is made in the replica's region (AWS KMS API: ReplicateKey, required permissions).
  resources: ({ tags = [], replicaRegion: region }) => [
    { action: "kms:CreateKey", resource: "*", region },
    ...(tags.length === 0 ? [] : [{ action: "kms:TagResource", resource: "*", region }]),
  ],
  conditions: ({ replicaRegion, tags, skipPolicyLockoutCheck }) =>
    new Map<string, readonly string[]>([
      ["kms:replicaregion", [replicaRegion]],
      ["kms:multiregion", ["true"]],
      ["kms:multiregionkeytype", ["REPLICA"]],
      ["kms:bypasspolicylockoutsafetycheck", [String(skipPolicyLockoutCheck === true)]],
      ...(tags === undefined ? [] : tagConditions(tags)),
    ]),
  record: ({ keyId, replicaRegion, policy, description, tags, skipPolicyLockoutCheck }) => ({
    keyId,
    replicaRegion,
    policy,
    description,
    tags,
    bypassPolicyLockoutSafetyCheck: skipPolicyLockoutCheck === true,
  }),
  recordOutput: ({ key }) => ({ replicaKeyMetadata: { keyId: key.keyId, region: key.region } }),
  async run({ core, keys, input, request, nowMs }) {
    const primary = keys[0]!;
    requirePrimary(primary);
    const { replicaRegion } = input;
    const { keyId, account } = primary.record;
    if (replicaRegion === primary.record.region || otherRegions(primary.record).includes(replicaRegion)) {
      throw ServiceError.of("AlreadyExists", { resource: "key", id: keyArn(replicaRegion, account, keyId) });
    }
    await checkKeyQuota(core, account, replicaRegion);
    const multiRegion = addReplica(primary.record, replicaRegion);
    let key = replicaOf(primary.record, multiRegion, input, nowMs);
    if (input.policy !== undefined) {
      const skipLockoutCheck = input.skipPolicyLockoutCheck === true;
      const subject = { request, key, aliases: [], nowMs, skipLockoutCheck };
      key = { ...key, ...(await bindKeyPolicy(core, input.policy, subject)) };
    }
    const writes = await changeRelated(core, primary.record, { multiRegion });
    await updateKey(
      core,
      primary.record,
      { multiRegion },
      { writes: [...writes, { op: "insert", table: "keys", row: key }] },
    );
    return { key };
  },
});

function addReplica({ multiRegion, region }: KeyRecord, replicaRegion: string): MultiRegionPlacement {
  const replicaRegions = [...(multiRegion?.replicaRegions ?? []), replicaRegion].sort();
  return { primaryRegion: region, replicaRegions };
}

/** @throws ServiceError InvalidInput, LimitExceeded for the replica's own description and tags */
function replicaOf(
  primary: KeyRecord,
  multiRegion: MultiRegionPlacement,
  { description = "", tags = [], policy, replicaRegion }: ReplicateKeyInput,
  nowMs: number,
): KeyRecord {
  checkDescription(description);
  checkTags(tags);
  const isImported = primary.origin === "EXTERNAL";
  const shared: KeyRecord = {
    ...primary,
    state: isImported ? "preActivation" : "active",
    region: replicaRegion,
    description,
    tags,
    policy: policy ?? defaultKeyPolicy(rootArn(primary.account)),
    createdAtMs: nowMs,
    multiRegion,
    revision: 0,
  };
  // What belongs to the primary's own material or policy.
  const removed = ["materialExpiresAtMs", "policyPrincipals"] as const;
  return changeKey(shared, {}, removed);
}

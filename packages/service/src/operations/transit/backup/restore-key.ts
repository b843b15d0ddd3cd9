import type { Core } from "../../../core.ts";
import { ServiceError } from "../../../errors.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import { limits } from "../../../limits.ts";
import { aliasArn } from "../../../model/arn.ts";
import { changeKey } from "../../../model/due.ts";
import { type AliasRecord, isPrimary, type KeyRecord } from "../../../model/key.ts";
import { authorize } from "../../../pipeline/authorize.ts";
import { type Call, defineOperation } from "../../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../../ports/store.ts";
import { dayMs, dyingStates } from "../../shared.ts";
import { foreignKeyWrites } from "../foreign-key.ts";
import { foreignKeyConditions } from "../import/conditions.ts";
import { readBackup, wipeVersions } from "./read-backup.ts";

export interface RestoreKeyInput {
  /** The alias that the key gets. */
  readonly alias: string;
  /** JSON, untrusted; wiped by the caller. */
  readonly backup: Buffer;
  /** Whether it takes the place of a key that has the alias. */
  readonly force: boolean;
}

/** The name that a backup gives its key. @throws ServiceError InvalidInput when it is no backup */
export function backupName(backup: Buffer): string {
  const { name, versions } = readBackup(backup);
  wipeVersions(versions);
  return name;
}

/**
 * Vault API: Transit, restore key. The key is a new KMS key under the alias. With `force`, the key that had the alias is
 * scheduled for its deletion, with the permission that this takes, so that a mistake can be taken back.
 *
 * @throws ServiceError AlreadyExists when there is a key and no `force`; KeyStateInvalid when that waits for its destruction
 */
export const restoreTransitKey = defineOperation<RestoreKeyInput, { readonly key: KeyRecord }>({
  name: "RestoreKeyBackup",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: ({ alias }, request) => [
    { action: "kms:CreateKey", resource: "*" },
    { action: "kms:ImportKeyMaterial", resource: "*" },
    { action: "kms:CreateAlias", resource: aliasArn(request.region, request.principal.account, alias) },
  ],
  conditions: () => foreignKeyConditions(undefined),
  record: ({ alias, force }) => ({ aliasName: alias, force }),
  recordOutput: ({ key }) => ({ keyId: key.keyId, keySpec: key.spec }),
  async run(call) {
    const { core, input, request, nowMs } = call;
    const { account } = request.principal;
    const { region } = request;
    const restored = readBackup(input.backup);
    try {
      const alias = await core.store.get("aliases", { account, region, name: input.alias });
      const replacement = alias === undefined ? undefined : await replace(call, alias);
      const { key, writes } = await foreignKeyWrites(
        core,
        {
          ...restored,
          imported: restored.transit.imported === true,
          transit: { ...restored.transit, restored: { atMs: nowMs, version: restored.latestVersion } },
          rotation: {
            enabled: restored.rotationPeriodMs > 0,
            periodMs: restored.rotationPeriodMs > 0 ? restored.rotationPeriodMs : 365 * dayMs,
            ...(restored.rotationPeriodMs > 0 ? { nextAtMs: nowMs + restored.rotationPeriodMs } : {}),
          },
        },
        input.alias,
        request,
        nowMs,
      );
      await commit(
        core,
        [...writes, ...aliasWrites(input.alias, key, alias, nowMs), ...(replacement ?? [])],
        input.alias,
      );
      core.onDueChanged(key.dueAtMs);
      return { key };
    } finally {
      wipeVersions(restored.versions);
    }
  },
});

async function commit(core: Core, writes: readonly Write[], alias: string): Promise<void> {
  try {
    await core.commit(writes);
  } catch (error) {
    if (!(error instanceof StoreConflict) || error.kind !== "exists" || error.table !== "aliases") throw error;
    throw ServiceError.of("AlreadyExists", { resource: "alias", id: alias }, error);
  }
}

function aliasWrites(name: string, key: KeyRecord, old: AliasRecord | undefined, nowMs: number): readonly Write[] {
  const { account, region, keyId } = key;
  if (old === undefined) {
    const row = { account, region, name, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 };
    return [{ op: "insert", table: "aliases", row }];
  }
  return [{ op: "update", table: "aliases", row: { ...old, keyId, updatedAtMs: nowMs, revision: old.revision + 1 } }];
}

/** The writes that send the key that has the alias on its way out. */
async function replace(
  { core, input, request, nowMs }: Call<RestoreKeyInput>,
  alias: AliasRecord,
): Promise<readonly Write[]> {
  const old = await core.keys.find(alias.region, alias.keyId);
  if (!input.force) {
    if (old?.record.state === "pendingDestruction") {
      const { state } = old.record;
      throw ServiceError.of("KeyStateInvalid", { keyArn: old.arn, state, reason: `${old.arn} is pending deletion.` });
    }
    throw ServiceError.of("AlreadyExists", { resource: "alias", id: input.alias });
  }
  if (old === undefined) return [];
  const question = { request, key: old, resource: old.arn, nowMs };
  authorize({ ...question, action: "kms:UpdateAlias" });
  authorize({ ...question, action: "kms:ScheduleKeyDeletion" });
  return [{ op: "update", table: "keys", row: dying(old, nowMs) }];
}

/** A key's record once its deletion is scheduled; one on its way out stays as it is. */
function dying({ record, arn }: KeyEntry, nowMs: number): KeyRecord {
  // Its revision counts its aliases.
  if (dyingStates.includes(record.state)) return changeKey(record, {});
  if (!isPrimary(record) || (record.multiRegion?.replicaRegions.length ?? 0) > 0) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: `${arn} is in several regions: delete it before another key takes its name`,
    });
  }
  const days = limits.pendingWindowMaxDays.value;
  return changeKey(record, {
    state: "pendingDestruction",
    deletionAtMs: nowMs + days * dayMs,
    pendingWindowDays: days,
  });
}

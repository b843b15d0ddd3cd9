import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { aliasArn } from "../../model/arn.ts";
import { changeKey } from "../../model/due.ts";
import type { AliasRecord, KeyRecord } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { livingStates } from "../shared.ts";
import { checkAliasCount, checkAliasName } from "./checks.ts";

export interface AliasInput {
  /** With its prefix `alias/`. */
  readonly aliasName: string;
  readonly targetKeyId: string;
}

export interface DeleteAliasInput {
  readonly aliasName: string;
}

function ownAliasArn(name: string, request: RequestContext): string {
  return aliasArn(request.region, request.principal.account, name);
}

async function findAlias(core: Core, request: RequestContext, name: string): Promise<AliasRecord> {
  const alias = await core.store.get("aliases", { account: request.principal.account, region: request.region, name });
  if (alias === undefined) throw ServiceError.of("NotFound", { resource: "alias", id: ownAliasArn(name, request) });
  return alias;
}

/**
 * The writes that change which aliases a key has. The key's revision counts them, so that of two changes at once one runs
 * again on the new state: a key keeps to the limit, and none gets an alias while it is destroyed.
 */
function aliasesChanged(...keys: readonly KeyRecord[]): Write[] {
  return keys.map((key): Write => ({ op: "update", table: "keys", row: changeKey(key, {}) }));
}

async function countAliases(core: Core, { account, region, keyId }: KeyRecord): Promise<number> {
  return (await core.store.listKeyAliases(account, region, keyId, undefined, limits.aliasesPerKey.value)).length;
}

/** AWS KMS: CreateAlias. */
export const createAlias = defineOperation<AliasInput, null>({
  name: "CreateAlias",
  plane: "control",
  readOnly: false,
  keys: [
    {
      action: "kms:CreateAlias",
      states: livingStates,
      customerOnly: true,
      target: ({ targetKeyId }) => ({ by: "reference", text: targetKeyId }),
    },
  ],
  resources: ({ aliasName }, request) => [{ action: "kms:CreateAlias", resource: ownAliasArn(aliasName, request) }],
  record: ({ aliasName, targetKeyId }) => ({ aliasName, targetKeyId }),
  async run({ core, keys, input, request, nowMs }) {
    checkAliasName(input.aliasName);
    const key = keys[0]!.record;
    const { region, keyId, account } = key;
    checkSameAccount(account, request);
    checkAliasCount(1, await countAliases(core, key));
    const row = { account, region, name: input.aliasName, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 };
    try {
      await core.commit([...aliasesChanged(key), { op: "insert", table: "aliases", row }]);
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      throw ServiceError.of("AlreadyExists", { resource: "alias", id: ownAliasArn(input.aliasName, request) }, error);
    }
    return null;
  },
});

/** AWS KMS: UpdateAlias. */
export const updateAlias = defineOperation<AliasInput, null>({
  name: "UpdateAlias",
  plane: "control",
  readOnly: false,
  keys: [
    {
      action: "kms:UpdateAlias",
      states: livingStates,
      customerOnly: true,
      target: ({ targetKeyId }) => ({ by: "reference", text: targetKeyId }),
    },
  ],
  resources: ({ aliasName }, request) => [{ action: "kms:UpdateAlias", resource: ownAliasArn(aliasName, request) }],
  record: ({ aliasName, targetKeyId }) => ({ aliasName, targetKeyId }),
  async run({ core, keys, input, request, nowMs }) {
    checkAliasName(input.aliasName);
    const target = keys[0]!.record;
    checkSameAccount(target.account, request);
    const alias = await findAlias(core, request, input.aliasName);
    const old = await core.keys.find(alias.region, alias.keyId);
    if (old !== undefined) {
      authorize({ request, action: "kms:UpdateAlias", key: old, resource: old.arn, nowMs });
      if (old.record.spec !== target.spec || old.record.usage !== target.usage) {
        throw ServiceError.of("InvalidInput", {
          kind: "validation",
          reason: "The current and the new target key of an alias must have the same key usage and key spec.",
        });
      }
    }
    const row = { ...alias, keyId: target.keyId, updatedAtMs: nowMs, revision: alias.revision + 1 };
    const moved = alias.keyId !== target.keyId;
    if (moved) checkAliasCount(1, await countAliases(core, target));
    const touched = moved ? aliasesChanged(target, ...(old === undefined ? [] : [old.record])) : [];
    await core.commit([...touched, { op: "update", table: "aliases", row }]);
    return null;
  },
});

/** AWS KMS: DeleteAlias. The key stays. */
export const deleteAlias = defineOperation<DeleteAliasInput, null>({
  name: "DeleteAlias",
  plane: "control",
  readOnly: false,
  keys: [],
  resources: ({ aliasName }, request) => [{ action: "kms:DeleteAlias", resource: ownAliasArn(aliasName, request) }],
  record: ({ aliasName }) => ({ aliasName }),
  async run({ core, input, request, nowMs }) {
    checkAliasName(input.aliasName);
    const alias = await findAlias(core, request, input.aliasName);
    const key = await core.keys.find(alias.region, alias.keyId);
    if (key !== undefined) authorize({ request, action: "kms:DeleteAlias", key, resource: key.arn, nowMs });
    const { account, region, name, revision } = alias;
    await core.commit([
      ...aliasesChanged(...(key === undefined ? [] : [key.record])),
      { op: "delete", table: "aliases", key: { account, region, name }, revision },
    ]);
    return null;
  },
});

function checkSameAccount(account: string, request: RequestContext): void {
  if (account === request.principal.account) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    reason: "An alias and its key must be in the same account.",
    member: "targetKeyId",
  });
}

import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { aliasArn } from "../../model/arn.ts";
import type { AliasRecord } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { livingStates } from "../shared.ts";
import { checkAliasName } from "./names.ts";

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

async function checkAliasCount(core: Core, account: string, region: string, keyId: string): Promise<void> {
  const max = limits.aliasesPerKey.value;
  const aliases = await core.store.listKeyAliases(account, region, keyId, undefined, max);
  if (aliases.length >= max) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.aliasesPerKey.name,
      max,
      reason: `A key has at most ${max} aliases.`,
    });
  }
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
    const { region, keyId, account } = keys[0]!.record;
    checkSameAccount(account, request);
    await checkAliasCount(core, account, region, keyId);
    const row = { account, region, name: input.aliasName, keyId, createdAtMs: nowMs, updatedAtMs: nowMs, revision: 1 };
    try {
      await core.commit([{ op: "insert", table: "aliases", row }]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
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
    if (alias.keyId !== target.keyId) await checkAliasCount(core, target.account, target.region, target.keyId);
    const row = { ...alias, keyId: target.keyId, updatedAtMs: nowMs, revision: alias.revision + 1 };
    await core.commit([{ op: "update", table: "aliases", row }]);
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
    await core.commit([{ op: "delete", table: "aliases", key: { account, region, name }, revision }]);
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

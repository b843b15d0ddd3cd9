import {
  deleteEntityAlias,
  listEntityAliases,
  readEntityAlias,
  ServiceError,
  type VaultAlias,
  type VaultEntity,
  writeEntityAlias,
} from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { pairsOf, shownPairs, timeOf } from "./pairs.ts";

const fields = ["canonical_id", "custom_metadata", "entity_id", "id", "mount_accessor", "name"];

/** Vault API: identity/entity-alias. */
export const aliasRoutes: readonly Route[] = [
  { pattern: "entity-alias", fields, operations: { update: (call) => write(call, textOf(call, "id")) } },
  { pattern: "entity-alias/id", fields: [], operations: { list }, slash: true },
  {
    pattern: "entity-alias/id/:name",
    fields,
    operations: { read, update: (call) => write(call, call.captures[0]!), delete: remove },
  },
];

function textOf(call: VaultCall, name: string): string | undefined {
  return call.fields.text(name) || undefined;
}

async function write(call: VaultCall, id: string | undefined): Promise<VaultResult> {
  const { alias, entity } = await call.execute(writeEntityAlias, {
    id,
    name: textOf(call, "name"),
    mountAccessor: textOf(call, "mount_accessor"),
    canonicalId: textOf(call, "canonical_id") ?? textOf(call, "entity_id"),
    customMetadata: pairsOf(call.fields, "custom_metadata"),
  });
  return ok(JSON.stringify({ canonical_id: entity.id, id: alias.id }));
}

/** An alias as Vault shows it (OpenBao, internal/vault/identity: `handleAliasReadCommon`). */
export function aliasFacts(alias: VaultAlias, entity: VaultEntity) {
  return {
    canonical_id: entity.id,
    creation_time: timeOf(alias.createdAtMs),
    custom_metadata: alias.customMetadata,
    id: alias.id,
    last_update_time: timeOf(alias.updatedAtMs),
    local: false,
    merged_from_canonical_ids: null,
    metadata: shownPairs(alias.metadata),
    mount_accessor: alias.mountAccessor,
    mount_path: `${alias.mountPath}/`,
    mount_type: alias.mountType,
    name: alias.name,
  };
}

async function read(call: VaultCall): Promise<VaultResult> {
  const found = await call.execute(readEntityAlias, { id: call.captures[0]! });
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "entity-alias" });
  return ok(JSON.stringify({ ...aliasFacts(found.alias, found.entity), namespace_id: "root" }));
}

async function remove(call: VaultCall): Promise<VaultResult> {
  await call.execute(deleteEntityAlias, { id: call.captures[0]! });
  return noContent;
}

async function list(call: VaultCall): Promise<VaultResult> {
  const { aliases } = await call.execute(listEntityAliases, null);
  if (aliases.length === 0) throw ServiceError.of("NotFound", { resource: "operation", id: "entity-alias" });
  const infos = aliases.map(({ alias, entity }) => {
    const { id: _, creation_time, last_update_time, merged_from_canonical_ids, ...facts } = aliasFacts(alias, entity);
    return [alias.id, facts];
  });
  return ok(JSON.stringify({ key_info: Object.fromEntries(infos), keys: aliases.map(({ alias }) => alias.id) }));
}

import {
  deleteGroupAlias,
  listGroupAliases,
  readGroupAlias,
  ServiceError,
  type VaultGroup,
  type VaultGroupAlias,
  writeGroupAlias,
} from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { timeOf } from "./pairs.ts";

const fields = ["canonical_id", "id", "mount_accessor", "name"];

/** Vault API: identity/group-alias. */
export const groupAliasRoutes: readonly Route[] = [
  { pattern: "group-alias", fields, operations: { update: (call) => write(call, textOf(call, "id")) } },
  { pattern: "group-alias/id", fields: [], operations: { list }, slash: true },
  {
    pattern: "group-alias/id/:name",
    fields,
    operations: { read, update: (call) => write(call, call.captures[0]!), delete: remove },
  },
];

function textOf(call: VaultCall, name: string): string | undefined {
  return call.fields.text(name) || undefined;
}

async function write(call: VaultCall, id: string | undefined): Promise<VaultResult> {
  const { alias, group } = await call.execute(writeGroupAlias, {
    id,
    name: textOf(call, "name"),
    mountAccessor: textOf(call, "mount_accessor"),
    canonicalId: textOf(call, "canonical_id"),
  });
  return ok(JSON.stringify({ canonical_id: group.id, id: alias.id }));
}

/** The alias of a group as Vault shows it in the group. */
export function groupAliasFacts(alias: VaultGroupAlias, group: VaultGroup) {
  return {
    canonical_id: group.id,
    creation_time: timeOf(alias.createdAtMs),
    id: alias.id,
    last_update_time: timeOf(alias.updatedAtMs),
    merged_from_canonical_ids: null,
    metadata: null,
    mount_accessor: alias.mountAccessor,
    mount_path: `${alias.mountPath}/`,
    mount_type: alias.mountType,
    name: alias.name,
  };
}

const shownAlone = { custom_metadata: null, local: false } as const;

async function read(call: VaultCall): Promise<VaultResult> {
  const found = await call.execute(readGroupAlias, { id: call.captures[0]! });
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "group-alias" });
  const { alias, group } = found;
  return ok(JSON.stringify({ ...groupAliasFacts(alias, group), ...shownAlone, namespace_id: "root" }));
}

async function remove(call: VaultCall): Promise<VaultResult> {
  await call.execute(deleteGroupAlias, { id: call.captures[0]! });
  return noContent;
}

async function list(call: VaultCall): Promise<VaultResult> {
  const { aliases } = await call.execute(listGroupAliases, null);
  if (aliases.length === 0) throw ServiceError.of("NotFound", { resource: "operation", id: "group-alias" });
  const infos = aliases.map(({ alias, group }) => {
    const {
      id: _,
      creation_time,
      last_update_time,
      merged_from_canonical_ids,
      ...facts
    } = groupAliasFacts(alias, group);
    return [alias.id, { ...facts, ...shownAlone }];
  });
  return ok(JSON.stringify({ key_info: Object.fromEntries(infos), keys: aliases.map(({ alias }) => alias.id) }));
}

import {
  deleteGroup,
  type GroupReference,
  listGroups,
  readGroup,
  ServiceError,
  type VaultGroup,
  writeGroup,
} from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { Route } from "../http/routes.ts";
import { groupAliasFacts } from "./group-aliases.ts";
import { pairsOf, shownPairs, timeOf } from "./pairs.ts";

const fields = ["id", "member_entity_ids", "member_group_ids", "metadata", "name", "policies", "type"];

/** Vault API: identity/group. */
export const groupRoutes: readonly Route[] = [
  { pattern: "group", fields, operations: { update: (call) => write(call, referenceInBody(call)) } },
  { pattern: "group/id", fields: [], operations: { list: listIds }, slash: true },
  {
    pattern: "group/id/:name",
    fields,
    operations: {
      read: (call) => read(call, byId(call)),
      update: (call) => write(call, byId(call)),
      delete: (call) => remove(call, byId(call)),
    },
  },
  { pattern: "group/name", fields: [], operations: { list: listNames }, slash: true },
  {
    pattern: "group/name/*",
    folds: "case",
    fields,
    operations: {
      read: (call) => read(call, byName(call)),
      update: (call) => write(call, byName(call)),
      delete: (call) => remove(call, byName(call)),
    },
  },
  {
    pattern: "lookup/group",
    fields: ["alias_mount_accessor", "alias_name", "id", "name"],
    operations: { update: lookUp },
  },
];

type Named = Exclude<GroupReference, { by: "aliasName" }>;

function byId(call: VaultCall): Named {
  return { by: "id", id: call.captures[0]! };
}

function byName(call: VaultCall): Named {
  return { by: "name", name: call.captures[0]! };
}

function referenceInBody({ fields }: VaultCall): Named | undefined {
  const id = fields.text("id") ?? "";
  if (id !== "") return { by: "id", id };
  const name = fields.text("name") ?? "";
  return name === "" ? undefined : { by: "name", name };
}

function textsIfGiven(fields: Fields, name: string): readonly string[] | undefined {
  return fields.raw(name) === undefined ? undefined : fields.texts(name);
}

async function write(call: VaultCall, reference: Named | undefined): Promise<VaultResult> {
  const { fields } = call;
  const { group, created } = await call.execute(writeGroup, {
    reference,
    name: fields.text("name") || undefined,
    type: typeOf(fields),
    metadata: pairsOf(fields, "metadata"),
    policies: textsIfGiven(fields, "policies"),
    memberEntityIds: textsIfGiven(fields, "member_entity_ids"),
    memberGroupIds: textsIfGiven(fields, "member_group_ids"),
  });
  return created ? ok(JSON.stringify({ id: group.id, name: group.name })) : noContent;
}

function typeOf(fields: Fields): VaultGroup["type"] | undefined {
  const type = fields.text("type") ?? "";
  if (type === "") return undefined;
  if (type === "internal" || type === "external") return type;
  const reason = `invalid group type ${JSON.stringify(type)}`;
  throw ServiceError.of("InvalidInput", { kind: "validation", member: "type", reason });
}

/** A group as Vault shows it (OpenBao, internal/vault/identity: `handleGroupReadCommon`). */
function groupFacts(group: VaultGroup) {
  const listed = (ids: readonly string[]) => (ids.length === 0 ? null : ids);
  return {
    alias: group.alias === undefined ? {} : groupAliasFacts(group.alias, group),
    creation_time: timeOf(group.createdAtMs),
    id: group.id,
    last_update_time: timeOf(group.updatedAtMs),
    member_entity_ids: listed(group.memberEntityIds),
    member_group_ids: listed(group.memberGroupIds),
    metadata: shownPairs(group.metadata),
    modify_index: group.modifyIndex,
    name: group.name,
    namespace_id: "root",
    parent_group_ids: listed(group.parentGroupIds),
    policies: listed(group.policies),
    type: group.type,
  };
}

async function read(call: VaultCall, reference: GroupReference): Promise<VaultResult> {
  const found = await call.execute(readGroup, reference);
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "group" });
  return ok(JSON.stringify(groupFacts(found.group)));
}

async function remove(call: VaultCall, reference: Named): Promise<VaultResult> {
  await call.execute(deleteGroup, reference);
  return noContent;
}

async function list(call: VaultCall): Promise<readonly VaultGroup[]> {
  const { groups } = await call.execute(listGroups, null);
  if (groups.length === 0) throw ServiceError.of("NotFound", { resource: "operation", id: "group" });
  return groups;
}

async function listIds(call: VaultCall): Promise<VaultResult> {
  const groups = await list(call);
  const infos = groups.map((group) => [
    group.id,
    {
      name: group.name,
      num_member_entities: group.memberEntityIds.length,
      num_parent_groups: group.parentGroupIds.length,
    },
  ]);
  return ok(JSON.stringify({ key_info: Object.fromEntries(infos), keys: groups.map(({ id }) => id) }));
}

async function listNames(call: VaultCall): Promise<VaultResult> {
  const groups = await list(call);
  return ok(JSON.stringify({ keys: groups.map(({ name }) => name).sort() }));
}

function aliasInBody({ fields }: VaultCall): GroupReference | undefined {
  const name = fields.text("alias_name") ?? "";
  const mountAccessor = fields.text("alias_mount_accessor") ?? "";
  return name === "" || mountAccessor === "" ? undefined : { by: "aliasName", mountAccessor, name };
}

/** Vault API: identity/lookup/group. Nothing found is a 204. */
async function lookUp(call: VaultCall): Promise<VaultResult> {
  const reference = referenceInBody(call) ?? aliasInBody(call);
  if (reference === undefined) {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "query parameter not supplied" });
  }
  const found = await call.execute(readGroup, reference);
  return found === undefined ? noContent : ok(JSON.stringify(groupFacts(found.group)));
}

import {
  deleteEntity,
  type EntityReference,
  type FoundEntity,
  limits,
  listEntities,
  mergeEntities,
  readEntity,
  ServiceError,
  type VaultEntity,
  writeEntity,
} from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { aliasFacts } from "./aliases.ts";
import { pairsOf, shownPairs, timeOf } from "./pairs.ts";

const fields = ["disabled", "id", "metadata", "name", "policies"];

/** Vault API: identity/entity. */
export const entityRoutes: readonly Route[] = [
  { pattern: "entity", fields, operations: { update: (call) => write(call, referenceInBody(call)) } },
  {
    pattern: "entity/merge",
    fields: ["conflicting_alias_ids_to_keep", "force", "from_entity_ids", "to_entity_id"],
    operations: { update: merge },
  },
  { pattern: "entity/batch-delete", fields: ["entity_ids"], operations: { update: removeMany } },
  { pattern: "entity/id", fields: [], operations: { list: listIds }, slash: true },
  {
    pattern: "entity/id/:name",
    fields,
    operations: {
      read: (call) => read(call, byId(call)),
      update: (call) => write(call, byId(call)),
      delete: (call) => remove(call, byId(call)),
    },
  },
  { pattern: "entity/name", fields: [], operations: { list: listNames }, slash: true },
  {
    pattern: "entity/name/*",
    folds: "case",
    fields,
    operations: {
      read: (call) => read(call, byName(call)),
      update: (call) => write(call, byName(call)),
      delete: (call) => remove(call, byName(call)),
    },
  },
  {
    pattern: "lookup/entity",
    fields: ["alias_id", "alias_mount_accessor", "alias_name", "id", "name"],
    operations: { update: lookUp },
  },
];

type Named = Extract<EntityReference, { by: "id" | "name" }>;

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

async function write(call: VaultCall, reference: Named | undefined): Promise<VaultResult> {
  const { fields } = call;
  const { entity, created } = await call.execute(writeEntity, {
    reference,
    name: fields.text("name") || undefined,
    metadata: pairsOf(fields, "metadata"),
    policies: fields.raw("policies") === undefined ? undefined : fields.texts("policies"),
    disabled: fields.boolean("disabled"),
  });
  return created ? ok(JSON.stringify({ aliases: null, id: entity.id, name: entity.name })) : noContent;
}

async function read(call: VaultCall, reference: EntityReference): Promise<VaultResult> {
  const found = await call.execute(readEntity, reference);
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "entity" });
  return ok(JSON.stringify(entityFacts(found)));
}

/** An entity as Vault shows it (OpenBao, internal/vault/identity: `handleEntityReadCommon`). */
function entityFacts({ entity, groups }: FoundEntity) {
  const direct = groups.direct.map(({ id }) => id);
  const inherited = groups.inherited.map(({ id }) => id);
  return {
    aliases: entity.aliases.map((alias) => aliasFacts(alias, entity)),
    creation_time: timeOf(entity.createdAtMs),
    direct_group_ids: direct,
    disabled: entity.disabled,
    group_ids: [...direct, ...inherited],
    id: entity.id,
    inherited_group_ids: inherited,
    last_update_time: timeOf(entity.updatedAtMs),
    merged_entity_ids: entity.mergedEntityIds.length === 0 ? null : entity.mergedEntityIds,
    metadata: shownPairs(entity.metadata),
    name: entity.name,
    namespace_id: "root",
    policies: entity.policies,
  };
}

async function remove(call: VaultCall, reference: Named): Promise<VaultResult> {
  await call.execute(deleteEntity, reference);
  return noContent;
}

async function merge(call: VaultCall): Promise<VaultResult> {
  const { fields } = call;
  const toId = fields.text("to_entity_id") ?? "";
  await call.execute(mergeEntities, { fromIds: fields.texts("from_entity_ids"), toId });
  return noContent;
}

/** Vault API: identity/entity/batch-delete, one after the other. */
async function removeMany(call: VaultCall): Promise<VaultResult> {
  const ids = call.fields.texts("entity_ids");
  const max = limits.vaultMergedEntities.value;
  if (ids.length === 0) refuse("missing entity ids to delete");
  if (ids.length > max) refuse(`at most ${max} entities can be deleted at once`);
  for (const id of new Set(ids)) await call.execute(deleteEntity, { by: "id", id });
  return noContent;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

async function list(call: VaultCall): Promise<readonly VaultEntity[]> {
  const { entities } = await call.execute(listEntities, null);
  if (entities.length === 0) throw ServiceError.of("NotFound", { resource: "operation", id: "entity" });
  return entities;
}

async function listIds(call: VaultCall): Promise<VaultResult> {
  const entities = await list(call);
  const infos = entities.map((entity) => {
    const aliases = entity.aliases.map(({ id, name, mountAccessor, mountPath, mountType }) => {
      return { id, mount_accessor: mountAccessor, mount_path: `${mountPath}/`, mount_type: mountType, name };
    });
    return [entity.id, { name: entity.name, ...(aliases.length === 0 ? {} : { aliases }) }];
  });
  return ok(JSON.stringify({ key_info: Object.fromEntries(infos), keys: entities.map(({ id }) => id) }));
}

async function listNames(call: VaultCall): Promise<VaultResult> {
  const entities = await list(call);
  return ok(JSON.stringify({ keys: entities.map(({ name }) => name).sort() }));
}

/** Vault API: identity/lookup/entity. Nothing found is a 204. */
async function lookUp(call: VaultCall): Promise<VaultResult> {
  const found = await call.execute(readEntity, soughtEntity(call));
  return found === undefined ? noContent : ok(JSON.stringify(entityFacts(found)));
}

function soughtEntity({ fields }: VaultCall): EntityReference {
  const text = (name: string) => fields.text(name) ?? "";
  const [id, name, aliasId] = [text("id"), text("name"), text("alias_id")];
  const [aliasName, mountAccessor] = [text("alias_name"), text("alias_mount_accessor")];
  const sought: EntityReference[] = [];
  if (id !== "") sought.push({ by: "id", id });
  if (name !== "") sought.push({ by: "name", name });
  if (aliasId !== "") sought.push({ by: "alias", id: aliasId });
  if (aliasName !== "" && mountAccessor !== "") sought.push({ by: "aliasName", mountAccessor, name: aliasName });
  const [first] = sought;
  if (first !== undefined && sought.length === 1) return first;
  const reason =
    sought.length > 1
      ? "only one of 'id', 'name', 'alias_id' and the pair of 'alias_name' and 'alias_mount_accessor' can be set"
      : "query parameter not supplied";
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

import type { Core } from "../../core.ts";
import type { VaultEntity } from "../../model/vault-identity.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { VaultEntries, VaultEntry } from "../../vault/vault-entries.ts";
import {
  aliasKey,
  type EntityGroups,
  findAlias,
  findEntity,
  findGroup,
  findId,
  groupsOf,
  identityAreas,
  identityName,
} from "../../vault/vault-identities.ts";
import {
  checkIdentityName,
  checkMetadata,
  commitIdentity,
  dropReference,
  identityOperation,
  identityPolicies,
  refuseInput,
  renameWrites,
  valuesOf,
} from "./identity-operation.ts";

/** How an entity is named by a request. */
export type EntityReference =
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "name"; readonly name: string }
  | { readonly by: "alias"; readonly id: string }
  | { readonly by: "aliasName"; readonly mountAccessor: string; readonly name: string };

export interface FoundEntity {
  readonly entity: VaultEntity;
  readonly groups: EntityGroups;
}

async function find(entries: VaultEntries, reference: EntityReference): Promise<VaultEntry<VaultEntity> | undefined> {
  if (reference.by === "alias") return (await findAlias(entries, reference.id))?.entity;
  const id = await idOf(entries, reference);
  return id === undefined ? undefined : findEntity(entries, id);
}

async function idOf(
  entries: VaultEntries,
  reference: Exclude<EntityReference, { by: "alias" }>,
): Promise<string | undefined> {
  if (reference.by === "id") return reference.id;
  if (reference.by === "name") return findId(entries, identityAreas.entityNames, identityName(reference.name));
  return findId(entries, identityAreas.aliasKeys, aliasKey(reference.mountAccessor, reference.name));
}

/** Vault API: identity/entity/id/ID, identity/entity/name/NAME and identity/lookup/entity. */
export const readEntity = defineOperation<EntityReference, FoundEntity | undefined>({
  ...identityOperation,
  name: "ReadEntity",
  readOnly: true,
  record: (reference) => ({ ...reference }),
  async run({ core, input }) {
    const entity = (await find(core.vaultEntries, input))?.value;
    return entity && { entity, groups: await groupsOf(core.vaultEntries, entity) };
  },
});

export interface WriteEntityInput {
  /** By id, or by name; absent makes one. */
  readonly reference: Extract<EntityReference, { by: "id" | "name" }> | undefined;
  readonly name: string | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly policies: readonly string[] | undefined;
  readonly disabled: boolean | undefined;
}

export interface WrittenEntity {
  readonly entity: VaultEntity;
  readonly created: boolean;
}

/** Vault API: identity/entity, identity/entity/id/ID and identity/entity/name/NAME, write. */
export const writeEntity = defineOperation<WriteEntityInput, WrittenEntity>({
  ...identityOperation,
  name: "WriteEntity",
  readOnly: false,
  record: ({ reference, name, policies, disabled }) => ({ ...reference, name, policies, disabled }),
  recordOutput: ({ entity }) => ({ id: entity.id, name: entity.name }),
  async run({ core, input, nowMs }) {
    const { reference, metadata, disabled } = input;
    if (metadata !== undefined) checkMetadata(metadata);
    const existing = reference === undefined ? undefined : await find(core.vaultEntries, reference);
    if (existing === undefined && reference?.by === "id") refuseInput("entity not found from id");
    const before = existing?.value ?? newEntity(core, reference?.by === "name" ? reference.name : input.name, nowMs);
    const entity: VaultEntity = {
      ...before,
      name: input.name ?? (reference?.by === "name" ? reference.name : before.name),
      metadata: metadata ?? before.metadata,
      policies: input.policies === undefined ? before.policies : identityPolicies(input.policies),
      disabled: disabled ?? before.disabled,
      updatedAtMs: nowMs,
    };
    checkIdentityName(entity.name, "entity name");
    await checkNameIsFree(core.vaultEntries, entity);
    await commitIdentity(core, await entityWrites(core.vaultEntries, existing, entity));
    return { entity, created: existing === undefined };
  },
});

/** An entity that is to be made. */
export function newEntity(core: Core, name: string | undefined, nowMs: number): VaultEntity {
  return {
    id: core.randomness.id(),
    name: name ?? `entity_${core.randomness.bytes(4).toString("hex")}`,
    metadata: {},
    policies: [],
    disabled: false,
    aliases: [],
    groupIds: [],
    mergedEntityIds: [],
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

async function checkNameIsFree(entries: VaultEntries, { id, name }: VaultEntity): Promise<void> {
  const taken = await findId(entries, identityAreas.entityNames, identityName(name));
  if (taken !== undefined && taken !== id) refuseInput("entity name is already in use");
}

/** The writes of an entity as it is to be, with its name. */
export async function entityWrites(
  entries: VaultEntries,
  existing: VaultEntry<VaultEntity> | undefined,
  entity: VaultEntity,
) {
  const { entities, entityNames } = identityAreas;
  const before = existing === undefined ? undefined : identityName(existing.value.name);
  const name = await renameWrites(entries, entityNames, before, identityName(entity.name), entity.id);
  const row = existing === undefined ? entries.insert(entities, entity.id, entity) : entries.update(existing, entity);
  return [row, ...name];
}

/** Vault API: identity/entity/id/ID and identity/entity/name/NAME, delete. Its aliases and memberships go with it. */
export const deleteEntity = defineOperation<Extract<EntityReference, { by: "id" | "name" }>, null>({
  ...identityOperation,
  name: "DeleteEntity",
  readOnly: false,
  record: (reference) => ({ ...reference }),
  async run({ core, input }) {
    const entries = core.vaultEntries;
    const found = await find(entries, input);
    if (found === undefined) return null;
    const { id, name, aliases, groupIds, mergedEntityIds } = found.value;
    const writes = [
      entries.delete(found),
      ...(await dropReference(entries, identityAreas.entityNames, identityName(name))),
    ];
    for (const alias of aliases) {
      writes.push(...(await dropReference(entries, identityAreas.aliases, alias.id)));
      writes.push(
        ...(await dropReference(entries, identityAreas.aliasKeys, aliasKey(alias.mountAccessor, alias.name))),
      );
    }
    for (const merged of mergedEntityIds) {
      writes.push(...(await dropReference(entries, identityAreas.mergedEntities, merged)));
    }
    for (const groupId of groupIds) {
      const group = await findGroup(entries, groupId);
      if (group?.value.memberEntityIds.includes(id) !== true) continue;
      const memberEntityIds = group.value.memberEntityIds.filter((member) => member !== id);
      writes.push(entries.update(group, { ...group.value, memberEntityIds }));
    }
    await commitIdentity(core, writes);
    return null;
  },
});

/** Vault API: identity/entity/id and identity/entity/name, list. */
export const listEntities = defineOperation<null, { readonly entities: readonly VaultEntity[] }>({
  ...identityOperation,
  name: "ListEntities",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const found = await valuesOf<VaultEntity>(core, identityAreas.entities);
    return { entities: found.map(({ value }) => value) };
  },
});

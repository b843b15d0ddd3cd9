import type { VaultPolicyIdentity } from "@coffer/policy";
import { limits } from "../limits.ts";
import type { VaultAlias, VaultEntity, VaultGroup } from "../model/vault-identity.ts";
import type { VaultEntries, VaultEntry } from "./vault-entries.ts";

/** Where identities are: every area below `identity/` takes part in what tokens may do. */
export const identityAreas = {
  /** By id. */
  entities: "identity/entity",
  /** By name in lower case: the id. */
  entityNames: "identity/entity-name",
  /** By the id of an entity that was merged into another one: the other one's. */
  mergedEntities: "identity/merged-entity",
  /** By id: the id of the entity that has it. */
  aliases: "identity/alias",
  /** By `aliasKey`: the id of the entity. */
  aliasKeys: "identity/alias-key",
  /** By id. */
  groups: "identity/group",
  /** By name in lower case: the id. */
  groupNames: "identity/group-name",
  /** By id: the id of the group that has it. */
  groupAliases: "identity/group-alias",
  /** By `aliasKey`: the id of the group. */
  groupAliasKeys: "identity/group-alias-key",
} as const;

/** The areas that lead from a name to an id. */
export type IndexArea = Exclude<
  (typeof identityAreas)[keyof typeof identityAreas],
  "identity/entity" | "identity/group"
>;

/** An entry of an index: the id of what it leads to. */
export interface IdReference {
  readonly id: string;
}

export function identityName(name: string): string {
  return name.toLowerCase();
}

/** Under what an alias is found by a login. */
export function aliasKey(mountAccessor: string, name: string): string {
  return `${mountAccessor}/${identityName(name)}`;
}

export function findEntity(entries: VaultEntries, id: string): Promise<VaultEntry<VaultEntity> | undefined> {
  return entries.get<VaultEntity>(identityAreas.entities, id);
}

export function findGroup(entries: VaultEntries, id: string): Promise<VaultEntry<VaultGroup> | undefined> {
  return entries.get<VaultGroup>(identityAreas.groups, id);
}

/** The id that an index has under a name. */
export async function findId(entries: VaultEntries, area: IndexArea, name: string): Promise<string | undefined> {
  return (await entries.get<IdReference>(area, name))?.value.id;
}

/** An alias and whose it is. */
export interface FoundAlias {
  readonly entity: VaultEntry<VaultEntity>;
  readonly alias: VaultAlias;
}

export async function findAlias(entries: VaultEntries, id: string): Promise<FoundAlias | undefined> {
  const entityId = await findId(entries, identityAreas.aliases, id);
  const entity = entityId === undefined ? undefined : await findEntity(entries, entityId);
  const alias = entity?.value.aliases.find((each) => each.id === id);
  return entity === undefined || alias === undefined ? undefined : { entity, alias };
}

/** The groups that an entity is in: its own, and those that they are in. */
export interface EntityGroups {
  readonly direct: readonly VaultGroup[];
  readonly inherited: readonly VaultGroup[];
}

export async function groupsOf(entries: VaultEntries, entity: VaultEntity): Promise<EntityGroups> {
  const direct = await findGroups(entries, entity.groupIds);
  const seen = new Set(entity.groupIds);
  const inherited: VaultGroup[] = [];
  for (let level = direct; level.length > 0 && inherited.length < limits.vaultEntityGroups.value; ) {
    const above = [...new Set(level.flatMap((group) => group.parentGroupIds))].filter((id) => !seen.has(id));
    for (const id of above) seen.add(id);
    level = await findGroups(entries, above);
    inherited.push(...level);
  }
  return { direct, inherited };
}

async function findGroups(entries: VaultEntries, ids: readonly string[]): Promise<VaultGroup[]> {
  const found: VaultGroup[] = [];
  for (const id of ids) {
    const group = await findGroup(entries, id);
    if (group !== undefined) found.push(group.value);
  }
  return found;
}

/** What an entity adds to its tokens. */
export interface EntityAccess {
  readonly disabled: boolean;
  /** Names of its own policies, then of its groups', each once. */
  readonly policies: readonly string[];
  /** What fills the templates of policies. */
  readonly identity: VaultPolicyIdentity;
}

async function findMerged(entries: VaultEntries, id: string): Promise<VaultEntry<VaultEntity> | undefined> {
  const into = await findId(entries, identityAreas.mergedEntities, id);
  return into === undefined ? undefined : findEntity(entries, into);
}

/** @returns undefined when there is no such entity: its tokens may do nothing */
export async function entityAccess(entries: VaultEntries, entityId: string): Promise<EntityAccess | undefined> {
  const entity = (await findEntity(entries, entityId)) ?? (await findMerged(entries, entityId));
  return entity && accessOf(entries, entity.value);
}

/** As `entityAccess`, of an entity that was read. */
export async function accessOf(entries: VaultEntries, entity: VaultEntity): Promise<EntityAccess> {
  const { direct, inherited } = await groupsOf(entries, entity);
  const groups = [...direct, ...inherited];
  const policies = new Set([...entity.policies, ...groups.flatMap((group) => group.policies)]);
  return { disabled: entity.disabled, policies: [...policies], identity: { entity, groups } };
}

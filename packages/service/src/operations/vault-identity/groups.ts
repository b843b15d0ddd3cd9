import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { VaultEntity, VaultGroup } from "../../model/vault-identity.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { aliasKey, findEntity, findGroup, findId, identityAreas, identityName } from "../../vault/vault-identities.ts";
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

export type GroupReference =
  | { readonly by: "id"; readonly id: string }
  | { readonly by: "name"; readonly name: string }
  | { readonly by: "aliasName"; readonly mountAccessor: string; readonly name: string };

/** A group that may be made under its name where there is none. */
type NamedGroup = Exclude<GroupReference, { by: "aliasName" }>;

async function find(core: Core, reference: GroupReference): Promise<VaultEntry<VaultGroup> | undefined> {
  const id = await idOf(core, reference);
  return id === undefined ? undefined : findGroup(core.vaultEntries, id);
}

async function idOf({ vaultEntries }: Core, reference: GroupReference): Promise<string | undefined> {
  if (reference.by === "id") return reference.id;
  if (reference.by === "name") return findId(vaultEntries, identityAreas.groupNames, identityName(reference.name));
  return findId(vaultEntries, identityAreas.groupAliasKeys, aliasKey(reference.mountAccessor, reference.name));
}

/** Vault API: identity/group/id/ID, identity/group/name/NAME and identity/lookup/group. */
export const readGroup = defineOperation<GroupReference, { readonly group: VaultGroup } | undefined>({
  ...identityOperation,
  name: "ReadGroup",
  readOnly: true,
  record: (reference) => ({ ...reference }),
  async run({ core, input }) {
    const found = await find(core, input);
    return found && { group: found.value };
  },
});

export interface WriteGroupInput {
  readonly reference: NamedGroup | undefined;
  readonly name: string | undefined;
  readonly type: VaultGroup["type"] | undefined;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  readonly policies: readonly string[] | undefined;
  readonly memberEntityIds: readonly string[] | undefined;
  readonly memberGroupIds: readonly string[] | undefined;
}

/** Vault API: identity/group, identity/group/id/ID and identity/group/name/NAME, write. */
export const writeGroup = defineOperation<WriteGroupInput, { readonly group: VaultGroup; readonly created: boolean }>({
  ...identityOperation,
  name: "WriteGroup",
  readOnly: false,
  record: ({ reference, name, policies }) => ({ ...reference, name, policies }),
  recordOutput: ({ group }) => ({ id: group.id, name: group.name }),
  async run({ core, input, nowMs }) {
    const { reference } = input;
    if (input.metadata !== undefined) checkMetadata(input.metadata);
    const existing = reference === undefined ? undefined : await find(core, reference);
    if (existing === undefined && reference?.by === "id") refuseInput("group not found from id");
    const before = existing?.value ?? newGroup(core, input.type ?? "internal", nowMs);
    checkType(before, input);
    const group: VaultGroup = {
      ...before,
      name: input.name ?? (reference?.by === "name" ? reference.name : before.name),
      metadata: input.metadata ?? before.metadata,
      policies: input.policies === undefined ? before.policies : identityPolicies(input.policies),
      memberEntityIds: members(input.memberEntityIds, before.memberEntityIds),
      memberGroupIds: members(input.memberGroupIds, before.memberGroupIds),
      modifyIndex: before.modifyIndex + 1,
      updatedAtMs: nowMs,
    };
    checkIdentityName(group.name, "group name");
    const taken = await findId(core.vaultEntries, identityAreas.groupNames, identityName(group.name));
    if (taken !== undefined && taken !== group.id) refuseInput("group name is already in use");
    await checkNoCycle(core, group);
    await commitIdentity(core, await groupWrites(core, existing, group));
    return { group, created: existing === undefined };
  },
});

/** Who is in an external group is not for operators to say. */
function checkType({ type }: VaultGroup, input: WriteGroupInput): void {
  if (input.type !== undefined && input.type !== type) refuseInput("group type cannot be changed");
  if (type === "internal") return;
  if (input.memberEntityIds !== undefined) refuseInput("member entities can't be set manually for external groups");
  if (input.memberGroupIds !== undefined) refuseInput("member groups can't be set for external groups");
}

function newGroup(core: Core, type: VaultGroup["type"], nowMs: number): VaultGroup {
  return {
    type,
    id: core.randomness.id(),
    name: `group_${core.randomness.bytes(4).toString("hex")}`,
    metadata: {},
    policies: [],
    memberEntityIds: [],
    memberGroupIds: [],
    parentGroupIds: [],
    modifyIndex: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

function members(wanted: readonly string[] | undefined, before: readonly string[]): readonly string[] {
  if (wanted === undefined) return before;
  const ids = [...new Set(wanted)].sort();
  const max = limits.vaultGroupMembers.value;
  if (ids.length > max) refuseInput(`a group has at most ${max} members of a kind`);
  return ids;
}

/** No group may be in itself, by way of others either. */
async function checkNoCycle(core: Core, group: VaultGroup): Promise<void> {
  const seen = new Set<string>();
  const open = [...group.memberGroupIds];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === group.id) refuseInput(`cyclic relationship detected for member group ID ${JSON.stringify(id)}`);
    if (seen.has(id)) continue;
    seen.add(id);
    if (seen.size > limits.vaultGroupMembers.value) refuseInput("the groups below this one are too many");
    const below = await findGroup(core.vaultEntries, id);
    if (below === undefined) refuseInput(`invalid member group ID ${JSON.stringify(id)}`);
    open.push(...below.value.memberGroupIds);
  }
}

/** The writes of a group as it is to be, with its name, and of all whose membership changes. */
async function groupWrites(core: Core, existing: VaultEntry<VaultGroup> | undefined, group: VaultGroup) {
  const entries = core.vaultEntries;
  const { groups, groupNames } = identityAreas;
  const before = existing === undefined ? undefined : identityName(existing.value.name);
  return [
    existing === undefined ? entries.insert(groups, group.id, group) : entries.update(existing, group),
    ...(await renameWrites(entries, groupNames, before, identityName(group.name), group.id)),
    ...(await memberWrites(core, existing?.value, group)),
  ];
}

async function memberWrites(core: Core, before: VaultGroup | undefined, after: VaultGroup): Promise<Write[]> {
  const entries = core.vaultEntries;
  const writes: Write[] = [];
  for (const { id, joins } of changes(before?.memberEntityIds ?? [], after.memberEntityIds)) {
    const entity = await findEntity(entries, id);
    if (entity === undefined && joins) refuseInput(`invalid entity ID ${JSON.stringify(id)}`);
    if (entity !== undefined) writes.push(entries.update(entity, joinedEntity(entity.value, after.id, joins)));
  }
  for (const { id, joins } of changes(before?.memberGroupIds ?? [], after.memberGroupIds)) {
    const group = await findGroup(entries, id);
    if (group === undefined && joins) refuseInput(`invalid member group ID ${JSON.stringify(id)}`);
    if (group === undefined) continue;
    const parentGroupIds = joined(group.value.parentGroupIds, after.id, joins);
    writes.push(entries.update(group, { ...group.value, parentGroupIds }));
  }
  return writes;
}

function joinedEntity(entity: VaultEntity, groupId: string, joins: boolean): VaultEntity {
  const groupIds = joined(entity.groupIds, groupId, joins);
  const max = limits.vaultEntityGroups.value;
  if (groupIds.length > max) refuseInput(`an entity is in at most ${max} groups`);
  return { ...entity, groupIds };
}

function joined(ids: readonly string[], id: string, joins: boolean): readonly string[] {
  const others = ids.filter((each) => each !== id);
  return joins ? [...others, id].sort() : others;
}

function changes(before: readonly string[], after: readonly string[]) {
  return [
    ...before.filter((id) => !after.includes(id)).map((id) => ({ id, joins: false })),
    ...after.filter((id) => !before.includes(id)).map((id) => ({ id, joins: true })),
  ];
}

/** Vault API: identity/group/id/ID and identity/group/name/NAME, delete. */
export const deleteGroup = defineOperation<NamedGroup, null>({
  ...identityOperation,
  name: "DeleteGroup",
  readOnly: false,
  record: (reference) => ({ ...reference }),
  async run({ core, input }) {
    const found = await find(core, input);
    if (found === undefined) return null;
    const entries = core.vaultEntries;
    const group = found.value;
    const writes = [
      entries.delete(found),
      ...(await dropReference(entries, identityAreas.groupNames, identityName(group.name))),
      ...(await memberWrites(core, group, { ...group, memberEntityIds: [], memberGroupIds: [] })),
    ];
    if (group.alias !== undefined) {
      const { id, mountAccessor, name } = group.alias;
      writes.push(...(await dropReference(entries, identityAreas.groupAliases, id)));
      writes.push(...(await dropReference(entries, identityAreas.groupAliasKeys, aliasKey(mountAccessor, name))));
    }
    for (const id of group.parentGroupIds) {
      const parent = await findGroup(entries, id);
      if (parent === undefined) continue;
      const memberGroupIds = parent.value.memberGroupIds.filter((member) => member !== group.id);
      writes.push(entries.update(parent, { ...parent.value, memberGroupIds }));
    }
    await commitIdentity(core, writes);
    return null;
  },
});

/** Vault API: identity/group/id and identity/group/name, list. */
export const listGroups = defineOperation<null, { readonly groups: readonly VaultGroup[] }>({
  ...identityOperation,
  name: "ListGroups",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const found = await valuesOf<VaultGroup>(core, identityAreas.groups);
    return { groups: found.map(({ value }) => value) };
  },
});

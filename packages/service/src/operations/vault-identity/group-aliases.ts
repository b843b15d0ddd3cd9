import type { Core } from "../../core.ts";
import type { VaultGroup, VaultGroupAlias } from "../../model/vault-identity.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { aliasKey, findGroup, findId, identityAreas } from "../../vault/vault-identities.ts";
import {
  authMountOf,
  checkIdentityName,
  commitIdentity,
  dropReference,
  identityOperation,
  refuseInput,
  renameWrites,
  valuesOf,
} from "./identity-operation.ts";

/** A group's alias and whose it is. */
export interface OwnedGroupAlias {
  readonly alias: VaultGroupAlias;
  readonly group: VaultGroup;
}

interface FoundGroupAlias {
  readonly alias: VaultGroupAlias;
  readonly group: VaultEntry<VaultGroup>;
}

async function find({ vaultEntries }: Core, id: string): Promise<FoundGroupAlias | undefined> {
  const groupId = await findId(vaultEntries, identityAreas.groupAliases, id);
  const group = groupId === undefined ? undefined : await findGroup(vaultEntries, groupId);
  const alias = group?.value.alias;
  return group === undefined || alias?.id !== id ? undefined : { alias, group };
}

export interface WriteGroupAliasInput {
  /** Of an alias that is there. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly mountAccessor: string | undefined;
  /** The id of the external group. */
  readonly canonicalId: string | undefined;
}

/** Vault API: identity/group-alias and identity/group-alias/id/ID, write. A group has one: another one takes its place. */
export const writeGroupAlias = defineOperation<WriteGroupAliasInput, OwnedGroupAlias>({
  ...identityOperation,
  name: "WriteGroupAlias",
  readOnly: false,
  record: ({ id, name, mountAccessor, canonicalId }) => ({ id, name, mountAccessor, canonicalId }),
  recordOutput: ({ alias, group }) => ({ id: alias.id, canonicalId: group.id }),
  async run({ core, input, nowMs }) {
    const existing =
      input.id === undefined ? undefined : ((await find(core, input.id)) ?? refuseInput("invalid group alias ID"));
    const name = input.name ?? existing?.alias.name ?? refuseInput("missing alias name");
    const mountAccessor = input.mountAccessor ?? existing?.alias.mountAccessor ?? refuseInput("missing mount_accessor");
    checkIdentityName(name, "alias name");
    const mount = await authMountOf(core, mountAccessor);
    const owner = await findOwner(core, input.canonicalId, existing);
    const alias: VaultGroupAlias = {
      id: existing?.alias.id ?? core.randomness.id(),
      mountAccessor,
      ...mount,
      name,
      createdAtMs: existing?.alias.createdAtMs ?? nowMs,
      updatedAtMs: nowMs,
    };
    const group = { ...owner.value, alias, modifyIndex: owner.value.modifyIndex + 1, updatedAtMs: nowMs };
    await commitIdentity(core, await aliasWrites(core, existing, owner, group, alias));
    return { alias, group };
  },
});

/** The external group that the alias is to be of; an alias stays with its group. */
async function findOwner(
  core: Core,
  canonicalId: string | undefined,
  existing: FoundGroupAlias | undefined,
): Promise<VaultEntry<VaultGroup>> {
  if (existing !== undefined && (canonicalId === undefined || canonicalId === existing.group.value.id))
    return existing.group;
  if (existing !== undefined) refuseInput("a group alias cannot be given to another group: delete it first");
  const group = canonicalId === undefined ? undefined : await findGroup(core.vaultEntries, canonicalId);
  if (group === undefined) refuseInput("invalid group ID given in 'canonical_id'");
  if (group.value.type !== "external") refuseInput("alias can't be set on an internal group");
  return group;
}

async function aliasWrites(
  core: Core,
  existing: FoundGroupAlias | undefined,
  owner: VaultEntry<VaultGroup>,
  group: VaultGroup,
  alias: VaultGroupAlias,
) {
  const entries = core.vaultEntries;
  const { groupAliases, groupAliasKeys } = identityAreas;
  const key = aliasKey(alias.mountAccessor, alias.name);
  const before = owner.value.alias;
  const keyBefore = before && aliasKey(before.mountAccessor, before.name);
  const taken = await findId(entries, groupAliasKeys, key);
  if (taken !== undefined && (existing === undefined || taken !== group.id)) {
    refuseInput("combination of mount and group alias name is already in use");
  }
  const replaced =
    before === undefined || before.id === alias.id ? [] : await dropReference(entries, groupAliases, before.id);
  return [
    entries.update(owner, group),
    ...replaced,
    ...(existing === undefined ? [entries.insert(groupAliases, alias.id, { id: group.id })] : []),
    ...(await renameWrites(entries, groupAliasKeys, keyBefore, key, group.id)),
  ];
}

/** Vault API: identity/group-alias/id/ID, read. */
export const readGroupAlias = defineOperation<{ readonly id: string }, OwnedGroupAlias | undefined>({
  ...identityOperation,
  name: "ReadGroupAlias",
  readOnly: true,
  record: ({ id }) => ({ id }),
  async run({ core, input }) {
    const found = await find(core, input.id);
    return found && { alias: found.alias, group: found.group.value };
  },
});

/** Vault API: identity/group-alias/id/ID, delete. */
export const deleteGroupAlias = defineOperation<{ readonly id: string }, null>({
  ...identityOperation,
  name: "DeleteGroupAlias",
  readOnly: false,
  record: ({ id }) => ({ id }),
  async run({ core, input, nowMs }) {
    const found = await find(core, input.id);
    if (found === undefined) return null;
    const { alias, group } = found;
    const { alias: _, ...rest } = group.value;
    const entries = core.vaultEntries;
    await commitIdentity(core, [
      entries.update(group, { ...rest, modifyIndex: rest.modifyIndex + 1, updatedAtMs: nowMs }),
      ...(await dropReference(entries, identityAreas.groupAliases, alias.id)),
      ...(await dropReference(entries, identityAreas.groupAliasKeys, aliasKey(alias.mountAccessor, alias.name))),
    ]);
    return null;
  },
});

/** Vault API: identity/group-alias/id, list. */
export const listGroupAliases = defineOperation<null, { readonly aliases: readonly OwnedGroupAlias[] }>({
  ...identityOperation,
  name: "ListGroupAliases",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const found = await valuesOf<VaultGroup>(core, identityAreas.groups);
    const aliases = found.flatMap(({ value: group }) =>
      group.alias === undefined ? [] : [{ alias: group.alias, group }],
    );
    return { aliases: aliases.sort((one, other) => (one.alias.id < other.alias.id ? -1 : 1)) };
  },
});

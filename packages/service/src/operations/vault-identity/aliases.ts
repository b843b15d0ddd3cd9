import type { Core } from "../../core.ts";
import type { VaultAlias, VaultEntity } from "../../model/vault-identity.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import {
  aliasKey,
  type FoundAlias,
  findAlias,
  findEntity,
  findId,
  identityAreas,
} from "../../vault/vault-identities.ts";
import { entityWrites, newEntity } from "./entities.ts";
import {
  authMountOf,
  checkIdentityName,
  checkMetadata,
  commitIdentity,
  dropReference,
  identityOperation,
  refuseInput,
  renameWrites,
  valuesOf,
} from "./identity-operation.ts";

export interface OwnedAlias {
  readonly alias: VaultAlias;
  readonly entity: VaultEntity;
}

export interface WriteAliasInput {
  /** Of an alias that is there. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly mountAccessor: string | undefined;
  /** The id of the entity that it is to be of. */
  readonly canonicalId: string | undefined;
  readonly customMetadata: Readonly<Record<string, string>> | undefined;
}

/** Vault API: identity/entity-alias and identity/entity-alias/id/ID, write. Makes the entity too where none is named. */
export const writeEntityAlias = defineOperation<WriteAliasInput, OwnedAlias & { readonly created: boolean }>({
  ...identityOperation,
  name: "WriteEntityAlias",
  readOnly: false,
  record: ({ id, name, mountAccessor, canonicalId }) => ({ id, name, mountAccessor, canonicalId }),
  recordOutput: ({ alias, entity }) => ({ id: alias.id, canonicalId: entity.id }),
  async run({ core, input, nowMs }) {
    if (input.customMetadata !== undefined) checkMetadata(input.customMetadata);
    const existing = await findExisting(core, input);
    const name = input.name ?? existing?.alias.name ?? "";
    const mountAccessor = input.mountAccessor ?? existing?.alias.mountAccessor ?? "";
    checkIdentityName(name, "alias name");
    const mount = await authMountOf(core, mountAccessor);
    const entity = await findOwner(core, input, existing);
    const before = entity?.value ?? newEntity(core, undefined, nowMs);
    const alias: VaultAlias = {
      id: existing?.alias.id ?? core.randomness.id(),
      mountAccessor,
      ...mount,
      name,
      metadata: existing?.alias.metadata ?? {},
      customMetadata: input.customMetadata ?? existing?.alias.customMetadata ?? {},
      createdAtMs: existing?.alias.createdAtMs ?? nowMs,
      updatedAtMs: nowMs,
    };
    const owner = withAlias(before, alias, nowMs);
    await commitIdentity(core, await aliasWrites(core, existing, entity, owner, alias));
    return { alias, entity: owner, created: existing === undefined };
  },
});

async function findExisting(core: Core, { id, name, mountAccessor }: WriteAliasInput): Promise<FoundAlias | undefined> {
  const entries = core.vaultEntries;
  if (id !== undefined) return (await findAlias(entries, id)) ?? refuseInput("invalid alias ID provided");
  if (name === undefined || mountAccessor === undefined || name === "" || mountAccessor === "") {
    refuseInput("'id' or 'mount_accessor' and 'name' must be provided");
  }
  const entityId = await findId(entries, identityAreas.aliasKeys, aliasKey(mountAccessor, name));
  const entity = entityId === undefined ? undefined : await findEntity(entries, entityId);
  const key = aliasKey(mountAccessor, name);
  const alias = entity?.value.aliases.find((each) => aliasKey(each.mountAccessor, each.name) === key);
  return entity === undefined || alias === undefined ? undefined : { entity, alias };
}

/** The entity that the alias is to be of. */
async function findOwner(
  core: Core,
  { canonicalId }: WriteAliasInput,
  existing: FoundAlias | undefined,
): Promise<VaultEntry<VaultEntity> | undefined> {
  if (canonicalId === undefined || canonicalId === "") return existing?.entity;
  const entity = await findEntity(core.vaultEntries, canonicalId);
  return entity ?? refuseInput("invalid canonical ID");
}

function withAlias(entity: VaultEntity, alias: VaultAlias, nowMs: number): VaultEntity {
  const others = entity.aliases.filter((each) => each.id !== alias.id);
  if (others.some((each) => each.mountAccessor === alias.mountAccessor)) {
    refuseInput("Alias already exists for requested entity and mount accessor");
  }
  return { ...entity, aliases: [...others, alias], updatedAtMs: nowMs };
}

async function aliasWrites(
  core: Core,
  existing: FoundAlias | undefined,
  entity: VaultEntry<VaultEntity> | undefined,
  owner: VaultEntity,
  alias: VaultAlias,
) {
  const entries = core.vaultEntries;
  const { aliases, aliasKeys } = identityAreas;
  const key = aliasKey(alias.mountAccessor, alias.name);
  const keyBefore = existing && aliasKey(existing.alias.mountAccessor, existing.alias.name);
  const writes = await entityWrites(entries, entity, owner);
  const moves = existing !== undefined && existing.entity.value.id !== owner.id;
  if (key !== keyBefore && (await findId(entries, aliasKeys, key)) !== undefined) {
    refuseInput("alias with combination of mount accessor and name already exists");
  }
  if (moves) {
    const left = existing.entity.value;
    const rest = left.aliases.filter((each) => each.id !== alias.id);
    writes.push(entries.update(existing.entity, { ...left, aliases: rest }));
    writes.push(...entries.replace(aliases, alias.id, { id: owner.id }));
    if (keyBefore !== undefined) writes.push(...(await dropReference(entries, aliasKeys, keyBefore)));
    writes.push(entries.insert(aliasKeys, key, { id: owner.id }));
    return writes;
  }
  if (existing === undefined) writes.push(entries.insert(aliases, alias.id, { id: owner.id }));
  writes.push(...(await renameWrites(entries, aliasKeys, keyBefore, key, owner.id)));
  return writes;
}

/** Vault API: identity/entity-alias/id/ID, read. */
export const readEntityAlias = defineOperation<{ readonly id: string }, OwnedAlias | undefined>({
  ...identityOperation,
  name: "ReadEntityAlias",
  readOnly: true,
  record: ({ id }) => ({ id }),
  async run({ core, input }) {
    const found = await findAlias(core.vaultEntries, input.id);
    return found && { alias: found.alias, entity: found.entity.value };
  },
});

/** Vault API: identity/entity-alias/id/ID, delete. */
export const deleteEntityAlias = defineOperation<{ readonly id: string }, null>({
  ...identityOperation,
  name: "DeleteEntityAlias",
  readOnly: false,
  record: ({ id }) => ({ id }),
  async run({ core, input, nowMs }) {
    const entries = core.vaultEntries;
    const found = await findAlias(entries, input.id);
    if (found === undefined) return null;
    const { alias, entity } = found;
    const aliases = entity.value.aliases.filter((each) => each.id !== alias.id);
    await commitIdentity(core, [
      entries.update(entity, { ...entity.value, aliases, updatedAtMs: nowMs }),
      ...(await dropReference(entries, identityAreas.aliases, alias.id)),
      ...(await dropReference(entries, identityAreas.aliasKeys, aliasKey(alias.mountAccessor, alias.name))),
    ]);
    return null;
  },
});

/** Vault API: identity/entity-alias/id, list. */
export const listEntityAliases = defineOperation<null, { readonly aliases: readonly OwnedAlias[] }>({
  ...identityOperation,
  name: "ListEntityAliases",
  readOnly: true,
  record: () => null,
  async run({ core }) {
    const found = await valuesOf<VaultEntity>(core, identityAreas.entities);
    const aliases = found.flatMap(({ value: entity }) => entity.aliases.map((alias) => ({ alias, entity })));
    return { aliases: aliases.sort((one, other) => (one.alias.id < other.alias.id ? -1 : 1)) };
  },
});

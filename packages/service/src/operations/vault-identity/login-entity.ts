import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { VaultAlias, VaultEntity } from "../../model/vault-identity.ts";
import { aliasKey, findEntity, findGroup, findId, identityAreas } from "../../vault/vault-identities.ts";
import { entityWrites, newEntity } from "./entities.ts";
import { checkIdentityName, commitIdentity, refuseInput } from "./identity-operation.ts";

/** Who logs in, as its auth method calls it. */
export interface LoginAlias {
  readonly mount: MountRecord;
  /** The same on each login. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the auth method calls the groups that it found the caller in. */
  readonly groups?: readonly string[];
}

/**
 * The entity of a login, made with its alias when it is the first one (OpenBao: `CreateOrFetchEntity`), and a member of
 * just those external groups of the mount that the login names. It commits by itself, before the login does: run again, it
 * finds what it made.
 *
 * @throws ServiceError InvalidInput; StoreConflict `stale` when another login was faster: run again
 */
export async function loginEntity(core: Core, login: LoginAlias, nowMs: number): Promise<VaultEntity> {
  const { mount, name, metadata, groups = [] } = login;
  const entries = core.vaultEntries;
  checkIdentityName(name, "alias name");
  const key = aliasKey(mount.accessor, name);
  const entityId = await findId(entries, identityAreas.aliasKeys, key);
  const found = entityId === undefined ? undefined : await findEntity(entries, entityId);
  if (found === undefined) return makeEntity(core, login, key, nowMs);
  const entity = found.value;
  const alias = entity.aliases.find((each) => aliasKey(each.mountAccessor, each.name) === key);
  if (alias === undefined) refuseInput("the alias of this login is of another entity; try again");
  const groupIds = await groupsAfter(core, mount, groups, entity.groupIds);
  if (isSame(alias.metadata, metadata) && groupIds.join() === entity.groupIds.join()) return entity;
  const others = entity.aliases.filter((each) => each.id !== alias.id);
  const changed = { ...entity, groupIds, aliases: [...others, { ...alias, metadata, updatedAtMs: nowMs }] };
  await commitIdentity(core, [entries.update(found, changed)]);
  return changed;
}

/** The groups of an entity: those that the mount's external ones leave alone, and of these the ones that it is in now. */
async function groupsAfter(
  core: Core,
  mount: MountRecord,
  names: readonly string[],
  before: readonly string[],
): Promise<readonly string[]> {
  const entries = core.vaultEntries;
  const after = new Set<string>();
  for (const id of before) {
    const group = (await findGroup(entries, id))?.value;
    if (group === undefined || group.alias?.mountAccessor === mount.accessor) continue;
    if (group.type === "internal" || group.alias !== undefined) after.add(id);
  }
  const most = limits.vaultLoginGroups.value;
  if (names.length > most) refuseInput(`a login names at most ${most} groups`);
  for (const name of new Set(names)) {
    const id = await findId(entries, identityAreas.groupAliasKeys, aliasKey(mount.accessor, name));
    if (id !== undefined) after.add(id);
  }
  const max = limits.vaultEntityGroups.value;
  if (after.size > max) refuseInput(`an entity is in at most ${max} groups`);
  return [...after].sort();
}

async function makeEntity(
  core: Core,
  { mount, name, metadata, groups = [] }: LoginAlias,
  key: string,
  nowMs: number,
): Promise<VaultEntity> {
  const entries = core.vaultEntries;
  const alias: VaultAlias = {
    id: core.randomness.id(),
    mountAccessor: mount.accessor,
    mountPath: mount.path,
    mountType: mount.type,
    name,
    metadata,
    customMetadata: {},
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const groupIds = await groupsAfter(core, mount, groups, []);
  const entity = { ...newEntity(core, undefined, nowMs), aliases: [alias], groupIds };
  await commitIdentity(core, [
    ...(await entityWrites(entries, undefined, entity)),
    entries.insert(identityAreas.aliases, alias.id, { id: entity.id }),
    entries.insert(identityAreas.aliasKeys, key, { id: entity.id }),
  ]);
  return entity;
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

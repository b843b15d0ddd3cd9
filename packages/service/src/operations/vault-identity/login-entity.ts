import type { Core } from "../../core.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { VaultAlias, VaultEntity } from "../../model/vault-identity.ts";
import { aliasKey, findEntity, findId, identityAreas } from "../../vault/vault-identities.ts";
import { entityWrites, newEntity } from "./entities.ts";
import { checkIdentityName, commitIdentity, refuseInput } from "./identity-operation.ts";

/** Who logs in, as its auth method calls it. */
export interface LoginAlias {
  readonly mount: MountRecord;
  /** The same on each login. */
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The entity of a login, made with its alias when it is the first one (OpenBao: `CreateOrFetchEntity`). It commits by
 * itself, before the login does: run again, it finds what it made.
 *
 * @throws ServiceError InvalidInput; StoreConflict `stale` when another login was faster: run again
 */
export async function loginEntity(core: Core, login: LoginAlias, nowMs: number): Promise<VaultEntity> {
  const { mount, name, metadata } = login;
  const entries = core.vaultEntries;
  checkIdentityName(name, "alias name");
  const key = aliasKey(mount.accessor, name);
  const entityId = await findId(entries, identityAreas.aliasKeys, key);
  const entity = entityId === undefined ? undefined : await findEntity(entries, entityId);
  if (entity === undefined) return makeEntity(core, login, key, nowMs);
  const { aliases } = entity.value;
  const alias = aliases.find((each) => aliasKey(each.mountAccessor, each.name) === key);
  if (alias === undefined) refuseInput("the alias of this login is of another entity; try again");
  if (isSame(alias.metadata, metadata)) return entity.value;
  const others = aliases.filter((each) => each.id !== alias.id);
  const changed = { ...entity.value, aliases: [...others, { ...alias, metadata, updatedAtMs: nowMs }] };
  await commitIdentity(core, [entries.update(entity, changed)]);
  return changed;
}

async function makeEntity(
  core: Core,
  { mount, name, metadata }: LoginAlias,
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
  const entity = { ...newEntity(core, undefined, nowMs), aliases: [alias] };
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

import { createHmac } from "node:crypto";
import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import type { MountRecord } from "../../../model/mount.ts";
import type { Write } from "../../../ports/store.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { authArea } from "../auth-operation.ts";
import { listed, namesBelow } from "../list-names.ts";
import { type AppRole, findRole } from "./app-role.ts";

/** A secret id of a role; the id itself is not kept. Times are seconds, moments milliseconds. */
export interface SecretId {
  readonly accessor: string;
  /** Uses that are left; 0 means any number. */
  readonly numUses: number;
  /** As it was asked for. */
  readonly ttl: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly cidrs: readonly string[];
  readonly tokenBoundCidrs: readonly string[];
}

const secretIdKind = "secret-id";
const secretIdArea = (mount: MountRecord) => authArea(mount, secretIdKind);
const accessorArea = (mount: MountRecord) => authArea(mount, "secret-id-accessor");

interface AccessorTarget {
  /** Name of the secret id's entry. */
  readonly name: string;
}

/** Under which name a secret id is kept: the role's folder, and an HMAC by the role's key. */
function secretIdName(role: AppRole, secretId: string): string {
  const hmac = createHmac("sha256", Buffer.from(role.hmacKey, "hex")).update(secretId).digest("hex");
  return `${role.id}/${hmac}`;
}

/** The secret id as shown; undefined for one that is none of the role's, is used up or over. */
export function findSecretId(
  core: Core,
  mount: MountRecord,
  role: AppRole,
  secretId: string,
): Promise<VaultEntry<SecretId> | undefined> {
  return core.vaultEntries.get<SecretId>(secretIdArea(mount), secretIdName(role, secretId));
}

/** The secret id of an accessor, if it is the role's. */
export async function findByAccessor(
  core: Core,
  mount: MountRecord,
  role: AppRole,
  accessor: string,
): Promise<VaultEntry<SecretId> | undefined> {
  const target = await core.vaultEntries.get<AccessorTarget>(accessorArea(mount), sha256Hex(accessor));
  if (target === undefined || !target.value.name.startsWith(`${role.id}/`)) return undefined;
  return core.vaultEntries.get<SecretId>(secretIdArea(mount), target.value.name);
}

/** The writes of a new secret id. Their commit fails with StoreConflict `exists` when the role has it already. */
export function secretIdWrites(
  core: Core,
  mount: MountRecord,
  role: AppRole,
  secretId: string,
  record: SecretId,
  expiresAtMs: number | undefined,
): readonly Write[] {
  const name = secretIdName(role, secretId);
  const target: AccessorTarget = { name };
  return [
    core.vaultEntries.insert(secretIdArea(mount), name, record, expiresAtMs),
    core.vaultEntries.insert(accessorArea(mount), sha256Hex(record.accessor), target, expiresAtMs),
  ];
}

/** The writes that end a secret id. */
export function secretIdDeletion(core: Core, mount: MountRecord, entry: VaultEntry<SecretId>): readonly Write[] {
  const key = { area: accessorArea(mount), name: sha256Hex(entry.value.accessor) };
  return [core.vaultEntries.delete(entry), { op: "delete", table: "vaultEntries", key, revision: "any" }];
}

/** The writes of one use: of the last one, the secret id is gone. Two uses at once see each other by its revision. */
export function secretIdUse(
  core: Core,
  mount: MountRecord,
  entry: VaultEntry<SecretId>,
  nowMs: number,
): readonly Write[] {
  const { value, expiresAtMs } = entry;
  if (value.numUses === 0) return [];
  if (value.numUses === 1) return secretIdDeletion(core, mount, entry);
  return [core.vaultEntries.update(entry, { ...value, numUses: value.numUses - 1, updatedAtMs: nowMs }, expiresAtMs)];
}

/** Secret ids of a role, in the order of their HMACs. */
export async function listSecretIds(
  core: Core,
  mount: MountRecord,
  role: AppRole,
  after: string,
  limit: number,
): Promise<readonly SecretId[]> {
  const found: SecretId[] = [];
  for (const hmac of await namesBelow(core, mount, secretIdKind, `${role.id}/`, after, listed(limit))) {
    const entry = await core.vaultEntries.get<SecretId>(secretIdArea(mount), `${role.id}/${hmac}`);
    if (entry !== undefined) found.push(entry.value);
  }
  return found;
}

const flushedAtOnce = 100;

/** Deletes what is left of a role that is gone, some at a time. */
export async function flushSecretIds(core: Core, mount: MountRecord, roleId: string): Promise<void> {
  for (;;) {
    const names = await namesBelow(core, mount, secretIdKind, `${roleId}/`, "", flushedAtOnce);
    if (names.length === 0) return;
    const writes: Write[] = [];
    for (const name of names) {
      const entry = await core.vaultEntries.get<SecretId>(secretIdArea(mount), `${roleId}/${name}`);
      if (entry !== undefined) writes.push(...secretIdDeletion(core, mount, entry));
    }
    await core.commit(writes);
  }
}

/** Deletes secret ids of roles that are gone: what a deletion that was cut short left. */
export async function flushLeftovers(core: Core, mount: MountRecord): Promise<void> {
  // Folders first: whose role is not there after that has none any more.
  const folders = await namesBelow(core, mount, secretIdKind, "");
  const known = new Set<string>();
  for (const name of await namesBelow(core, mount, "role", "")) {
    const role = await findRole(core, mount, name);
    if (role !== undefined) known.add(role.value.id);
  }
  for (const folder of folders) {
    const roleId = folder.slice(0, -1);
    if (!known.has(roleId)) await flushSecretIds(core, mount, roleId);
  }
}

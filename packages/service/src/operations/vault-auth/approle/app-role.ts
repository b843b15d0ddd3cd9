import { sha256Hex } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { limits } from "../../../limits.ts";
import type { MountRecord } from "../../../model/mount.ts";
import type { Write } from "../../../ports/store.ts";
import { areCidrs } from "../../../vault/cidrs.ts";
import { maxTtlSeconds } from "../../../vault/token-ttl.ts";
import type { VaultEntry } from "../../../vault/vault-entries.ts";
import { authArea, refuseInput } from "../auth-operation.ts";
import {
  changeTokenParams,
  parsePolicies,
  plainTokenParams,
  type TokenParamChanges,
  type TokenParams,
} from "../token-params.ts";

/** A role of AppRole (Vault API: auth/approle/role). Times are seconds. */
export interface AppRole {
  /** Lower case. */
  readonly name: string;
  /** Where its secret ids are: another one for a role that is made anew. */
  readonly id: string;
  readonly roleId: string;
  /** Hex; of the HMAC that its secret ids are known by. */
  readonly hmacKey: string;
  readonly bindSecretId: boolean;
  readonly secretIdBoundCidrs: readonly string[];
  readonly secretIdNumUses: number;
  readonly secretIdTtl: number;
  readonly localSecretIds: boolean;
  readonly token: TokenParams;
  /** Set by its old name: shown by it too. */
  readonly policies?: readonly string[] | undefined;
  /** Set by its old name: shown by it too. */
  readonly period?: number | undefined;
}

/** What a write of a role gives; members that were not given are absent. */
export type AppRoleChanges = Partial<
  Pick<AppRole, "roleId" | "bindSecretId" | "secretIdBoundCidrs" | "secretIdNumUses" | "secretIdTtl" | "localSecretIds">
> & {
  readonly token?: TokenParamChanges;
  /** The old name of the token's policies; null forgets that it was used. */
  readonly policies?: readonly string[] | null;
  /** The old name of the token's period; null forgets that it was used. */
  readonly period?: number | null;
};

const hmacKeyBytes = 32;

export const roleArea = (mount: MountRecord) => authArea(mount, "role");
const roleIdArea = (mount: MountRecord) => authArea(mount, "role-id");

/** Where a role is found by its role id: those are no names, and in the clear at rest. */
const roleIdName = (roleId: string) => sha256Hex(roleId);

/** The role of a name, in any case. */
export function findRole(core: Core, mount: MountRecord, name: string): Promise<VaultEntry<AppRole> | undefined> {
  return core.vaultEntries.get<AppRole>(roleArea(mount), name.toLowerCase());
}

/** The role of a role id. */
export async function findRoleById(core: Core, mount: MountRecord, roleId: string): Promise<AppRole | undefined> {
  const index = await core.vaultEntries.get<{ readonly name: string }>(roleIdArea(mount), roleIdName(roleId));
  const role = index && (await findRole(core, mount, index.value.name));
  return role?.value.roleId === roleId ? role.value : undefined;
}

/** A role before it is given anything. */
export function newRole(core: Core, name: string): AppRole {
  return {
    name: name.toLowerCase(),
    id: core.randomness.id(),
    roleId: core.randomness.id(),
    hmacKey: core.randomness.bytes(hmacKeyBytes).toString("hex"),
    bindSecretId: true,
    secretIdBoundCidrs: [],
    secretIdNumUses: 0,
    secretIdTtl: 0,
    localSecretIds: false,
    token: plainTokenParams,
  };
}

/**
 * A role with changes, in the original's words where it is none.
 *
 * @throws ServiceError InvalidInput
 */
export function changeRole(role: AppRole, changes: AppRoleChanges, mount: MountRecord): AppRole {
  const { token, policies, period, ...rest } = changes;
  const changed: AppRole = {
    ...role,
    ...rest,
    token: changeTokenParams(role.token, token ?? {}),
    ...(policies === undefined ? {} : { policies: policies === null ? undefined : parsePolicies(policies) }),
    ...(period === undefined ? {} : { period: period ?? undefined }),
  };
  const { roleId, secretIdBoundCidrs } = changed;
  if (roleId === "") refuseInput("invalid role_id supplied, or failed to generate a role_id");
  checkIdLength(roleId, "role_id");
  if (!areCidrs(secretIdBoundCidrs)) refuseInput("failed to validate CIDR blocks: invalid CIDR address");
  if (changed.secretIdNumUses < 0) refuseInput("secret_id_num_uses cannot be negative");
  const longest = mount.config.maxLeaseTtl ?? maxTtlSeconds;
  if (changed.token.period > longest) {
    refuseInput(
      `period of "${changed.token.period}s" is greater than the backend's maximum lease TTL of "${longest}s"`,
    );
  }
  if (!isConstrained(changed)) refuseInput("at least one constraint should be enabled on the role");
  return changed;
}

/** @throws ServiceError InvalidInput */
export function checkIdLength(id: string, name: "role_id" | "secret_id"): void {
  const max = limits.appRoleIdBytes.value;
  if (Buffer.byteLength(id) > max) refuseInput(`${name} is longer than maximum of ${max} bytes`);
}

function isConstrained({ bindSecretId, secretIdBoundCidrs, token }: AppRole): boolean {
  return bindSecretId || secretIdBoundCidrs.length > 0 || token.boundCidrs.length > 0;
}

/**
 * The writes of a role, new or changed.
 *
 * @throws ServiceError InvalidInput when another role has its role id
 */
export async function roleWrites(
  core: Core,
  mount: MountRecord,
  before: VaultEntry<AppRole> | undefined,
  role: AppRole,
): Promise<readonly Write[]> {
  const { vaultEntries } = core;
  const stored =
    before === undefined ? vaultEntries.insert(roleArea(mount), role.name, role) : vaultEntries.update(before, role);
  if (before?.value.roleId === role.roleId) return [stored];
  const index = await vaultEntries.get(roleIdArea(mount), roleIdName(role.roleId));
  if (index !== undefined) refuseInput("role_id already in use");
  const indexed = vaultEntries.insert(roleIdArea(mount), roleIdName(role.roleId), { name: role.name });
  return before === undefined
    ? [stored, indexed]
    : [stored, indexed, ...(await roleIdDeletion(core, mount, before.value.roleId))];
}

/** The write that forgets a role id. */
export async function roleIdDeletion(core: Core, mount: MountRecord, roleId: string): Promise<readonly Write[]> {
  const index = await core.vaultEntries.get(roleIdArea(mount), roleIdName(roleId));
  return index === undefined ? [] : [core.vaultEntries.delete(index)];
}

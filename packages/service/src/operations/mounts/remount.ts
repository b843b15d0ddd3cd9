import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import { isBuiltInMount } from "../../mounts/built-in-mounts.ts";
import { endTokensLater } from "../../mounts/method-tokens.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import { findCollision, mountsChanged } from "./mount-operations.ts";
import { checkMountPath, isAuthPath, isReservedPath } from "./mount-path.ts";

export interface RemountInput {
  /** Both without leading or trailing slash; auth methods with `auth/` before them. */
  readonly from: string;
  readonly to: string;
}

/** What became of a move, for a day. */
export interface Migration {
  readonly source: string;
  readonly target: string;
}

const migrationsArea = "sys/migrations";
const dayMs = 86_400_000;

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Where mounts may come from and go to (OpenBao, internal/vault/logical_system.go: `handleRemount`). */
function checkPlaces({ from, to }: RemountInput): void {
  if (isAuthPath(from)) {
    if (!isAuthPath(to)) refuse(`cannot remount auth mount to non-auth mount "${to}/"`);
    if (isBuiltInMount(from)) refuse(`cannot remount "${from}/"`);
    if (`${to}/`.startsWith("auth/token/")) refuse(`cannot remount to destination "${to}/"`);
  } else {
    if (isReservedPath(from)) refuse(`cannot remount "${from}/"`);
    if (isReservedPath(to)) refuse(`cannot remount to destination ${to}/`);
  }
  checkMountPath(to);
}

/** The aliases of Transit's keys have the mount's path in them, or none on the mount `transit`. */
async function checkKeys(core: Core, { path, type }: MountRecord): Promise<void> {
  if (type !== "transit") return;
  const prefix = path === "transit" ? "alias/" : `alias/${path}/`;
  const [key] = await core.store.listAliases(core.account, core.homeRegion, prefix, undefined, 1);
  if (key !== undefined) refuse("a Transit mount with keys cannot be moved: its path is part of their aliases");
}

/**
 * Vault API: sys/remount. What the mount keeps stays with it; tokens of an auth method that is moved end.
 *
 * @throws ServiceError InvalidInput when the mount is not there, cannot be moved, or not to that place
 */
export const remount = defineOperation<RemountInput, { readonly migrationId: string }>({
  name: "Remount",
  plane: "control",
  readOnly: false,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:Remount", resource: "*" }],
  record: ({ from, to }) => ({ from, to }),
  recordOutput: ({ migrationId }) => ({ migrationId }),
  async run({ core, input, nowMs }) {
    const { from, to } = input;
    checkPlaces(input);
    const counted = await mountsChanged(core);
    const mounts = await core.mounts.all();
    const mount = mounts.get(from);
    if (mount === undefined) refuse(`no matching mount at "${from}/"`);
    const taken = findCollision(mounts.values(), to);
    if (taken !== undefined) refuse(`path already in use at "${taken}/"`);
    await checkKeys(core, mount);
    const migrationId = core.randomness.id();
    const migration: Migration = { source: `${from}/`, target: `${to}/` };
    const moved = { ...mount, path: to, createdAtMs: nowMs, revision: 1 };
    try {
      await core.commit([
        ...counted,
        { op: "delete", table: "mounts", key: { path: from }, revision: mount.revision },
        { op: "insert", table: "mounts", row: moved },
        ...endTokensLater(core, mount),
        core.vaultEntries.insert(migrationsArea, migrationId, migration, nowMs + dayMs),
      ]);
    } catch (error) {
      if (error instanceof StoreConflict && error.kind === "exists") throw new StoreConflict("stale", error.table);
      throw error;
    }
    core.onDueChanged(nowMs);
    return { migrationId };
  },
});

/** Vault API: sys/remount/status. Undefined for a move that was not, or longer than a day ago. */
export const readMigration = defineOperation<{ readonly migrationId: string }, Migration | undefined>({
  name: "ReadMigration",
  plane: "control",
  readOnly: true,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ migrationId }) => ({ migrationId }),
  async run({ core, input: { migrationId } }) {
    return (await core.vaultEntries.get<Migration>(migrationsArea, migrationId))?.value;
  },
});

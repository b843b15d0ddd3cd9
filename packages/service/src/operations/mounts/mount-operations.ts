import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountConfig, MountRecord } from "../../model/mount.ts";
import { isBuiltInMount } from "../../mounts/built-in-mounts.ts";
import { endTokensLater } from "../../mounts/method-tokens.ts";
import { clearMountLater } from "../../mounts/mount-areas.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { wrappingKeyRemoval } from "../transit/import/wrapping-key.ts";
import { checkMountSize } from "./mount-config.ts";
import { checkMountPath, isAuthPath } from "./mount-path.ts";

const eventSource = "vault.coffer";

export interface MountInput {
  /** Without leading or trailing slash; of an auth method with `auth/` before it. */
  readonly path: string;
}

export interface EnableMountInput extends MountInput {
  /** One that the Vault wire has. */
  readonly type: string;
  readonly description?: string | undefined;
  readonly config?: MountConfig;
}

/** Vault API: sys/mounts and sys/auth, list: all of both by path, built-in ones too. At most `limits.mounts` are enabled. */
export const listMounts = defineOperation<null, { readonly mounts: readonly MountRecord[] }>({
  name: "ListMounts",
  plane: "control",
  readOnly: true,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:ListMounts", resource: "*" }],
  record: () => null,
  async run({ core }) {
    const all = await core.mounts.all();
    return { mounts: [...all.values()].sort((left, right) => (left.path < right.path ? -1 : 1)) };
  },
});

const mountsSetting = "mounts";

/** The write that goes with each new mount: its revision counts them, so that two at once see each other. */
export async function mountsChanged(core: Core): Promise<Write[]> {
  const stored = await core.store.get("settings", { name: mountsSetting });
  const row = { name: mountsSetting, value: "{}", revision: (stored?.revision ?? 0) + 1 };
  return [{ op: stored === undefined ? "insert" : "update", table: "settings", row }];
}

/** The path that a new mount may not have because another one lies on it, under it or above it; as in Vault. */
export function findCollision(mounts: Iterable<MountRecord>, path: string): string | undefined {
  for (const mount of mounts) {
    if (`${mount.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${mount.path}/`)) return mount.path;
  }
  return undefined;
}

function checkRoom(mounts: ReadonlyMap<string, MountRecord>, path: string): void {
  const taken = findCollision(mounts.values(), path);
  if (taken !== undefined) throw ServiceError.of("AlreadyExists", { resource: "mount", id: ownPath(taken) });
  const max = limits.mounts.value;
  let enabled = 0;
  for (const mount of mounts.keys()) if (!isBuiltInMount(mount)) enabled += 1;
  if (enabled >= max) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.mounts.name,
      max,
      reason: `An instance has at most ${max} mounts; disable one first.`,
    });
  }
}

/** A mount's path in its own table: that of an auth method without `auth/`. */
function ownPath(path: string): string {
  return `${isAuthPath(path) ? path.slice("auth/".length) : path}/`;
}

/**
 * Vault API: sys/mounts and sys/auth, enable. Keys that are there under the aliases of a Transit mount show at once.
 */
export const enableMount = defineOperation<EnableMountInput, { readonly mount: MountRecord }>({
  name: "EnableMount",
  plane: "control",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:EnableMount", resource: "*" }],
  record: ({ path, type, description, config }) => ({ path, type, description, config }),
  async run({ core, input, nowMs }) {
    const { path, type, description = "", config = {} } = input;
    checkMountPath(path);
    checkMountSize(description, config);
    const counted = await mountsChanged(core);
    checkRoom(await core.mounts.all(), path);
    const mount: MountRecord = {
      path,
      type,
      description,
      accessor: `${isAuthPath(path) ? "auth_" : ""}${type}_${core.randomness.id().slice(0, 8)}`,
      uuid: core.randomness.id(),
      createdAtMs: nowMs,
      config,
      revision: 1,
    };
    try {
      await core.commit([...counted, { op: "insert", table: "mounts", row: mount }]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      // The very first two mounts at once: the second one runs again.
      if (error.table !== "mounts") throw new StoreConflict("stale", error.table);
      throw ServiceError.of("AlreadyExists", { resource: "mount", id: ownPath(path) }, error);
    }
    return { mount };
  },
});

/**
 * Vault API: sys/mounts and sys/auth, disable. What the mount keeps is deleted soon after, page by page; keys stay, and go on
 * working through other APIs. Tokens of an auth method end at once, those that they made soon after. One that is not there is no error.
 */
export const disableMount = defineOperation<MountInput, null>({
  name: "DisableMount",
  plane: "control",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:DisableMount", resource: "*" }],
  record: ({ path }) => ({ path }),
  async run({ core, input: { path }, nowMs }) {
    const mount = (await core.mounts.all()).get(path);
    if (mount === undefined) return null;
    if (isBuiltInMount(path)) {
      const reason = isAuthPath(path) ? "token credential backend cannot be disabled" : `cannot unmount "${path}/"`;
      throw ServiceError.of("InvalidInput", { kind: "validation", member: "path", reason });
    }
    const { revision } = mount;
    await core.commit([
      { op: "delete", table: "mounts", key: { path }, revision },
      clearMountLater(core, mount),
      ...endTokensLater(core, mount),
      wrappingKeyRemoval(mount),
    ]);
    core.onDueChanged(nowMs);
    return null;
  },
});

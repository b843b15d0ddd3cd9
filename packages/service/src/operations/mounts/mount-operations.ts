import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { checkMountPath } from "./mount-path.ts";

const eventSource = "vault.coffer";

export interface MountInput {
  /** Without leading or trailing slash. */
  readonly path: string;
}

export interface EnableMountInput extends MountInput {
  readonly description?: string | undefined;
}

/** Vault API: sys/mounts, list. There are at most `limits.mounts`. */
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
    return { mounts: await core.store.listMounts(undefined, limits.mounts.value) };
  },
});

/** Vault API: sys/internal/ui/mounts/PATH. The mount that a path lies on; needs a token, but no permission. */
export const findMount = defineOperation<MountInput, { readonly mount: MountRecord | undefined }>({
  name: "FindMount",
  plane: "control",
  readOnly: true,
  eventSource,
  instanceWide: true,
  keys: [],
  record: ({ path }) => ({ path }),
  async run({ core, input }) {
    return { mount: (await core.mounts.match(input.path))?.mount };
  },
});

const mountsSetting = "mounts";

/** The write that goes with each new mount: its revision counts them, so that two at once see each other. */
async function mountsChanged(core: Core): Promise<Write[]> {
  const stored = await core.store.get("settings", { name: mountsSetting });
  const row = { name: mountsSetting, value: "{}", revision: (stored?.revision ?? 0) + 1 };
  return [{ op: stored === undefined ? "insert" : "update", table: "settings", row }];
}

/** As Vault does, a mount must lie neither under another nor above one. */
function checkCollision(mounts: readonly MountRecord[], path: string): void {
  const taken = mounts.find(
    (mount) => `${mount.path}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${mount.path}/`),
  );
  if (taken !== undefined) throw ServiceError.of("AlreadyExists", { resource: "mount", id: `${taken.path}/` });
  const max = limits.mounts.value;
  if (mounts.length >= max) {
    throw ServiceError.of("LimitExceeded", {
      limit: limits.mounts.name,
      max,
      reason: `An instance has at most ${max} mounts; disable one first.`,
    });
  }
}

/**
 * Vault API: sys/mounts, enable secrets engine `transit`. Keys that are there under the mount's aliases show at once.
 */
export const enableMount = defineOperation<EnableMountInput, { readonly mount: MountRecord }>({
  name: "EnableMount",
  plane: "control",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:EnableMount", resource: "*" }],
  record: ({ path, description }) => ({ path, type: "transit", description }),
  async run({ core, input, nowMs }) {
    const { path, description = "" } = input;
    checkMountPath(path);
    if (description.length > limits.mountDescriptionChars.value) {
      throw ServiceError.of("InvalidInput", {
        kind: "validation",
        member: "description",
        reason: `A mount's description has at most ${limits.mountDescriptionChars.value} characters.`,
      });
    }
    const counted = await mountsChanged(core);
    checkCollision(await core.store.listMounts(undefined, limits.mounts.value), path);
    const mount: MountRecord = {
      path,
      type: "transit",
      description,
      accessor: `transit_${core.randomness.id().slice(0, 8)}`,
      uuid: core.randomness.id(),
      createdAtMs: nowMs,
      config: {},
      revision: 1,
    };
    try {
      await core.commit([...counted, { op: "insert", table: "mounts", row: mount }]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      // The very first two mounts at once: the second one runs again.
      if (error.table !== "mounts") throw new StoreConflict("stale", error.table);
      throw ServiceError.of("AlreadyExists", { resource: "mount", id: `${path}/` }, error);
    }
    return { mount };
  },
});

/** Vault API: sys/mounts, disable secrets engine. The keys stay; through other APIs they go on working. */
export const disableMount = defineOperation<MountInput, null>({
  name: "DisableMount",
  plane: "control",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:DisableMount", resource: "*" }],
  record: ({ path }) => ({ path }),
  async run({ core, input }) {
    await core.commit([{ op: "delete", table: "mounts", key: { path: input.path }, revision: "any" }]);
    return null;
  },
});

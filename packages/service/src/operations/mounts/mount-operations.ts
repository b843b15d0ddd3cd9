import { randomId } from "@coffer/crypto";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";

const eventSource = "vault.coffer";

export interface MountInput {
  /** Without leading or trailing slash. */
  readonly path: string;
}

export interface EnableMountInput extends MountInput {
  readonly description?: string | undefined;
}

/** Vault API: sys/mounts, list. At most one page. */
export const listMounts = defineOperation<null, { readonly mounts: readonly MountRecord[] }>({
  name: "ListMounts",
  plane: "control",
  readOnly: true,
  eventSource,
  keys: [],
  resources: () => [{ action: "coffer:ListMounts", resource: "*" }],
  record: () => null,
  async run({ core }) {
    return { mounts: await core.store.listMounts(undefined, limits.pageItems.value) };
  },
});

/** Vault API: sys/mounts, enable secrets engine `transit`. Keys that are there under the mount's aliases show at once. */
export const enableMount = defineOperation<EnableMountInput, { readonly mount: MountRecord }>({
  name: "EnableMount",
  plane: "control",
  readOnly: false,
  eventSource,
  keys: [],
  resources: () => [{ action: "coffer:EnableMount", resource: "*" }],
  record: ({ path, description }) => ({ path, type: "transit", description }),
  async run({ core, input, nowMs }) {
    const mount: MountRecord = {
      path: input.path,
      type: "transit",
      description: input.description ?? "",
      accessor: `transit_${randomId().slice(0, 8)}`,
      uuid: randomId(),
      createdAtMs: nowMs,
      revision: 1,
    };
    try {
      await core.commit([{ op: "insert", table: "mounts", row: mount }]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      throw ServiceError.of("AlreadyExists", { resource: "mount", id: `${input.path}/` }, error);
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
  keys: [],
  resources: () => [{ action: "coffer:DisableMount", resource: "*" }],
  record: ({ path }) => ({ path }),
  async run({ core, input }) {
    await core.commit([{ op: "delete", table: "mounts", key: { path: input.path }, revision: "any" }]);
    return null;
  },
});

import type { MountRecord } from "../../model/mount.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import {
  checkMaxVersions,
  defaultKvConfig,
  findKvConfig,
  type KvConfig,
  loadKvConfig,
  writeKvConfig,
} from "./secret.ts";

const shared = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

/** Vault API: KV v2, read engine configuration. */
export const readKvConfig = defineOperation<{ readonly mount: MountRecord }, KvConfig>({
  ...shared,
  name: "ReadKvConfig",
  readOnly: true,
  record: ({ mount }) => ({ mount: mount.path }),
  run: ({ core, input }) => loadKvConfig(core, input.mount),
});

export interface ConfigureKvInput {
  readonly mount: MountRecord;
  /** What is absent stays. */
  readonly change: Partial<KvConfig>;
}

/** Vault API: KV v2, configure the engine. */
export const configureKv = defineOperation<ConfigureKvInput, null>({
  ...shared,
  name: "ConfigureKv",
  readOnly: false,
  record: ({ mount, change }) => ({ mount: mount.path, ...change }),
  async run({ core, input: { mount, change } }) {
    checkMaxVersions(change.maxVersions);
    const before = await findKvConfig(core, mount);
    const config = { ...defaultKvConfig, ...before?.value, ...change };
    try {
      await core.commit([writeKvConfig(core, mount, before, config)]);
    } catch (error) {
      if (error instanceof StoreConflict && error.kind === "exists") throw new StoreConflict("stale", error.table);
      throw error;
    }
    return null;
  },
});

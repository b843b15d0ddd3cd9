import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { MountConfig, MountConfigChange, MountRecord } from "../../model/mount.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict } from "../../ports/store.ts";
import { plainSecretsArea } from "../kv/plain-secrets.ts";
import { changeMountConfig, checkMountSize } from "./mount-config.ts";
import type { MountInput } from "./mount-operations.ts";

/** What is to be different at a mount. */
export interface MountChange {
  readonly description?: string | undefined;
  readonly config: MountConfigChange;
}

export interface TuneMountInput extends MountInput {
  /** Decides on the mount as it is; throws ServiceError when the mount cannot be so. */
  readonly change: (mount: MountRecord) => MountChange;
}

/**
 * Vault API: sys/mounts and sys/auth, tune (OpenBao, internal/vault/logical_system.go: `handleTuneWriteCommon`).
 *
 * @throws ServiceError InvalidInput when there is no such mount, or its longest lease is shorter than its default one
 */
export const tuneMount = defineOperation<TuneMountInput, { readonly mount: MountRecord }>({
  name: "TuneMount",
  plane: "control",
  readOnly: false,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:TuneMount", resource: "*" }],
  record: ({ path }) => ({ path }),
  recordOutput: ({ mount: { description, config } }) => ({ description, config }),
  async run({ core, input: { path, change } }) {
    const before = (await core.mounts.all()).get(path);
    if (before === undefined) refuse(`tune of path "${path}/" failed: no mount entry found`);
    const { description, config: changes } = change(before);
    const config = changeMountConfig(before.config, changes);
    const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = config;
    if (maxLeaseTtl !== 0 && maxLeaseTtl < defaultLeaseTtl) {
      const less = `backend max lease TTL of ${maxLeaseTtl} would be less`;
      refuse(`${less} than backend default lease TTL of ${defaultLeaseTtl}`);
    }
    await checkUpgrade(core, before, config);
    const mount = {
      ...before,
      description: description ?? before.description,
      config,
      revision: before.revision + 1,
    };
    checkMountSize(mount.description, config);
    try {
      await core.commit([{ op: before.revision === 0 ? "insert" : "update", table: "mounts", row: mount }]);
    } catch (error) {
      // A built-in mount that is changed by two at once for the first time: the second one runs again.
      if (error instanceof StoreConflict && error.kind === "exists") throw new StoreConflict("stale", error.table);
      throw error;
    }
    return { mount };
  },
});

/** Secrets of KV version 1 are not versions: version 2 would not find them. */
async function checkUpgrade(core: Core, { type, config, ...mount }: MountRecord, changed: MountConfig): Promise<void> {
  if (type !== "kv" || config.options?.["version"] === "2" || changed.options?.["version"] !== "2") return;
  const [kept] = await core.store.listVaultEntries(plainSecretsArea({ type, config, ...mount }), undefined, 1);
  if (kept === undefined) return;
  refuse("cannot upgrade a mount that holds secrets: enable a mount of version 2, and write them there");
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

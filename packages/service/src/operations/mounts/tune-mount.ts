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

export interface TunedMount {
  readonly mount: MountRecord;
  /** Whether it became KV version 2; if it held secrets, it is closed until they are versions. */
  readonly upgraded: boolean;
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
export const tuneMount = defineOperation<TuneMountInput, TunedMount>({
  name: "TuneMount",
  plane: "control",
  readOnly: false,
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "coffer:TuneMount", resource: "*" }],
  record: ({ path }) => ({ path }),
  recordOutput: ({ mount: { description, config } }) => ({ description, config }),
  async run({ core, input: { path, change }, nowMs }) {
    const before = (await core.mounts.all()).get(path);
    if (before === undefined) refuse(`tune of path "${path}/" failed: no mount entry found`);
    const { description, config: changes } = change(before);
    const config = changeMountConfig(before.config, changes);
    const { defaultLeaseTtl = 0, maxLeaseTtl = 0 } = config;
    if (maxLeaseTtl !== 0 && maxLeaseTtl < defaultLeaseTtl) {
      const less = `backend max lease TTL of ${maxLeaseTtl} would be less`;
      refuse(`${less} than backend default lease TTL of ${defaultLeaseTtl}`);
    }
    const upgrading = await holdsPlainSecrets(core, before, config);
    const mount = {
      ...before,
      description: description ?? before.description,
      config: upgrading ? { ...config, upgrading } : config,
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
    if (upgrading) core.onDueChanged(nowMs);
    return { mount, upgraded: becomesVersioned(before, config) };
  },
});

/** Whether a mount becomes KV version 2 and holds secrets of version 1, which are no versions yet. */
async function holdsPlainSecrets(core: Core, before: MountRecord, changed: MountConfig): Promise<boolean> {
  if (!becomesVersioned(before, changed)) return false;
  return (await core.store.listVaultEntries(plainSecretsArea(before), undefined, 1)).length > 0;
}

function becomesVersioned({ type, config }: MountRecord, changed: MountConfig): boolean {
  return type === "kv" && config.options?.["version"] !== "2" && changed.options?.["version"] === "2";
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { MountRecord } from "../../model/mount.ts";
import { mountArea } from "../../mounts/mount-areas.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";

/** What a mount of Transit has set for all its keys (OpenBao API: Transit, keys configuration and cache configuration). */
export interface TransitSettings {
  /** Whether to encrypt under a key that is not there is refused, instead of making it. */
  readonly disableUpsert: boolean;
  /** Keys in the original's cache; kept and shown, as the core's caches are of no mount. */
  readonly cacheSize: number;
}

const defaults: TransitSettings = { disableUpsert: false, cacheSize: 0 };
const minCacheSize = 10;
const entryName = "settings";

function areaOf(mount: MountRecord): string {
  return mountArea(mount, "config");
}

/** What a mount has set. Nobody's permission is asked. */
export async function transitSettingsOf(core: Core, mount: MountRecord): Promise<TransitSettings> {
  const entry = await core.vaultEntries.get<TransitSettings>(areaOf(mount), entryName);
  return { ...defaults, ...entry?.value };
}

const shared = {
  plane: "control",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

/** OpenBao API: Transit, read keys configuration; read cache configuration. */
export const readTransitSettings = defineOperation<{ readonly mount: MountRecord }, TransitSettings>({
  ...shared,
  name: "ReadTransitSettings",
  readOnly: true,
  record: ({ mount }) => ({ mount: mount.path }),
  run: ({ core, input }) => transitSettingsOf(core, input.mount),
});

export interface ConfigureTransitInput {
  readonly mount: MountRecord;
  /** What is absent stays. */
  readonly change: Partial<TransitSettings>;
}

/** OpenBao API: Transit, write keys configuration; configure cache. @throws ServiceError InvalidInput */
export const configureTransit = defineOperation<ConfigureTransitInput, TransitSettings>({
  ...shared,
  name: "ConfigureTransit",
  readOnly: false,
  record: ({ mount, change }) => ({ mount: mount.path, ...change }),
  async run({ core, input: { mount, change } }) {
    const { cacheSize = 0 } = change;
    if (cacheSize !== 0 && cacheSize < minCacheSize) {
      const reason = `size must be 0 or a value greater or equal to ${minCacheSize}`;
      throw ServiceError.of("InvalidInput", { kind: "validation", reason });
    }
    const settings = { ...(await transitSettingsOf(core, mount)), ...change };
    await core.commit(core.vaultEntries.replace(areaOf(mount), entryName, settings));
    return settings;
  },
});

import type { Core } from "../../core.ts";
import type { MountRecord } from "../../model/mount.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { plainSecretsArea } from "./plain-secrets.ts";
import { dataArea, factsArea, type SecretData, secretsArea, versionName } from "./secret.ts";
import { newSecret } from "./write-secret.ts";

/** Secrets converted by one commit. */
const batchSecrets = 100;

/**
 * Makes version 1 of a secret of each that a mount held as KV version 1, and opens the mount then; the lifecycle calls it. What
 * one commit has converted stays so when the server stops.
 */
export async function upgradeSecrets(core: Core): Promise<void> {
  const mounts = await core.mounts.all();
  for (const mount of mounts.values()) {
    if (mount.config.upgrading !== true) continue;
    while (await convertSome(core, mount)) {}
    await open(core, mount);
  }
}

/** @returns whether there may be more */
async function convertSome(core: Core, mount: MountRecord): Promise<boolean> {
  const area = plainSecretsArea(mount);
  const page = await core.vaultEntries.page<SecretData>(area, undefined, batchSecrets);
  const nowMs = core.clock.nowMs();
  const writes = page.flatMap((entry): Write[] => {
    const secret = { ...newSecret(core, nowMs), currentVersion: 1 };
    return [
      core.vaultEntries.insert(secretsArea(mount), entry.name, secret),
      core.vaultEntries.insert(factsArea(mount, secret.id), versionName(1), { createdAtMs: nowMs, destroyed: false }),
      core.vaultEntries.insert(dataArea(mount, secret.id), versionName(1), entry.value),
      core.vaultEntries.delete(entry),
    ];
  });
  if (writes.length > 0) await core.commit(writes);
  return page.length === batchSecrets;
}

async function open(core: Core, { path }: MountRecord): Promise<void> {
  const mount = (await core.mounts.all()).get(path);
  if (mount?.config.upgrading !== true) return;
  const { upgrading: _, ...config } = mount.config;
  try {
    await core.commit([{ op: "update", table: "mounts", row: { ...mount, config, revision: mount.revision + 1 } }]);
  } catch (error) {
    // Somebody tuned it meanwhile: the next round opens it.
    if (!(error instanceof StoreConflict)) throw error;
  }
}

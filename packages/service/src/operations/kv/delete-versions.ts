import { defineOperation, type Operation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import {
  dataArea,
  deletionTimeMs,
  findSecret,
  findVersion,
  isGone,
  type KvConfig,
  loadKvConfig,
  type SecretInput,
  type StoredSecret,
  type StoredVersion,
  versionName,
} from "./secret.ts";

export interface VersionsInput extends SecretInput {
  /** Absent: the current one. Numbers of versions that are not there are ignored. */
  readonly versions?: readonly number[];
}

/** What becomes of a version; undefined when it stays as it is. */
type Change = (
  version: StoredVersion,
  secret: StoredSecret,
  config: KvConfig,
  nowMs: number,
) => StoredVersion | undefined;

/** An operation that changes versions of a secret, all at once. One that is not there is no error. */
function versionsOperation(name: string, change: Change, dropsData = false): Operation<VersionsInput, null> {
  return defineOperation<VersionsInput, null>({
    name,
    plane: "data",
    readOnly: false,
    eventSource: "vault.coffer",
    instanceWide: true,
    keys: [],
    resources: vaultPathAccess,
    record: ({ mount, path, versions }) => ({ mount: mount.path, path, versions }),
    async run({ core, input, nowMs }) {
      const { mount } = input;
      const secret = (await findSecret(core, input))?.value;
      if (secret === undefined) return null;
      const config = await loadKvConfig(core, mount);
      const writes: Write[] = [];
      for (const number of new Set(input.versions ?? [secret.currentVersion])) {
        const found = number > 0 ? await findVersion(core, mount, secret.id, number) : undefined;
        const changed = found && change(found.value, secret, config, nowMs);
        if (found === undefined || changed === undefined) continue;
        writes.push(core.vaultEntries.update(found, changed));
        const key = { area: dataArea(mount, secret.id), name: versionName(number) };
        if (dropsData) writes.push({ op: "delete", table: "vaultEntries", key, revision: "any" });
      }
      if (writes.length > 0) await core.commit(writes);
      return null;
    },
  });
}

/** Vault API: KV v2, delete latest version and delete secret versions. Their data stays until they are destroyed. */
export const deleteVersions = versionsOperation("DeleteSecretVersions", (version, _secret, _config, nowMs) =>
  isGone(version, nowMs) ? undefined : { ...version, deletedAtMs: nowMs },
);

/** Vault API: KV v2, undelete secret versions. Where versions are deleted after a time, that time begins anew. */
export const undeleteVersions = versionsOperation("UndeleteSecretVersions", (version, secret, config, nowMs) => {
  if (version.destroyed) return undefined;
  const { createdAtMs, destroyed } = version;
  const deletedAtMs = deletionTimeMs(config, secret, nowMs);
  return { createdAtMs, destroyed, ...(deletedAtMs === undefined ? {} : { deletedAtMs }) };
});

/** Vault API: KV v2, destroy secret versions. */
export const destroyVersions = versionsOperation(
  "DestroySecretVersions",
  (version) => (version.destroyed ? undefined : { ...version, destroyed: true }),
  true,
);

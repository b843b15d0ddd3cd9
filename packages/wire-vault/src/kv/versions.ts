import type { NumberedVersion, SecretMetadata, SecretVersion } from "@coffer/service";
import { formatDuration, formatTime } from "./durations.ts";

function timesOf({ createdAtMs, deletedAtMs, destroyed }: NumberedVersion) {
  return {
    created_time: formatTime(createdAtMs),
    deletion_time: deletedAtMs === undefined ? "" : formatTime(deletedAtMs),
    destroyed,
  };
}

/** A version as `data` and `subkeys` show it (Vault API: KV v2, `metadata`). */
export function versionInfo(version: SecretVersion) {
  const { created_time, deletion_time, destroyed } = timesOf(version);
  return {
    created_time,
    custom_metadata: version.customMetadata,
    deletion_time,
    destroyed,
    version: version.version,
  };
}

/** The metadata of a secret (OpenBao, builtin/logical/kv/path_metadata.go: `metadataResponseData`). */
export function metadataInfo({ secret, versions }: SecretMetadata) {
  return {
    cas_required: secret.casRequired,
    created_time: formatTime(secret.createdAtMs),
    current_metadata_version: secret.metadataVersion,
    current_version: secret.currentVersion,
    custom_metadata: secret.customMetadata,
    delete_version_after: formatDuration(secret.deleteVersionAfterSeconds),
    max_versions: secret.maxVersions,
    metadata_cas_required: secret.metadataCasRequired,
    oldest_version: secret.oldestVersion,
    updated_time: formatTime(secret.updatedAtMs),
    versions: Object.fromEntries(versions.map((version) => [String(version.version), timesOf(version)])),
  };
}

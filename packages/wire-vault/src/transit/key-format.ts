import type { KeyRecord } from "@coffer/service";
import type { NamedKey } from "./key-name.ts";

interface KeyType {
  readonly name: string;
  readonly encryption: boolean;
  readonly signing: boolean;
  readonly derivation: boolean;
}

/** Transit's type of each key spec (Vault API: Transit, key types). */
const keyTypes: ReadonlyMap<string, KeyType> = new Map([
  ["SYMMETRIC_DEFAULT", { name: "aes256-gcm96", encryption: true, signing: false, derivation: true }],
]);

const unknownType: KeyType = { name: "unsupported", encryption: false, signing: false, derivation: false };

export interface VersionTime {
  readonly version: number;
  readonly createdAtMs: number;
}

/** A key as Transit shows it, as JSON text (Vault API: Transit, read key; OpenBao, path_keys.go: `formatKeyPolicy`). */
export function formatKey({ name }: NamedKey, key: KeyRecord, versions: readonly VersionTime[]): string {
  const type = keyTypes.get(key.spec) ?? unknownType;
  const keys = versions.map(({ version, createdAtMs }) => `"${version}":${Math.floor(createdAtMs / 1000)}`);
  const data = {
    allow_plaintext_backup: key.transit.allowPlaintextBackup,
    auto_rotate_period: key.rotation.enabled ? Math.round(key.rotation.periodMs / 1000) : 0,
    deletion_allowed: key.transit.deletionAllowed,
    derived: false,
    exportable: key.transit.exportable,
    imported_key: key.origin === "EXTERNAL",
    latest_version: key.currentVersion,
    min_available_version: 0,
    min_decryption_version: key.transit.minDecryptionVersion,
    min_encryption_version: key.transit.minEncryptionVersion,
    name,
    soft_deleted: false,
    supports_decryption: type.encryption,
    supports_derivation: type.derivation,
    supports_encryption: type.encryption,
    supports_signing: type.signing,
    type: type.name,
  };
  return `${JSON.stringify(data).slice(0, -1)},"keys":{${keys.join(",")}}}`;
}

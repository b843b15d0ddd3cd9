import {
  findTransitType,
  type KeyRecord,
  type KeyVersionFacts,
  pemOf,
  type TransitCopy,
  type TransitTypeRow,
} from "@coffer/service";
import type { NamedKey } from "./key-name.ts";

const unknownType = { type: "unsupported", signing: false, derivation: false, encryption: undefined };

/** What stands before the raw key in a SubjectPublicKeyInfo does not belong to it: these are as long as the raw key. */
const rawPublicKeyBytes: ReadonlyMap<string, number> = new Map([
  ["ed25519", 32],
  ["ml-dsa-44", 1312],
  ["ml-dsa-65", 1952],
  ["ml-dsa-87", 2592],
]);

/** A public key as Transit shows it: base64 of the raw key for Ed25519 and ML-DSA, PEM for the others. */
export function formatPublicKey(name: string, spki: Buffer): string {
  const raw = rawPublicKeyBytes.get(name);
  if (raw !== undefined) return spki.subarray(-raw).toString("base64");
  return pemOf("PUBLIC KEY", spki);
}

/** One version: the second in which it was made, or what there is of its public key. */
function formatVersion({ publicName }: Pick<TransitTypeRow, "publicName">, version: KeyVersionFacts): unknown {
  const { createdAtMs, publicKey, certificateChain } = version;
  if (publicName === undefined) return Math.floor(createdAtMs / 1000);
  return {
    certificate_chain: certificateChain ?? "",
    creation_time: new Date(createdAtMs).toISOString(),
    name: publicName,
    public_key: publicKey === undefined ? "" : formatPublicKey(publicName, publicKey),
  };
}

/** A key as Transit shows it, as JSON text (Vault API: Transit, read key; OpenBao, path_keys.go: `formatKeyPolicy`). */
export function formatKey({ name }: NamedKey, key: KeyRecord, versions: readonly KeyVersionFacts[]): string {
  const found = findTransitType(key.spec);
  const type = found ?? unknownType;
  const { transit } = key;
  const imported = transit.imported ?? key.origin === "EXTERNAL";
  const keys = versions.map((version) => `"${version.version}":${JSON.stringify(formatVersion(found ?? {}, version))}`);
  const data = {
    allow_plaintext_backup: transit.allowPlaintextBackup,
    auto_rotate_period: key.rotation.enabled ? Math.round(key.rotation.periodMs / 1000) : 0,
    deletion_allowed: transit.deletionAllowed,
    derived: transit.kdf !== undefined,
    exportable: transit.exportable,
    imported_key: imported,
    latest_version: key.currentVersion,
    min_available_version: transit.minAvailableVersion ?? 0,
    min_decryption_version: transit.minDecryptionVersion,
    min_encryption_version: transit.minEncryptionVersion,
    name,
    soft_deleted: transit.softDeleted === true,
    supports_decryption: type.encryption !== undefined,
    supports_derivation: type.derivation,
    supports_encryption: type.encryption !== undefined,
    supports_signing: type.signing,
    type: type.type,
    ...derivation(key),
    ...(imported ? { imported_key_allow_rotation: transit.allowsImportedRotation === true } : {}),
    ...formatCopy("backup_info", transit.backedUp),
    ...formatCopy("restore_info", transit.restored),
    ...(transit.secretBytes === undefined ? {} : { key_size: transit.secretBytes }),
    ...(found?.parameterSet === undefined ? {} : { parameter_set: found.parameterSet }),
  };
  // HMAC keys have no versions to show there.
  if (found?.hmac === "material") return JSON.stringify(data);
  return `${JSON.stringify(data).slice(0, -1)},"keys":{${keys.join(",")}}}`;
}

function formatCopy(name: string, copy: TransitCopy | undefined): Readonly<Record<string, unknown>> {
  return copy === undefined ? {} : { [name]: { time: new Date(copy.atMs).toISOString(), version: copy.version } };
}

function derivation({ transit: { kdf, convergentVersion } }: KeyRecord): Readonly<Record<string, unknown>> {
  if (kdf === undefined) return {};
  return {
    kdf,
    ...(kdf === "hmac-sha256-counter" ? { kdf_mode: kdf } : {}),
    convergent_encryption: convergentVersion !== undefined,
    ...(convergentVersion === undefined ? {} : { convergent_encryption_version: -1 }),
  };
}

import type { KeyObject } from "node:crypto";
import { encodePublicKey, findTransitType } from "@coffer/crypto";
import { ServiceError } from "../../../errors.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import type { KeyRecord, KeyVersionRecord, TransitCopy } from "../../../model/key.ts";
import { certificatesOf, pemOf } from "../pem.ts";
import { type BackupType, backupTypeOf } from "./entry-codecs.ts";

/** A key on its way into a backup. */
export interface KeyToBackUp {
  readonly key: KeyEntry;
  /** The record as the backup is to have it. */
  readonly record: KeyRecord;
  /** From the first that is available on, ascending. */
  readonly versions: readonly KeyVersionRecord[];
  /** The name that it goes by in Transit. */
  readonly name: string;
}

const noTime = "0001-01-01T00:00:00Z";
/** What stands in the archive for a version that never was. */
const emptyEntry = `{"key":null,"hmac_key":null,"time":"${noTime}","ec_x":null,"ec_y":null,"ec_d":null,"rsa_key":null,"rsa_public_key":null,"public_key":"","convergent_version":0,"creation_time":0,"certificate_chain":null}`;

const nanosecondsPerMs = 1_000_000;

/**
 * The JSON of a backup (OpenBao, sdk/helper/keysutil/lock_manager.go: `KeyData`), for the caller to wipe. The original
 * keeps all versions in the archive and the usable ones in the policy; so does this.
 *
 * @throws ServiceError InvalidInput for types that the originals have no number for; KeyUnavailable
 */
export async function writeBackup(backup: KeyToBackUp): Promise<Buffer> {
  const { key, record, versions } = backup;
  const type = backupTypeOf(record.spec);
  if (type === undefined) {
    const name = findTransitType(record.spec)?.type ?? record.spec;
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: `key type ${name} has no form of a backup` });
  }
  const { transit } = record;
  const usable: string[] = [];
  const archived: string[] = transit.minAvailableVersion === undefined ? [emptyEntry] : [];
  for (const version of versions) {
    const entry = await entryOf(key, type, version);
    archived.push(entry);
    if (version.version >= transit.minDecryptionVersion) usable.push(`"${version.version}":${entry}`);
  }
  const policy = policyOf(backup, type, `{${usable.join(",")}}`);
  return Buffer.from(`{"policy":${policy},"archived_keys":{"keys":[${archived.join(",")}]}}`);
}

async function entryOf(key: KeyEntry, { codec }: BackupType, row: KeyVersionRecord): Promise<string> {
  const { version, createdAtMs, certificateChain } = row;
  const material = await key.material(version);
  const publicKey = key.isPair ? await key.publicKey(version) : undefined;
  const hmacKey = await key.hmacKey(version);
  const written = material === undefined ? publicKey && codec.writePublic?.(publicKey) : codec.write(material);
  if (written === undefined || hmacKey === undefined) {
    throw ServiceError.of("KeyUnavailable", { keyArn: key.arn });
  }
  const hmac = hmacKey.export();
  const { convergentVersion = 0 } = key.record.transit;
  const chain = certificateChain === undefined ? null : certificatesOf(certificateChain).map(base64);
  const text = [
    `{"key":${JSON.stringify(written.key)},"hmac_key":"${hmac.toString("base64")}"`,
    `"time":"${new Date(createdAtMs).toISOString()}",${written.numbers}`,
    `"public_key":${JSON.stringify(publicText(publicKey))},"convergent_version":${convergentVersion}`,
    `"creation_time":${Math.floor(createdAtMs / 1000)},"certificate_chain":${JSON.stringify(chain)}}`,
  ].join(",");
  hmac.fill(0);
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** As the original formats it for each type; of RSA keys it keeps none. */
function publicText(publicKey: KeyObject | undefined): string {
  if (publicKey === undefined || publicKey.asymmetricKeyType === "rsa") return "";
  if (publicKey.asymmetricKeyType !== "ec") return publicKey.export({ format: "raw-public" }).toString("base64");
  return pemOf("PUBLIC KEY", encodePublicKey(publicKey));
}

function copyOf(copy: TransitCopy | undefined): string {
  return copy === undefined
    ? "null"
    : JSON.stringify({ time: new Date(copy.atMs).toISOString(), version: copy.version });
}

function policyOf({ record, name }: KeyToBackUp, { number }: BackupType, keys: string): string {
  const { transit, currentVersion, rotation, origin } = record;
  const { kdf, convergentVersion, secretBytes, minAvailableVersion = 0 } = transit;
  const periodMs = rotation.enabled ? rotation.periodMs : 0;
  const head = {
    name,
    ...(secretBytes === undefined ? {} : { key_size: secretBytes }),
  };
  const rest = {
    derived: kdf !== undefined,
    // Zero is the counter, which is what keys that are not derived have too.
    kdf: kdf === "hkdf_sha256" ? 1 : 0,
    convergent_encryption: convergentVersion !== undefined,
    exportable: transit.exportable,
    min_decryption_version: transit.minDecryptionVersion,
    min_encryption_version: transit.minEncryptionVersion,
    latest_version: currentVersion,
    archive_version: currentVersion,
    archive_min_version: minAvailableVersion,
    min_available_version: minAvailableVersion,
    deletion_allowed: transit.deletionAllowed,
    // Each version has its own.
    convergent_version: convergentVersion === undefined ? 0 : -1,
    type: number,
  };
  const last = {
    allow_plaintext_backup: transit.allowPlaintextBackup,
    version_template: "",
    storage_prefix: "",
    auto_rotate_period: periodMs * nanosecondsPerMs,
    Imported: transit.imported ?? origin === "EXTERNAL",
    AllowImportedKeyRotation: transit.allowsImportedRotation === true,
    soft_deleted: transit.softDeleted === true,
  };
  const copies = `"backup_info":${copyOf(transit.backedUp)},"restore_info":${copyOf(transit.restored)}`;
  return `${open(head)},"keys":${keys},${inner(rest)},${copies},${inner(last)}}`;
}

/** JSON without its closing brace. */
function open(value: object): string {
  return JSON.stringify(value).slice(0, -1);
}

function inner(value: object): string {
  return JSON.stringify(value).slice(1, -1);
}

import { type KeySpec, SecretBytes } from "@coffer/crypto";
import { ServiceError } from "../../../errors.ts";
import { limits } from "../../../limits.ts";
import type { TransitAttributes } from "../../../model/key.ts";
import { pemOf } from "../pem.ts";
import {
  type BackupType,
  findBackupType,
  type Members,
  readMembers,
  readSecret,
  specOfBackup,
} from "./entry-codecs.ts";
import { type BigJson, parseBigJson } from "./parse-big-json.ts";

/** One version out of a backup. Its owner disposes of the secrets. */
export interface RestoredVersion {
  readonly version: number;
  readonly createdAtMs: number;
  readonly material: SecretBytes;
  /** Whether the material is a public key alone: SubjectPublicKeyInfo, DER. */
  readonly isPublic: boolean;
  /** Absent for HMAC keys, which are their own. */
  readonly hmacKey?: SecretBytes;
  /** PEM. */
  readonly certificateChain?: string;
}

/** A key out of a backup. */
export interface RestoredKey {
  readonly name: string;
  readonly spec: KeySpec;
  readonly transit: TransitAttributes;
  /** 0: it does not rotate by itself. */
  readonly rotationPeriodMs: number;
  readonly latestVersion: number;
  /** Ascending, from the first one that is available to the latest, none missing. */
  readonly versions: readonly RestoredVersion[];
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function refuseBackup(what: string): never {
  return refuse(`the backup is not one of a Transit key: ${what}`);
}

/** What Go's decoder says of what is no JSON, where its first character tells. */
function refuseJson(text: string): never {
  const first = text.trimStart().charAt(0);
  if (first === "") refuse("unexpected end of JSON input");
  if (!/[[{"\-0-9tfn]/.test(first)) refuse(`invalid character '${first}' looking for beginning of value`);
  return refuse(isCutOff(text) ? "unexpected EOF" : "the backup is no JSON");
}

function isCutOff(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof SyntaxError && /end of JSON input|Unterminated string/.test(error.message);
  }
}

function truth(value: BigJson | undefined): boolean {
  return value === true;
}

function whole(members: Members, name: string): number {
  const value = members[name] ?? 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return refuseBackup(`${name} is no whole number`);
  return value;
}

/**
 * Reads a backup of OpenBao, Vault or Coffer (OpenBao, sdk/helper/keysutil/lock_manager.go: `KeyData`).
 *
 * @param json untrusted
 * @throws ServiceError InvalidInput, Unsupported
 */
export function readBackup(json: Buffer): RestoredKey {
  const text = json.toString("utf8");
  const parsed = parseBigJson(text) ?? refuseJson(text);
  const policy = readMembers(readMembers(parsed)?.["policy"]) ?? refuseBackup("it has no policy");
  const archive = readMembers(readMembers(parsed)?.["archived_keys"] ?? null)?.["keys"];
  const latestVersion = whole(policy, "latest_version");
  const minAvailable = whole(policy, "min_available_version");
  const first = Math.max(1, minAvailable);
  const count = latestVersion - first + 1;
  if (latestVersion < 1 || count < 1) refuseBackup("it has no version");
  if (count > limits.pageItems.value) {
    refuse(`the backup has ${count} versions; at most ${limits.pageItems.value} are restored`);
  }
  const find = entryFinder(policy, archive, whole(policy, "archive_min_version"));
  const type =
    findBackupType(whole(policy, "type"), find(latestVersion)) ??
    refuse(`the backup is of a key type that Coffer has not: ${whole(policy, "type")}`);
  const attributes = readAttributes(policy, type);
  const keyBytes = type.type === "hmac" ? (attributes.secretBytes ?? 0) : 0;
  const spec = specOfBackup(type, keyBytes) ?? refuseBackup(`${type.type} is no type`);
  const versions: RestoredVersion[] = [];
  try {
    for (let version = first; version <= latestVersion; version += 1) {
      versions.push(readVersion(type, spec, version, find(version), attributes));
    }
  } catch (error) {
    wipeVersions(versions);
    throw error;
  }
  const name = policy["name"];
  return {
    name: typeof name === "string" ? name : "",
    spec,
    transit: attributes,
    rotationPeriodMs: readPeriodMs(policy),
    latestVersion,
    versions,
  };
}

/** Wipes the secrets of what was read. */
export function wipeVersions(versions: readonly RestoredVersion[]): void {
  for (const { material, hmacKey } of versions) {
    material.dispose();
    hmacKey?.dispose();
  }
}

function entryFinder(
  policy: Members,
  archive: BigJson | undefined,
  archiveFirst: number,
): (version: number) => Members {
  const keys = readMembers(policy["keys"]) ?? {};
  const archived = Array.isArray(archive) ? (archive as readonly BigJson[]) : [];
  return (version) =>
    readMembers(Object.hasOwn(keys, String(version)) ? keys[String(version)] : archived[version - archiveFirst]) ??
    refuseBackup(`version ${version} is missing`);
}

function readVersion(
  type: BackupType,
  spec: KeySpec,
  version: number,
  entry: Members,
  { convergentVersion }: TransitAttributes,
): RestoredVersion {
  const ownConvergent = whole(entry, "convergent_version");
  if (convergentVersion !== undefined && ownConvergent !== 0 && ownConvergent !== convergentVersion) {
    const reason = `version ${version} encrypts convergently in a way from before Vault 0.8 (${ownConvergent}), which Coffer has not`;
    throw ServiceError.of("Unsupported", { reason });
  }
  const publicKey = type.codec.readPublic?.(entry);
  const material =
    (publicKey === undefined ? type.codec.read(spec, entry) : SecretBytes.takeFrom(publicKey)) ??
    refuseBackup(`version ${version} has no key of its type`);
  const hmacKey = type.type === "hmac" ? undefined : readSecret(entry["hmac_key"]);
  return {
    version,
    createdAtMs: readTimeMs(entry),
    material,
    isPublic: publicKey !== undefined,
    ...(hmacKey === undefined ? {} : { hmacKey }),
    ...readChain(entry),
  };
}

function readTimeMs(entry: Members): number {
  const { time } = entry;
  const atMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  // Keys from before times were kept have the zero time and the second.
  return Number.isSafeInteger(atMs) && atMs > 0 ? atMs : Math.max(0, whole(entry, "creation_time")) * 1000;
}

function readChain(entry: Members): { readonly certificateChain?: string } {
  const { certificate_chain: chain } = entry;
  if (!Array.isArray(chain) || chain.length === 0) return {};
  const blocks = chain.map((der) =>
    typeof der === "string" ? pemOf("CERTIFICATE", Buffer.from(der, "base64")) : refuseBackup("a certificate is none"),
  );
  return { certificateChain: blocks.join("").trimEnd() };
}

const nanosecondsPerMs = 1_000_000;

function readPeriodMs(policy: Members): number {
  const period = policy["auto_rotate_period"] ?? 0;
  const nanoseconds = typeof period === "bigint" ? Number(period) : period;
  if (typeof nanoseconds !== "number" || nanoseconds < 0) return refuseBackup("auto_rotate_period is no duration");
  return Math.round(nanoseconds / nanosecondsPerMs);
}

/** Convergent keys of the originals since Vault 0.8; what a policy says with -1. */
const currentConvergent = 3;

function readAttributes(policy: Members, type: BackupType): TransitAttributes {
  const isDerived = truth(policy["derived"]);
  const isConvergent = truth(policy["convergent_encryption"]);
  const ofPolicy = whole(policy, "convergent_version");
  if (isConvergent && ofPolicy > 0 && ofPolicy !== currentConvergent) {
    const reason = `the key encrypts convergently in a way from before Vault 0.8 (${ofPolicy}), which Coffer has not`;
    throw ServiceError.of("Unsupported", { reason });
  }
  if (policy["version_template"]) refuseBackup("it has a version template");
  const keySize = whole(policy, "key_size");
  const minAvailableVersion = whole(policy, "min_available_version");
  return {
    deletionAllowed: truth(policy["deletion_allowed"]),
    exportable: truth(policy["exportable"]),
    allowPlaintextBackup: truth(policy["allow_plaintext_backup"]),
    minDecryptionVersion: Math.max(1, whole(policy, "min_decryption_version")),
    minEncryptionVersion: whole(policy, "min_encryption_version"),
    allUses: true,
    ...(isDerived ? { kdf: whole(policy, "kdf") === 1 ? "hkdf_sha256" : "hmac-sha256-counter" } : {}),
    ...(isConvergent ? { convergentVersion: currentConvergent } : {}),
    ...(minAvailableVersion === 0 ? {} : { minAvailableVersion }),
    ...(truth(policy["soft_deleted"]) ? { softDeleted: true } : {}),
    ...(type.type === "hmac" ? { secretBytes: keySize === 0 ? 32 : keySize } : {}),
    ...(truth(policy["Imported"]) ? { imported: true } : {}),
    ...(truth(policy["AllowImportedKeyRotation"]) ? { allowsImportedRotation: true } : {}),
    ...readCopy("backedUp", policy["backup_info"]),
  };
}

function readCopy(member: "backedUp", value: BigJson | undefined): Partial<TransitAttributes> {
  const copy = readMembers(value);
  if (copy === undefined) return {};
  const { time } = copy;
  const atMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isSafeInteger(atMs) ? { [member]: { atMs, version: whole(copy, "version") } } : {};
}

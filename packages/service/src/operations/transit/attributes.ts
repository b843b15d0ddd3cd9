import { ServiceError } from "../../errors.ts";
import type { TransitAttributes } from "../../model/key.ts";

/** Attributes of a key that Transit knows nothing of yet. */
export const defaultTransitAttributes: TransitAttributes = {
  deletionAllowed: false,
  exportable: false,
  allowPlaintextBackup: false,
  minDecryptionVersion: 1,
  minEncryptionVersion: 0,
};

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Checks the attributes that a key is to have (Vault API: Transit, update key configuration).
 *
 * @throws ServiceError InvalidInput
 */
export function checkTransitAttributes(next: TransitAttributes, currentVersion: number): void {
  const { minDecryptionVersion, minEncryptionVersion } = next;
  if (!Number.isSafeInteger(minDecryptionVersion) || minDecryptionVersion < 1) {
    refuse("min decryption version must be a whole number from 1");
  }
  if (!Number.isSafeInteger(minEncryptionVersion) || minEncryptionVersion < 0) {
    refuse("min encryption version must be a whole number from 0");
  }
  if (minDecryptionVersion > currentVersion) {
    refuse(`cannot set min decryption version of ${minDecryptionVersion}, latest key version is ${currentVersion}`);
  }
  if (minEncryptionVersion > currentVersion) {
    refuse(`cannot set min encryption version of ${minEncryptionVersion}, latest key version is ${currentVersion}`);
  }
  if (minEncryptionVersion !== 0 && minEncryptionVersion < minDecryptionVersion) {
    refuse(
      `cannot set min encryption/decryption values; min encryption version of ${minEncryptionVersion} must be greater than or equal to min decryption version of ${minDecryptionVersion}`,
    );
  }
}

/** Nothing may need a version that was trimmed away. @throws ServiceError InvalidInput */
export function checkAvailable({
  minAvailableVersion = 0,
  minEncryptionVersion,
  minDecryptionVersion,
}: TransitAttributes): void {
  if (minAvailableVersion > minEncryptionVersion) {
    refuse("min encryption version should not be less than min available version");
  }
  if (minAvailableVersion > minDecryptionVersion) {
    refuse("min decryption version should not be less then min available version");
  }
}

/** What let a key's material out once may never be taken back. @throws ServiceError InvalidInput */
export function checkOnceSet(before: TransitAttributes, next: TransitAttributes): void {
  if (before.exportable && !next.exportable) refuse("exportable keys cannot be made unexportable");
  if (before.allowPlaintextBackup && !next.allowPlaintextBackup) {
    refuse("plaintext backup cannot be disallowed once it was allowed");
  }
}

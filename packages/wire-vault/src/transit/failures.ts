import type { TransitFailure } from "@coffer/service";
import { decodeBase64 } from "../http/base64.ts";

/**
 * Transit's words for a failed item (OpenBao, sdk/helper/keysutil/policy.go). Everything that is wrong with a ciphertext
 * behind its version is one message, so that nobody learns which part.
 */
export const failureTexts: Readonly<Record<TransitFailure, string>> = {
  ciphertextMalformed: "invalid ciphertext: could not decode base64",
  versionTooOld: "ciphertext or signature version is disallowed by policy (too old)",
  versionUnknown: "invalid ciphertext: version is too new",
  decryptionFailed: "cipher: message authentication failed",
  privateKeyMissing: "cannot decrypt ciphertext, key version does not have a private counterpart",
  versionTooHigh: "requested version for encryption is higher than the latest key version",
  contextMissing:
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key",
  aadUnsupported: "'associated_data' provided for non-AEAD cipher suite",
  plaintextTooLong: "failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size",
  versionTooLow: "requested version for encryption is less than the minimum encryption key version",
};

const prefix = "vault:v";
/** The largest version that the core reads. */
const maxVersion = 0x7fff_ffff;

/** Transit's words for what the core calls a malformed ciphertext: the first part that is wrong. */
export function malformedText(ciphertext: string): string {
  if (!ciphertext.startsWith(prefix)) return "invalid ciphertext: no prefix";
  const separator = ciphertext.indexOf(":", prefix.length);
  if (separator < 0) return "invalid ciphertext: wrong number of fields";
  const version = ciphertext.slice(prefix.length, separator);
  if (!/^[1-9][0-9]{0,15}$/.test(version)) return "invalid ciphertext: version number could not be decoded";
  if (Number(version) > maxVersion) return failureTexts.versionUnknown;
  // Base64 that is too short to be a ciphertext fails like any other that does not decrypt.
  return decodeBase64(ciphertext.slice(separator + 1)).ok
    ? failureTexts.decryptionFailed
    : failureTexts.ciphertextMalformed;
}

/** Where a failed item was, and under a key of which type. */
export interface FailedItem {
  /** Absent when the call has no such items. */
  readonly index?: number;
  readonly keyType: string;
}

/** Transit's words for a failed item. */
export function failureText(failure: TransitFailure, ciphertext: string | undefined, at?: FailedItem): string {
  if (failure === "aadUnsupported" && at !== undefined) {
    const name = at.index === undefined ? "associated_data" : `[${at.index}].associated_data`;
    return `'${name}' provided for non-AEAD cipher suite ${at.keyType}`;
  }
  if (failure === "ciphertextMalformed" && ciphertext !== undefined) return malformedText(ciphertext);
  return failureTexts[failure];
}

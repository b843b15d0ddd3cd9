import { sha512 } from "@noble/hashes/sha2.js";
import { checkId } from "../addresses.ts";
import { bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";

/** A user as they are compared: by id and account key, and so with all devices. */
export interface AccountIdentity {
  readonly userId: string;
  /** Base64, 32 bytes, Ed25519. */
  readonly accountKey: string;
}

/** What two people compare, by voice or by scanning. Both get the same. */
export interface SafetyNumber {
  /** 60 digits, in groups of five. */
  readonly digits: string;
  /** What a QR code has: version, then the two halves in the order of the digits; 65 bytes. */
  readonly scannable: Uint8Array;
}

// As Signal's numeric fingerprints: version 0, 5200 rounds of SHA-512, 30 digits of each side (libsignal,
// rust/protocol/src/fingerprint.rs, facts; 5200 rounds cost who looks for a colliding key 2^112 work).
const rounds = 5200;
const fingerprintBytes = 32;
const digitGroups = 6;
const groupBytes = 5;
const groupModulus = 100_000;
const scannableVersion = 1;
const keyType = 5;

/** The safety number of two users: the same for both, and another one when either's account key is. About 20 ms. */
export function safetyNumber(one: AccountIdentity, other: AccountIdentity): SafetyNumber {
  const halves = [fingerprintOf(one), fingerprintOf(other)].sort((a, b) => (a.digits < b.digits ? -1 : 1));
  const scannable = new Uint8Array(1 + 2 * fingerprintBytes);
  scannable[0] = scannableVersion;
  for (const [n, { bytes }] of halves.entries())
    scannable.set(bytes.subarray(0, fingerprintBytes), 1 + n * fingerprintBytes);
  const digits = halves.map((half) => half.digits).join("");
  return { digits: digits.replace(/(\d{5})(?=\d)/g, "$1 "), scannable };
}

/**
 * Whether what was scanned is the safety number of these two.
 *
 * @throws MessagingError InvalidInput when it is the code of another version or of something else
 */
export function matchesScanned(own: SafetyNumber, scanned: Uint8Array): boolean {
  if (scanned.length !== own.scannable.length || scanned[0] !== scannableVersion) {
    throw new MessagingError("InvalidInput", "What was scanned is no safety number of this version.");
  }
  // Nothing here is secret, but nothing is gained by ending early either.
  let difference = 0;
  for (const [at, byte] of own.scannable.entries()) difference |= byte ^ scanned[at]!;
  return difference === 0;
}

function fingerprintOf({ userId, accountKey }: AccountIdentity): { digits: string; bytes: Uint8Array } {
  checkId(userId, "user's id");
  const key = bytesOfBase64(accountKey);
  if (key?.length !== 32) throw new MessagingError("InvalidInput", "An account key has 32 bytes.");
  const typed = new Uint8Array([keyType, ...key]);
  let bytes: Uint8Array = sha512
    .create()
    .update(Uint8Array.of(0, 0))
    .update(typed)
    .update(new TextEncoder().encode(userId))
    .update(typed)
    .digest();
  for (let round = 1; round < rounds; round++) bytes = sha512.create().update(bytes).update(typed).digest();
  return { digits: digitsOf(bytes), bytes };
}

/** Five digits of each five bytes, big-endian. */
function digitsOf(bytes: Uint8Array): string {
  return Array.from({ length: digitGroups }, (_, group) => {
    const part = bytes.subarray(group * groupBytes, (group + 1) * groupBytes);
    const value = part.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % groupModulus).padStart(groupBytes, "0");
  }).join("");
}

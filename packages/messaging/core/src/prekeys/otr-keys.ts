import { sha1 } from "@noble/hashes/legacy.js";
import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload } from "../key-bundle.ts";
import { ByteReader } from "./byte-reader.ts";
import { refuseKeys } from "./refuse-keys.ts";

const fingerprintBytes = 20;
const dsaKeyType = 0;

/**
 * OTR's keys: the identity key is the fingerprint of the DSA key, 20 bytes: SHA-1 over the key's encoding without its type.
 * `details` is base64 of that encoding: the type, two zero bytes, then p, q, g and y, each with its length in four bytes
 * before it. There are no sets. Source: "Off-the-Record Messaging Protocol version 3", sections "OTRv3 public keys" and
 * "fingerprint".
 */
export function checkOtrKeys(identityKey: string, { details, sets }: KeyUpload): void {
  if (Object.keys(sets).length > 0) throw refuseKeys("OTR has no sets of keys");
  const fingerprint = bytesOfBase64(identityKey);
  if (fingerprint?.length !== fingerprintBytes) throw refuseKeys("the identity key is no fingerprint");
  if (details === undefined) return;
  const key = bytesOfBase64(details);
  if (key === undefined || !isDsaKey(key)) throw refuseKeys("the public key is malformed");
  if (!sha1(key.subarray(2)).every((byte, at) => byte === fingerprint[at])) {
    throw refuseKeys("the public key is not of the identity key");
  }
}

function isDsaKey(key: Uint8Array): boolean {
  const reader = new ByteReader(key);
  if (reader.number(2) !== dsaKeyType) return false;
  const numbers = Array.from({ length: 4 }, () => reader.prefixed(4));
  // A number has no zero byte before it (OTRv3, "MPI").
  return reader.isAtEnd && numbers.every((number) => number !== undefined && number[0] !== undefined && number[0] > 0);
}

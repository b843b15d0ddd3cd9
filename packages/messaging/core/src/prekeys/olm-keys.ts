import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload, PublicPreKey } from "../key-bundle.ts";
import { canonicalJson } from "./canonical-json.ts";
import { isCurve25519Key } from "./curve25519-key.ts";
import { isEd25519Signed } from "./ed25519-signed.ts";
import { refuseKeys } from "./refuse-keys.ts";

const keyBytes = 32;

/** The name of Olm's set: Curve25519 keys that go out once, and the fallback key as last resort. */
export const olmSet = "signed_curve25519";

/**
 * Olm's keys: the identity key is 64 bytes, the device's Ed25519 key and its Curve25519 key. `details` is Matrix's `device_keys`
 * object as JSON, which names both and is signed by the former; so is every key of `signed_curve25519`, as the object
 * `{"key": ...}` or, for the fallback key, `{"fallback": true, "key": ...}`. Source: Matrix Client-Server API, "Signing JSON"
 * and "Device keys". Base64 is without padding in signed objects.
 */
export function checkOlmKeys(identityKey: string, { details, sets }: KeyUpload): void {
  const identity = bytesOfBase64(identityKey);
  if (identity?.length !== 2 * keyBytes) throw refuseKeys("the identity key is not of two keys");
  const signer = identity.subarray(0, keyBytes);
  if (!isCurve25519Key(identity.subarray(keyBytes))) throw refuseKeys("the identity key is of no Curve25519 key");
  if (details !== undefined) checkDeviceKeys(signer, identity.subarray(keyBytes), details);
  for (const [name, { lastResort, oneTime }] of Object.entries(sets)) {
    if (name !== olmSet) throw refuseKeys("a set of keys is unknown");
    if (lastResort !== undefined) checkKey(signer, lastResort, { fallback: true });
    for (const key of oneTime) checkKey(signer, key, {});
  }
}

function checkDeviceKeys(signer: Uint8Array, curve: Uint8Array, details: string): void {
  let value: unknown;
  try {
    value = JSON.parse(details);
  } catch {
    throw refuseKeys("the device keys are no JSON");
  }
  const { signatures, unsigned: _, ...signed } = recordOf(value);
  const { keys, device_id: deviceId, user_id: userId } = signed;
  if (typeof deviceId !== "string" || typeof userId !== "string") throw refuseKeys("the device keys name no device");
  const named = recordOf(keys);
  if (named[`ed25519:${deviceId}`] !== unpadded(signer) || named[`curve25519:${deviceId}`] !== unpadded(curve)) {
    throw refuseKeys("the device keys are not those of the identity key");
  }
  const signature = recordOf(recordOf(signatures)[userId])[`ed25519:${deviceId}`];
  if (typeof signature !== "string" || !isSigned(signer, signed, padded(signature))) {
    throw refuseKeys("the device keys are not signed by the identity key");
  }
}

function checkKey(signer: Uint8Array, { key, signature }: PublicPreKey, marks: object): void {
  const bytes = bytesOfBase64(key);
  if (bytes === undefined || !isCurve25519Key(bytes)) throw refuseKeys("a key is no Curve25519 key");
  if (!isSigned(signer, { ...marks, key: unpadded(bytes) }, signature)) {
    throw refuseKeys("a key is not signed by the identity key");
  }
}

function isSigned(signer: Uint8Array, value: object, signature: string | undefined): boolean {
  const bytes = bytesOfBase64(signature);
  return bytes !== undefined && isEd25519Signed(signer, new TextEncoder().encode(canonicalJson(value)), bytes);
}

function unpadded(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true });
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refuseKeys("the device keys are incomplete");
  return value as Readonly<Record<string, unknown>>;
}

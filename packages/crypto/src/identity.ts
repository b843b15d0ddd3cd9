import { hmacSha256, sha256Hex } from "./digest.ts";
import { encodeLengthPrefixed } from "./length-prefixed.ts";
import type { SecretBytes } from "./secret-bytes.ts";

/**
 * Encodes what a secret is, for authentication beside it: the number of fields (u32be), then each field's length in
 * bytes (u32be) and UTF-8. Injective: no two lists of fields share an encoding.
 *
 * @throws CryptoInvariantError when a field has a lone surrogate
 */
export function encodeIdentity(fields: readonly string[]): Buffer {
  return encodeLengthPrefixed(fields.length, fields);
}

/**
 * The public id of imported material in one key: the same whenever the same material comes again, in whichever region.
 * HMAC-SHA256 keyed by the material itself, so that it says nothing of material that cannot be guessed.
 */
export function importedMaterialId(
  material: SecretBytes,
  key: { readonly account: string; readonly keyId: string },
): string {
  const names = encodeIdentity(["coffer imported material id v1", key.account, key.keyId]);
  return material.use((bytes) => hmacSha256(bytes, names)).toString("hex");
}

/** What a version of a key's material is called by. `keyVersion` counts from 1. */
export interface KeyMaterialIdentity {
  readonly account: string;
  readonly region: string;
  readonly keyId: string;
  readonly keyVersion: number;
}

/**
 * The public id of one version of a key's material: 64 lowercase hex digits, the shape of AWS KMS's `KeyMaterialId`.
 * It comes from the names alone and says nothing of the secret.
 */
export function keyMaterialId(identity: KeyMaterialIdentity): string {
  const { account, region, keyId, keyVersion } = identity;
  return sha256Hex(encodeIdentity(["coffer key material id v1", account, region, keyId, String(keyVersion)]));
}

import { sha256Hex } from "./digest.ts";
import { encodeLengthPrefixed } from "./length-prefixed.ts";

/**
 * Encodes what a secret is, for authentication beside it: the number of fields (u32be), then each field's length in
 * bytes (u32be) and UTF-8. Injective: no two lists of fields share an encoding.
 *
 * @throws CryptoInvariantError when a field has a lone surrogate
 */
export function encodeIdentity(fields: readonly string[]): Buffer {
  return encodeLengthPrefixed(fields.length, fields);
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

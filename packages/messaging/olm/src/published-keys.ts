import { base64OfBytes, bytesOfBase64, type KeyBundle, type PublicPreKey } from "@coffer/messaging";
import { decodeBase64, isRecord, unpaddedBase64 } from "./identity-keys.ts";
import { matrixSigner } from "./matrix-ids.ts";

/**
 * Matrix's `signed_curve25519` keys as the directory has them: base64 with padding, and the signature by itself.
 *
 * @param keys as in `/keys/upload`, by `signed_curve25519:ID`
 * @param user the Matrix user whose keys they are
 */
export function publicPreKeys(keys: Readonly<Record<string, unknown>>, user: string): PublicPreKey[] {
  return Object.entries(keys).map(([name, key]) => {
    const signatures = isRecord(key) && isRecord(key.signatures) ? key.signatures[user] : undefined;
    const signature = isRecord(signatures) ? decodeBase64(signatures[matrixSigner]) : undefined;
    const bytes = isRecord(key) ? decodeBase64(key.key) : undefined;
    if (bytes === undefined || signature === undefined)
      throw new Error("Matrix's library made a key of another shape.");
    return { keyId: name.slice(name.indexOf(":") + 1), key: base64OfBytes(bytes), signature: base64OfBytes(signature) };
  });
}

/** A key of a bundle as Matrix's `/keys/claim` has it; undefined when it is none. */
export function matrixKey(
  { key, signature, lastResort }: KeyBundle["sets"][string],
  user: string,
): Readonly<Record<string, unknown>> | undefined {
  const [keyBytes, signatureBytes] = [bytesOfBase64(key), bytesOfBase64(signature)];
  if (keyBytes?.length !== 32 || signatureBytes?.length !== 64) return undefined;
  return {
    ...(lastResort && { fallback: true }),
    key: unpaddedBase64(keyBytes),
    signatures: { [user]: { [matrixSigner]: unpaddedBase64(signatureBytes) } },
  };
}

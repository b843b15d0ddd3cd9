import { constants, type KeyObject, privateEncrypt, publicDecrypt } from "node:crypto";
import { timingSafeEqualBytes } from "../digest.ts";

/** Length of an RSA key's modulus, and so of each of its signatures and ciphertexts. */
export function modulusBytes(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

/** RSASP1 (RFC 8017 section 5.2.1): a signature over an encoded message of the modulus's length. */
export function signEncoded(privateKey: KeyObject, encoded: Uint8Array): Buffer {
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

/**
 * RSAVP1 (RFC 8017 section 5.2.2): the encoded message under a signature, of the modulus's length.
 *
 * @returns undefined when the signature has another length than the modulus, or is no smaller number
 */
export function recoverEncoded(publicKey: KeyObject, signature: Uint8Array): Buffer | undefined {
  if (signature.length !== modulusBytes(publicKey)) return undefined;
  try {
    return publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return undefined;
  }
}

/** Whether an encoded message is the one under a signature. */
export function isEncodedUnder(publicKey: KeyObject, signature: Uint8Array, encoded: Uint8Array): boolean {
  const recovered = recoverEncoded(publicKey, signature);
  return recovered !== undefined && timingSafeEqualBytes(recovered, encoded);
}

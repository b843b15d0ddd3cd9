import { diffieHellman, type KeyObject } from "node:crypto";
import { loadPublicKey } from "./public-key.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** One key agreement algorithm: its name in AWS KMS, and what it does with a pair. */
export interface KeyAgreementAlgorithmRow {
  readonly name: string;
  /**
   * The raw shared secret with a peer, as long as the curve's field.
   *
   * @param peerPublicKey SubjectPublicKeyInfo DER, untrusted
   * @returns undefined when that is not a valid public key on the private key's curve
   */
  readonly derive: (privateKey: KeyObject, peerPublicKey: Uint8Array) => SecretBytes | undefined;
}

/** ECDH: the x-coordinate alone (NIST SP 800-56A revision 3, section 5.7.1.2; cofactor 1 on all curves here). */
const ecdh: KeyAgreementAlgorithmRow = {
  name: "ECDH",
  derive(privateKey, peerPublicKey) {
    const publicKey = loadPublicKey(peerPublicKey);
    if (publicKey === undefined || !isOnCurveOf(privateKey, publicKey)) return undefined;
    try {
      return SecretBytes.takeFrom(diffieHellman({ privateKey, publicKey }));
    } catch {
      return undefined;
    }
  },
};

function isOnCurveOf(privateKey: KeyObject, publicKey: KeyObject): boolean {
  if (privateKey.asymmetricKeyType !== "ec" || publicKey.asymmetricKeyType !== "ec") return false;
  const curve = privateKey.asymmetricKeyDetails?.namedCurve;
  return curve !== undefined && publicKey.asymmetricKeyDetails?.namedCurve === curve;
}

const rowsByName: ReadonlyMap<string, KeyAgreementAlgorithmRow> = new Map([[ecdh.name, ecdh]]);

/** The row of an untrusted algorithm name, exactly as AWS KMS writes it. */
export function findKeyAgreementAlgorithm(name: string): KeyAgreementAlgorithmRow | undefined {
  return rowsByName.get(name);
}

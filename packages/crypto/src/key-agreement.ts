import { diffieHellman, type KeyObject } from "node:crypto";
import { derSequenceContent } from "./der.ts";
import { isFastCurve, namesCurve } from "./named-curves.ts";
import { loadPublicKey } from "./public-key.ts";
import { SecretBytes } from "./secret-bytes.ts";

/** One key agreement algorithm: its name in AWS KMS, and what it does with a pair. */
export interface KeyAgreementAlgorithmRow {
  readonly name: string;
  /**
   * The raw shared secret with a peer, as long as the curve's field. A promise where it takes long.
   *
   * @param peerPublicKey SubjectPublicKeyInfo DER, untrusted
   * @returns undefined when that is not a valid public key on the private key's curve
   */
  readonly derive: (
    privateKey: KeyObject,
    peerPublicKey: Uint8Array,
  ) => SecretBytes | undefined | Promise<SecretBytes | undefined>;
}

/** ECDH: the x-coordinate alone (NIST SP 800-56A revision 3, section 5.7.1.2; cofactor 1 on all curves here). */
const ecdh: KeyAgreementAlgorithmRow = {
  name: "ECDH",
  derive(privateKey, peerPublicKey) {
    const publicKey = loadPeer(peerPublicKey, privateKey.asymmetricKeyDetails?.namedCurve);
    if (publicKey === undefined) return undefined;
    const pair = { privateKey, publicKey };
    return isFastCurve(privateKey) ? deriveHere(pair) : deriveOnPool(pair);
  },
};

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function deriveHere(pair: Pair): SecretBytes | undefined {
  try {
    return SecretBytes.takeFrom(diffieHellman(pair));
  } catch {
    return undefined;
  }
}

function deriveOnPool(pair: Pair): Promise<SecretBytes | undefined> {
  return new Promise((resolve) => {
    diffieHellman(pair, (error, secret) => resolve(error === null ? SecretBytes.takeFrom(secret) : undefined));
  });
}

function loadPeer(spki: Uint8Array, namedCurve: string | undefined): KeyObject | undefined {
  const content = derSequenceContent(spki);
  if (content === undefined || namedCurve === undefined || !namesCurve(content, 0, namedCurve)) return undefined;
  return loadPublicKey(spki);
}

const rowsByName: ReadonlyMap<string, KeyAgreementAlgorithmRow> = new Map([[ecdh.name, ecdh]]);

/** The row of an untrusted algorithm name, exactly as AWS KMS writes it. */
export function findKeyAgreementAlgorithm(name: string): KeyAgreementAlgorithmRow | undefined {
  return rowsByName.get(name);
}

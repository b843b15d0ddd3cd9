import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { bytesOfBase64 } from "../base64.ts";
import { encodeHead, type SignedHead } from "./signed-head.ts";

/** The public key by which a relay signs its heads, as `GET /v1/relay` tells it. */
export interface HeadKey {
  readonly keyId: string;
  /** As AWS KMS names it. */
  readonly algorithm: string;
  /** Base64: SubjectPublicKeyInfo, DER. */
  readonly publicKey: string;
}

type Verify = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;

interface HeadAlgorithm {
  /** A SubjectPublicKeyInfo up to its key (RFC 8410, RFC 5480). */
  readonly spkiPrefix: string;
  readonly keyBytes: number;
  readonly verify: Verify;
}

// KMS signs ECDSA in DER, and its s may be in either half.
const ecdsa =
  (curve: typeof p256): Verify =>
  (signature, message, key) =>
    curve.verify(signature, message, key, { prehash: true, lowS: false, format: "der" });

const algorithms: ReadonlyMap<string, HeadAlgorithm> = new Map([
  [
    "ED25519_SHA_512",
    {
      spkiPrefix: "302a300506032b6570032100",
      keyBytes: 32,
      verify: (signature, message, key) => ed25519.verify(signature, message, key, { zip215: false }),
    },
  ],
  [
    "ECDSA_SHA_256",
    { spkiPrefix: "3059301306072a8648ce3d020106082a8648ce3d030107034200", keyBytes: 65, verify: ecdsa(p256) },
  ],
  [
    "ECDSA_SHA_384",
    { spkiPrefix: "3076301006072a8648ce3d020106052b81040022036200", keyBytes: 97, verify: ecdsa(p384) },
  ],
]);

/** Whether a relay's key signed a head. @returns false for anything that is not a head signed by it */
export function verifyHead(relayId: string, key: HeadKey, head: SignedHead): boolean {
  const algorithm = algorithms.get(key.algorithm);
  const publicKey = algorithm && keyOfSpki(algorithm, bytesOfBase64(key.publicKey));
  const signature = bytesOfBase64(head.signature);
  if (algorithm === undefined || publicKey === undefined || signature === undefined) return false;
  if (head.keyId !== key.keyId) return false;
  try {
    return algorithm.verify(signature, encodeHead(relayId, head), publicKey);
  } catch {
    return false;
  }
}

/** Reads a head that came from outside, for its form alone. @returns undefined when it is none */
export function readSignedHead(value: unknown): SignedHead | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { size, rootHash, timestampMs, keyId, signature } = value as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(size) || (size as number) < 0 || !Number.isSafeInteger(timestampMs)) return undefined;
  if (bytesOfBase64(rootHash)?.length !== 32 || bytesOfBase64(signature) === undefined) return undefined;
  if (typeof keyId !== "string" || keyId.length > 2048) return undefined;
  return {
    size: size as number,
    rootHash: rootHash as string,
    timestampMs: timestampMs as number,
    keyId,
    signature: signature as string,
  };
}

function keyOfSpki({ spkiPrefix, keyBytes }: HeadAlgorithm, spki: Uint8Array | undefined): Uint8Array | undefined {
  const prefixBytes = spkiPrefix.length / 2;
  if (spki?.length !== prefixBytes + keyBytes) return undefined;
  return spki.subarray(0, prefixBytes).toHex() === spkiPrefix ? spki.subarray(prefixBytes) : undefined;
}

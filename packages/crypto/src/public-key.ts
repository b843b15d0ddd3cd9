import { createPublicKey, type KeyObject } from "node:crypto";
import { isWholeDerSequence } from "./der.ts";
import { invariant } from "./invariant.ts";

const publicKeys = new WeakMap<KeyObject, KeyObject>();

/** The public key of a private key. Kept as long as the private key is. */
export function publicKeyOf(privateKey: KeyObject): KeyObject {
  const known = publicKeys.get(privateKey);
  if (known !== undefined) return known;
  invariant(privateKey.type === "private", "a private key has a public key");
  const publicKey = createPublicKey(privateKey);
  publicKeys.set(privateKey, publicKey);
  return publicKey;
}

/** A public key as SubjectPublicKeyInfo DER (RFC 5280 section 4.1), as AWS KMS's GetPublicKey gives it. */
export function encodePublicKey(publicKey: KeyObject): Buffer {
  invariant(publicKey.type === "public", "a public key is encoded as one");
  return publicKey.export({ format: "der", type: "spki" });
}

/**
 * The public key of some untrusted SubjectPublicKeyInfo DER. OpenSSL refuses points that are not on their curve.
 *
 * @returns undefined when it is anything else, or has bytes after its end, which OpenSSL would leave unread
 */
export function loadPublicKey(spki: Uint8Array): KeyObject | undefined {
  if (!isWholeDerSequence(spki)) return undefined;
  const der = Buffer.from(spki.buffer, spki.byteOffset, spki.length);
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

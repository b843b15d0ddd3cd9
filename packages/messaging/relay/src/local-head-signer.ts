import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sha256Hex } from "@coffer/crypto";
import type { HeadSigner } from "./relay.ts";

/** Signs heads by an Ed25519 key (RFC 8032) of this machine, where no Coffer key is used. */
export function localHeadSigner(privateKey: KeyObject): HeadSigner {
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return {
    keyId: `local:${sha256Hex(publicKey).slice(0, 32)}`,
    algorithm: "ED25519_SHA_512",
    publicKey,
    sign: async (message) => sign(null, message, privateKey),
  };
}

/** A new key for `localHeadSigner`, as PKCS #8 DER to keep. */
export function generateHeadKey(): Buffer {
  return generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" });
}

/** The key of PKCS #8 DER. */
export function loadHeadKey(der: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
}

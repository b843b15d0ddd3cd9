import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { derSequenceContent } from "../der.ts";
import { namesCurve } from "../named-curves.ts";
import { publicKeyOf } from "../public-key.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { loadPkcs8 } from "./pkcs8.ts";
import type { KeySpecRow } from "./row.ts";

const derPair = {
  privateKeyEncoding: { format: "der", type: "pkcs8" },
  publicKeyEncoding: { format: "der", type: "spki" },
} as const;

/** Elliptic curve keys: those of NIST for signatures or agreement, the others for signatures alone, as in AWS KMS. */
export const eccRows: readonly KeySpecRow[] = [
  {
    ...onCurve("prime256v1"),
    spec: "ECC_NIST_P256",
    restName: "ECC_NIST_P256",
    transitType: "ecdsa-p256",
    algorithms: new Map([
      ["SIGN_VERIFY", ["ECDSA_SHA_256"]],
      ["KEY_AGREEMENT", ["ECDH"]],
    ]),
    generate: () =>
      SecretBytes.takeFrom(generateKeyPairSync("ec", { ...derPair, namedCurve: "prime256v1" }).privateKey),
  },
  {
    ...onCurve("secp384r1"),
    spec: "ECC_NIST_P384",
    restName: "ECC_NIST_P384",
    transitType: "ecdsa-p384",
    algorithms: new Map([
      ["SIGN_VERIFY", ["ECDSA_SHA_384"]],
      ["KEY_AGREEMENT", ["ECDH"]],
    ]),
  },
  {
    ...onCurve("secp521r1"),
    spec: "ECC_NIST_P521",
    restName: "ECC_NIST_P521",
    transitType: "ecdsa-p521",
    algorithms: new Map([
      ["SIGN_VERIFY", ["ECDSA_SHA_512"]],
      ["KEY_AGREEMENT", ["ECDH"]],
    ]),
  },
  {
    ...onCurve("secp256k1"),
    spec: "ECC_SECG_P256K1",
    restName: "ECC_SECG_P256K1",
    algorithms: new Map([["SIGN_VERIFY", ["ECDSA_SHA_256"]]]),
  },
  {
    spec: "ECC_NIST_EDWARDS25519",
    kind: "pair",
    restName: "ECC_NIST_EDWARDS25519",
    transitType: "ed25519",
    algorithms: new Map([["SIGN_VERIFY", ["ED25519_PH_SHA_512", "ED25519_SHA_512"]]]),
    generate: () => SecretBytes.takeFrom(generateKeyPairSync("ed25519", derPair).privateKey),
    load: (material) => {
      const key = loadPkcs8(material);
      return key?.asymmetricKeyType === "ed25519" ? key : undefined;
    },
  },
];

/** What the keys of a curve have in common. `namedCurve`: OpenSSL's name. */
function onCurve(namedCurve: string): Pick<KeySpecRow, "kind" | "generate" | "load"> {
  return {
    kind: "pair",
    generate: async () =>
      SecretBytes.takeFrom((await promisify(generateKeyPair)("ec", { ...derPair, namedCurve })).privateKey),
    load: (material) => {
      if (!material.use((der) => isPkcs8OnCurve(der, namedCurve))) return undefined;
      const key = loadPkcs8(material);
      if (key?.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== namedCurve) return undefined;
      return hasOwnPublicKey(key, namedCurve) ? key : undefined;
    },
  };
}

/** Whether the public key is the private key's own: PKCS#8 may hold both, and OpenSSL believes what stands there. */
function hasOwnPublicKey(key: KeyObject, namedCurve: string): boolean {
  const scalar = key.export({ format: "raw-private" });
  try {
    const alone = createPrivateKey({ key: scalar, format: "raw-private", asymmetricKeyType: "ec", namedCurve });
    return createPublicKey(alone).equals(publicKeyOf(key));
  } catch {
    return false;
  } finally {
    scalar.fill(0);
  }
}

// PrivateKeyInfo begins with its version, an INTEGER of one byte.
const versionBytes = 3;

function isPkcs8OnCurve(der: Uint8Array, namedCurve: string): boolean {
  const content = derSequenceContent(der);
  return content !== undefined && namesCurve(content, versionBytes, namedCurve);
}

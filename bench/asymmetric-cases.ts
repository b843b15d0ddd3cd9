import { constants } from "node:crypto";
import type { ReferenceCase } from "./reference-operations.ts";

/** A key of AWS KMS, what is asked of it, and the bare operation behind that. */
export interface AsymmetricCase {
  readonly name: string;
  readonly keySpec: string;
  readonly keyUsage: string;
  readonly operation: string;
  readonly algorithm: string;
  readonly messageType?: string;
  /** Length of the message in bytes. */
  readonly messageBytes?: number;
  readonly reference: ReferenceCase;
}

interface SigningRow {
  readonly keySpec: string;
  readonly algorithm: string;
  /** Message types with the length of their messages in bytes. */
  readonly messages: readonly (readonly [string, number])[];
  readonly reference: Omit<ReferenceCase, "kind">;
}

const raw = ["RAW", 32] as const;
const curves = [
  ["ECC_NIST_P256", "prime256v1", 256],
  ["ECC_NIST_P384", "secp384r1", 384],
  ["ECC_NIST_P521", "secp521r1", 512],
  ["ECC_SECG_P256K1", "secp256k1", 256],
] as const;
const rsaBits = [2048, 3072, 4096] as const;
const paddings = [
  ["RSASSA_PSS_SHA_256", constants.RSA_PKCS1_PSS_PADDING],
  ["RSASSA_PKCS1_V1_5_SHA_256", constants.RSA_PKCS1_PADDING],
] as const;

const signing: readonly SigningRow[] = [
  ...rsaBits.flatMap((modulusLength) =>
    paddings.map(
      ([algorithm, padding]): SigningRow => ({
        keySpec: `RSA_${modulusLength}`,
        algorithm,
        messages: [raw, ["DIGEST", 32]],
        reference: { keyType: "rsa", modulusLength, hash: "sha256", padding },
      }),
    ),
  ),
  ...curves.map(
    ([keySpec, namedCurve, hashBits]): SigningRow => ({
      keySpec,
      algorithm: `ECDSA_SHA_${hashBits}`,
      messages: [raw, ["DIGEST", hashBits / 8]],
      reference: { keyType: "ec", namedCurve, hash: `sha${hashBits}` },
    }),
  ),
  {
    keySpec: "ECC_NIST_EDWARDS25519",
    algorithm: "ED25519_SHA_512",
    messages: [raw],
    reference: { keyType: "ed25519", hash: null },
  },
  {
    keySpec: "ECC_NIST_EDWARDS25519",
    algorithm: "ED25519_PH_SHA_512",
    messages: [["DIGEST", 64]],
    reference: { keyType: "ed25519", hash: null },
  },
  ...["44", "65", "87"].map(
    (set): SigningRow => ({
      keySpec: `ML_DSA_${set}`,
      algorithm: "ML_DSA_SHAKE_256",
      messages: [raw, ["EXTERNAL_MU", 64]],
      reference: { keyType: `ml-dsa-${set}`, hash: null },
    }),
  ),
];

function signCases({ keySpec, algorithm, messages, reference }: SigningRow): AsymmetricCase[] {
  return messages.flatMap(([messageType, messageBytes]) =>
    (["sign", "verify"] as const).map((kind) => ({
      name: `${kind} ${keySpec} ${algorithm} ${messageType}`,
      ...{ keySpec, algorithm, messageType, messageBytes },
      keyUsage: "SIGN_VERIFY",
      operation: kind === "sign" ? "Sign" : "Verify",
      reference: { ...reference, kind },
    })),
  );
}

const macs = [224, 256, 384, 512].flatMap((bits) =>
  ["GenerateMac", "VerifyMac"].map(
    (operation): AsymmetricCase => ({
      name: `${operation} HMAC_${bits}`,
      keySpec: `HMAC_${bits}`,
      keyUsage: "GENERATE_VERIFY_MAC",
      operation,
      algorithm: `HMAC_SHA_${bits}`,
      messageBytes: 32,
      reference: { kind: "mac", keyType: "secret", hash: `sha${bits}` },
    }),
  ),
);

const agreements = curves.slice(0, 3).map(
  ([keySpec, namedCurve]): AsymmetricCase => ({
    name: `DeriveSharedSecret ${keySpec}`,
    keySpec,
    keyUsage: "KEY_AGREEMENT",
    operation: "DeriveSharedSecret",
    algorithm: "ECDH",
    reference: { kind: "derive", keyType: "ec", namedCurve, hash: null },
  }),
);

const encapsulations = ["512", "768", "1024"].flatMap((set) =>
  (["encapsulate", "decapsulate"] as const).map(
    (kind): AsymmetricCase => ({
      name: `${kind} ML_KEM_${set}`,
      keySpec: `ML_KEM_${set}`,
      keyUsage: "ENCAPSULATE_DECAPSULATE",
      operation: kind === "encapsulate" ? "Encapsulate" : "Decapsulate",
      algorithm: "ML_KEM",
      reference: { kind, keyType: `ml-kem-${set}`, hash: null },
    }),
  ),
);

const pairSpecs: readonly (readonly [string, Omit<ReferenceCase, "kind" | "hash">])[] = [
  ...rsaBits.map((modulusLength) => [`RSA_${modulusLength}`, { keyType: "rsa", modulusLength }] as const),
  ...curves.map(([keySpec, namedCurve]) => [keySpec, { keyType: "ec", namedCurve }] as const),
  ["ECC_NIST_EDWARDS25519", { keyType: "ed25519" }],
];

const pairs = pairSpecs.map(
  ([algorithm, reference]): AsymmetricCase => ({
    name: `GenerateDataKeyPair ${algorithm}`,
    keySpec: "SYMMETRIC_DEFAULT",
    keyUsage: "ENCRYPT_DECRYPT",
    operation: "GenerateDataKeyPair",
    algorithm,
    reference: { ...reference, kind: "pair", hash: null },
  }),
);

/** Everything that AWS KMS does with other keys than the symmetric one. */
export const asymmetricCases: readonly AsymmetricCase[] = [
  ...signing.flatMap(signCases),
  ...macs,
  ...agreements,
  ...encapsulations,
  ...pairs,
];

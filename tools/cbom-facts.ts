import type { KeySpec } from "../packages/crypto/src/index.ts";

/** What CycloneDX 1.6 (`algorithmProperties`) says of an algorithm, whatever its key. */
export interface AlgorithmFacts {
  readonly primitive: "ae" | "hash" | "kdf" | "kem" | "key-agree" | "mac" | "other" | "pke" | "signature";
  readonly cryptoFunctions: readonly string[];
  readonly mode?: "gcm";
  readonly padding?: "oaep" | "pkcs1v15" | "other";
  readonly oid?: string;
}

/** What it says of a key of a spec: bits of security against classical attacks (NIST SP 800-57 part 1, table 2), and NIST's category. */
export interface SpecFacts {
  readonly parameterSetIdentifier?: string;
  readonly curve?: string;
  readonly classicalSecurityLevel?: number;
  readonly nistQuantumSecurityLevel?: number;
  readonly oid?: string;
}

const pke: AlgorithmFacts = {
  primitive: "pke",
  cryptoFunctions: ["keygen", "encrypt", "decrypt"],
  padding: "oaep",
  oid: "1.2.840.113549.1.1.7",
};
const signs = { primitive: "signature", cryptoFunctions: ["keygen", "sign", "verify"] } as const;
const macs = { primitive: "mac", cryptoFunctions: ["keygen", "tag"] } as const;
const pkcs1 = { ...signs, padding: "pkcs1v15" } as const;
const pss = { ...signs, padding: "other", oid: "1.2.840.113549.1.1.10" } as const;

export const algorithmFacts: ReadonlyMap<string, AlgorithmFacts> = new Map<string, AlgorithmFacts>([
  ["SYMMETRIC_DEFAULT", { primitive: "ae", cryptoFunctions: ["keygen", "encrypt", "decrypt"], mode: "gcm" }],
  ["RSAES_OAEP_SHA_1", pke],
  ["RSAES_OAEP_SHA_256", pke],
  ["RSASSA_PKCS1_V1_5_SHA_256", { ...pkcs1, oid: "1.2.840.113549.1.1.11" }],
  ["RSASSA_PKCS1_V1_5_SHA_384", { ...pkcs1, oid: "1.2.840.113549.1.1.12" }],
  ["RSASSA_PKCS1_V1_5_SHA_512", { ...pkcs1, oid: "1.2.840.113549.1.1.13" }],
  ["RSASSA_PSS_SHA_256", pss],
  ["RSASSA_PSS_SHA_384", pss],
  ["RSASSA_PSS_SHA_512", pss],
  ["ECDSA_SHA_256", { ...signs, oid: "1.2.840.10045.4.3.2" }],
  ["ECDSA_SHA_384", { ...signs, oid: "1.2.840.10045.4.3.3" }],
  ["ECDSA_SHA_512", { ...signs, oid: "1.2.840.10045.4.3.4" }],
  ["ED25519_SHA_512", { ...signs, oid: "1.3.101.112" }],
  ["ED25519_PH_SHA_512", signs],
  ["ECDH", { primitive: "key-agree", cryptoFunctions: ["keygen", "keyderive"], oid: "1.3.132.1.12" }],
  ["HMAC_SHA_224", { ...macs, oid: "1.2.840.113549.2.8" }],
  ["HMAC_SHA_256", { ...macs, oid: "1.2.840.113549.2.9" }],
  ["HMAC_SHA_384", { ...macs, oid: "1.2.840.113549.2.10" }],
  ["HMAC_SHA_512", { ...macs, oid: "1.2.840.113549.2.11" }],
  ["ML_DSA_SHAKE_256", signs],
  ["ML_KEM", { primitive: "kem", cryptoFunctions: ["keygen", "encapsulate", "decapsulate"] }],
]);

const nistArc = "2.16.840.1.101.3.4";

function classical(classicalSecurityLevel: number, facts: SpecFacts): SpecFacts {
  return { ...facts, classicalSecurityLevel, nistQuantumSecurityLevel: 0 };
}

function postQuantum(parameterSetIdentifier: string, nistQuantumSecurityLevel: number, arc: string): SpecFacts {
  return { parameterSetIdentifier, nistQuantumSecurityLevel, oid: `${nistArc}.${arc}` };
}

export const specFacts: ReadonlyMap<KeySpec, SpecFacts> = new Map<KeySpec, SpecFacts>([
  ["SYMMETRIC_DEFAULT", { parameterSetIdentifier: "256", classicalSecurityLevel: 256, nistQuantumSecurityLevel: 5 }],
  ["RSA_2048", classical(112, { parameterSetIdentifier: "2048" })],
  ["RSA_3072", classical(128, { parameterSetIdentifier: "3072" })],
  // FIPS 140-3 implementation guidance D.B.
  ["RSA_4096", classical(152, { parameterSetIdentifier: "4096" })],
  ["ECC_NIST_P256", classical(128, { curve: "nist/P-256" })],
  ["ECC_NIST_P384", classical(192, { curve: "nist/P-384" })],
  ["ECC_NIST_P521", classical(256, { curve: "nist/P-521" })],
  ["ECC_SECG_P256K1", classical(128, { curve: "secg/secp256k1" })],
  ["ECC_NIST_EDWARDS25519", classical(128, { curve: "other/Ed25519" })],
  ["HMAC_224", { parameterSetIdentifier: "224" }],
  ["HMAC_256", { parameterSetIdentifier: "256" }],
  ["HMAC_384", { parameterSetIdentifier: "384" }],
  ["HMAC_512", { parameterSetIdentifier: "512" }],
  ["ML_DSA_44", postQuantum("ML-DSA-44", 2, "3.17")],
  ["ML_DSA_65", postQuantum("ML-DSA-65", 3, "3.18")],
  ["ML_DSA_87", postQuantum("ML-DSA-87", 5, "3.19")],
  ["ML_KEM_512", postQuantum("ML-KEM-512", 1, "4.1")],
  ["ML_KEM_768", postQuantum("ML-KEM-768", 3, "4.2")],
  ["ML_KEM_1024", postQuantum("ML-KEM-1024", 5, "4.3")],
]);

/** What Coffer itself uses, whatever the keys. */
export const internalAlgorithms: readonly (AlgorithmFacts & SpecFacts & { name: string; use: string })[] = [
  {
    name: "AES-256-GCM",
    use: "Every message of a symmetric key, wrapped key material, the seal, Transit ciphertexts",
    primitive: "ae",
    cryptoFunctions: ["keygen", "encrypt", "decrypt"],
    mode: "gcm",
    parameterSetIdentifier: "256",
    classicalSecurityLevel: 256,
    nistQuantumSecurityLevel: 5,
    oid: `${nistArc}.1.46`,
  },
  {
    name: "SP800-108-CTR-HMAC-SHA-512",
    use: "A key and a commitment for each message",
    primitive: "kdf",
    cryptoFunctions: ["keyderive"],
    parameterSetIdentifier: "512",
  },
  { name: "Argon2id", use: "The root key's seal by a passphrase", primitive: "kdf", cryptoFunctions: ["keyderive"] },
  {
    name: "Ed25519",
    use: "Checkpoints of the audit trail",
    ...signs,
    curve: "other/Ed25519",
    classicalSecurityLevel: 128,
    nistQuantumSecurityLevel: 0,
    oid: "1.3.101.112",
  },
  {
    name: "SHA-256",
    use: "The audit trail's chain, digests of tokens, ids of key material",
    primitive: "hash",
    cryptoFunctions: ["digest"],
    parameterSetIdentifier: "256",
    oid: `${nistArc}.2.1`,
  },
  {
    name: "HMAC-SHA-256",
    use: "Signature Version 4",
    ...macs,
    parameterSetIdentifier: "256",
    oid: "1.2.840.113549.2.9",
  },
  {
    name: "AES-256-KWP",
    use: "Imported key material (RSA_AES_KEY_WRAP_SHA_1 and RSA_AES_KEY_WRAP_SHA_256)",
    primitive: "other",
    cryptoFunctions: ["decrypt"],
    parameterSetIdentifier: "256",
    classicalSecurityLevel: 256,
    nistQuantumSecurityLevel: 5,
    oid: `${nistArc}.1.48`,
  },
];

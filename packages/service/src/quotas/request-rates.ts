/** The shared quotas of cryptographic operations, by the specs of the keys that they use. */
const specGroups = [
  ["cryptographic-symmetric", ["SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"]],
  ["cryptographic-rsa", ["RSA_2048", "RSA_3072", "RSA_4096"]],
  [
    "cryptographic-ecc",
    ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"],
  ],
  ["cryptographic-ml-dsa", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"]],
  ["cryptographic-ml-kem", ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"]],
] as const satisfies readonly (readonly [quota: string, specs: readonly string[]])[];

/** The shared quota of cryptographic operations by key spec. */
export const quotaBySpec: ReadonlyMap<string, string> = new Map(
  specGroups.flatMap(([quota, specs]) => specs.map((spec) => [spec, quota] as const)),
);

/** The quota of operations without a key, and of keys of a spec without a group. */
export const symmetricQuota = "cryptographic-symmetric";
/** The quota of each custom key store. */
export const keyStoreQuota = "custom-key-store";

/** The quota of GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext by the spec of the pair. */
export function pairQuota(keyPairSpec: string): string {
  return `GenerateDataKeyPair/${keyPairSpec}`;
}

/**
 * AWS's request quotas and their defaults, in requests a second for an account and region (AWS KMS developer guide:
 * Request quotas, 2023-04; symmetric 2025). Those of ML-DSA, ML-KEM, Ed25519 and of operations that came later are like
 * their neighbours'.
 */
export const requestRates: ReadonlyMap<string, number> = new Map([
  [symmetricQuota, 10_000],
  ["cryptographic-rsa", 500],
  ["cryptographic-ecc", 300],
  ["cryptographic-ml-dsa", 300],
  ["cryptographic-ml-kem", 300],
  [keyStoreQuota, 1800],
  [pairQuota("ECC_NIST_P256"), 25],
  [pairQuota("ECC_NIST_P384"), 10],
  [pairQuota("ECC_NIST_P521"), 5],
  [pairQuota("ECC_SECG_P256K1"), 25],
  [pairQuota("ECC_NIST_EDWARDS25519"), 25],
  [pairQuota("RSA_2048"), 1],
  [pairQuota("RSA_3072"), 0.5],
  [pairQuota("RSA_4096"), 0.1],
  ["CancelKeyDeletion", 5],
  ["ConnectCustomKeyStore", 5],
  ["CreateAlias", 5],
  ["CreateCustomKeyStore", 5],
  ["CreateGrant", 50],
  ["CreateKey", 5],
  ["DeleteAlias", 15],
  ["DeleteCustomKeyStore", 5],
  ["DeleteImportedKeyMaterial", 5],
  ["DescribeCustomKeyStores", 5],
  ["DescribeKey", 2000],
  ["DisableKey", 5],
  ["DisableKeyRotation", 5],
  ["DisconnectCustomKeyStore", 5],
  ["EnableKey", 5],
  ["EnableKeyRotation", 15],
  ["GetKeyLastUsage", 100],
  ["GetKeyPolicy", 1000],
  ["GetKeyRotationStatus", 1000],
  ["GetParametersForImport", 0.25],
  ["GetPublicKey", 2000],
  ["ImportKeyMaterial", 5],
  ["ListAliases", 500],
  ["ListGrants", 100],
  ["ListKeyPolicies", 100],
  ["ListKeyRotations", 100],
  ["ListKeys", 500],
  ["ListResourceTags", 2000],
  ["ListRetirableGrants", 100],
  ["PutKeyPolicy", 15],
  ["ReplicateKey", 5],
  ["RetireGrant", 30],
  ["RevokeGrant", 30],
  ["RotateKeyOnDemand", 5],
  ["ScheduleKeyDeletion", 15],
  ["TagResource", 10],
  ["UntagResource", 5],
  ["UpdateAlias", 5],
  ["UpdateCustomKeyStore", 5],
  ["UpdateKeyDescription", 5],
  ["UpdatePrimaryRegion", 5],
]);

export type { ChunkSource } from "./byte-queue.ts";
export { type CachingMaterialsOptions, cachingMaterials } from "./cache/caching-materials.ts";
export {
  type CacheableMaterials,
  type CacheRequest,
  type CacheStatistics,
  type KeyUse,
  type LocalCacheOptions,
  LocalCryptoMaterialsCache,
} from "./cache/local-cache.ts";
export { type AwsCredentials, type KmsCaller, type KmsClientOptions, kmsClient } from "./clients/aws-kms.ts";
export type { CallOptions, Fetch, FetchAnswer } from "./clients/http-call.ts";
export type {
  KmsCiphertext,
  KmsClient,
  KmsDataKey,
  KmsDataKeyPair,
  KmsEncryptionAlgorithm,
  KmsKeyInput,
  KmsKeyMaker,
  KmsPlaintext,
  KmsRsaSpec,
} from "./clients/kms-client.ts";
export type { TransitClient, TransitInput } from "./clients/transit-client.ts";
export { type TransitClientOptions, transitClient, type VaultOptions } from "./clients/vault-transit.ts";
export { PlaintextDataKey } from "./data-key.ts";
export { type DecryptedMessage, decrypt, decryptChunks } from "./decrypt.ts";
export { encrypt, encryptChunks } from "./encrypt.ts";
export type { EncryptionContext } from "./encryption-context.ts";
export { EnvelopeError, type EnvelopeErrorCode } from "./errors.ts";
export type { GeneratedDataKey, Keyring, UnwrapOutcome, WrapRequest } from "./keyrings/keyring.ts";
export {
  type DiscoveryFilter,
  type KmsClients,
  type KmsDiscoveryKeyringOptions,
  type KmsKeyringOptions,
  kmsDiscoveryKeyring,
  kmsKeyring,
} from "./keyrings/kms.ts";
export { multiKeyring } from "./keyrings/multi.ts";
export { type RawAesKeyringOptions, rawAesKeyring } from "./keyrings/raw-aes.ts";
export type { RawKeyName } from "./keyrings/raw-key-name.ts";
export { type TransitKeyringOptions, transitKeyring } from "./keyrings/transit.ts";
export { type KeyringMaterialsOptions, keyringMaterials } from "./materials/keyring-materials.ts";
export type {
  DecryptionMaterials,
  DecryptionRequest,
  EncryptedDataKey,
  EncryptionMaterials,
  EncryptionRequest,
  MaterialsSource,
} from "./materials/materials.ts";
export {
  type BodyEnd,
  inspectMessage,
  locateBodyEnd,
  type MessageDescription,
} from "./message/inspect-message.ts";
export type { DecryptOptions, EncryptOptions, KeySource } from "./options.ts";
export { type BytesTransform, decryptStream, encryptStream } from "./stream.ts";
export { type Suite, suites } from "./suites.ts";

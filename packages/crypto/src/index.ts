export { findKeySpec, keySpecs } from "./algorithms.ts";
export { type CertificateFacts, readCertificate } from "./certificate.ts";
export {
  createCertificateRequest,
  emptyRequestTemplate,
  type RequestTemplate,
  readRequestTemplate,
} from "./certificate-request.ts";
export { hmacSha256, sha256, sha256Hex, timingSafeEqualBytes, timingSafeEqualText } from "./digest.ts";
export { type EncapsulationAlgorithmRow, findEncapsulationAlgorithm } from "./encapsulation-algorithms.ts";
export { type EncryptionAlgorithmRow, findEncryptionAlgorithm } from "./encryption-algorithms.ts";
export { encodeEncryptionContext } from "./encryption-context.ts";
export { type ExternalBlob, encodeExternalBlob, externalBlobAad, parseExternalBlob } from "./external-blob.ts";
export {
  decryptExternal,
  type ExternalCiphertext,
  encryptExternal,
  externalIntegrityValue,
  externalKeyVersion,
} from "./external-ciphertext.ts";
export { encodeIdentity, importedMaterialId, type KeyMaterialIdentity, keyMaterialId } from "./identity.ts";
export { findImportWrapping, type ImportWrappingRow, importWrappingKeySpecs } from "./import-wrapping.ts";
export { CryptoInvariantError } from "./invariant.ts";
export { findKeyAgreementAlgorithm, type KeyAgreementAlgorithmRow } from "./key-agreement.ts";
export { canonicalMaterial } from "./key-specs/canonical.ts";
export { encodeGeneratedPublicKey } from "./key-specs/pkcs8.ts";
export type { KeySpec, KeySpecRow, KeySpecUsage } from "./key-specs/row.ts";
export { unwrapKeyMaterial, wrapKeyMaterial } from "./key-wrap.ts";
export { decryptKmsBlob, encryptKmsBlob, type KmsBlob, parseKmsBlob } from "./kms-blob.ts";
export { type KmsBlobInput, kmsBlobOverheadBytes } from "./kms-blob-internal.ts";
export { findMacAlgorithm, type MacAlgorithmRow } from "./mac-algorithms.ts";
export { deriveMessageKeys, type MessageKeys } from "./message-keys.ts";
export { defaultPassphraseParams, deriveKeyFromPassphrase, type PassphraseParams } from "./passphrase.ts";
export type { PassphraseCost } from "./passphrase-internal.ts";
export { encodePublicKey, loadPublicKey, publicKeyOf } from "./public-key.ts";
export { randomBytesPooled, randomId, randomNonce } from "./random.ts";
export { allocateSecretBuffer } from "./secret-buffer.ts";
export { SecretBytes } from "./secret-bytes.ts";
export type { MessageType, SigningAlgorithmRow } from "./signing/row.ts";
export { generateSigningKeyPair, type SigningKeyPair, signBytes, verifyBytes } from "./signing.ts";
export { findSigningAlgorithm } from "./signing-algorithms.ts";
export { findTransitCipher, type TransitCipher } from "./transit/ciphers.ts";
export {
  deriveTransitHmacKey,
  deriveTransitKey,
  ed25519OfSeed,
  type TransitKdf,
  transitKeyBytes,
} from "./transit/derivation.ts";
export {
  type ExportedKey,
  exportPrivateKey,
  exportPublicKey,
  type TransitExportFormat,
} from "./transit/exported-key.ts";
export { digestWith, findTransitHash, hmacWith, type TransitHash } from "./transit/hashes.ts";
export { findImportHash, type ImportHash, unwrapForTransit, wrapForTransit } from "./transit/import-wrapping.ts";
export {
  type EcNumbers,
  ecMaterialOf,
  ecNumbersOf,
  ecPublicNumbersOf,
  ed25519PublicKeyOf,
  type RsaNumbers,
  rsaMaterialOf,
  rsaNumbersOf,
  rsaPublicKeyOf,
  rsaPublicNumbersOf,
} from "./transit/key-numbers.ts";
export { loadPublicKeyOf, takesPublicKeys } from "./transit/public-keys.ts";
export {
  findTransitScheme,
  type TransitSigned,
  type TransitSigning,
  type TransitSigningProblem,
} from "./transit/signatures.ts";
export { findTransitType, specOfTransitType, type TransitTypeRow } from "./transit/types.ts";
export {
  decryptTransit,
  encryptTransit,
  formatTransit,
  parseTransitCiphertext,
  type TransitCiphertext,
} from "./transit-ciphertext.ts";
export type { TransitInput } from "./transit-ciphertext-internal.ts";

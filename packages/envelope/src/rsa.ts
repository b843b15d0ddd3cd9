export {
  type DataKeyPair,
  type DataKeyPairKeyringOptions,
  dataKeyPairKeyring,
  type GenerateDataKeyPairOptions,
  generateDataKeyPair,
  type WrappedPrivateKey,
} from "./keyrings/data-key-pair.ts";
export { type KmsRsaKeyringOptions, kmsRsaKeyring } from "./keyrings/kms-rsa.ts";
export { type RawRsaKeyringOptions, rawRsaKeyring } from "./keyrings/raw-rsa.ts";
export type { RsaPadding } from "./platform/platform.ts";

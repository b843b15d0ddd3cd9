export {
  type DecryptedJwe,
  type DecryptJweOptions,
  decryptJwe,
  type EncryptJweOptions,
  encryptJwe,
  jweContentKey,
} from "./jwe.ts";

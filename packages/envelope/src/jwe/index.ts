export { inspectJwe, type JweDescription } from "./inspect.ts";
export {
  type DecryptedJwe,
  type DecryptJweOptions,
  decryptJwe,
  type EncryptJweOptions,
  encryptJwe,
  jweContentKey,
} from "./jwe.ts";
export type { JweHeader } from "./parse-jwe.ts";
export { type EncryptJweForRsaOptions, encryptJweForRsa, type JweRsaKey, type JweRsaPublicKey } from "./rsa.ts";

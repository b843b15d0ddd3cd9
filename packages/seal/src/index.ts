export { SealFileDamaged, SealFileMissing, SealFileUnsafe } from "./keyfile/errors.ts";
export { type KeyFileSealOptions, openKeyFileSeal } from "./keyfile/key-file-seal.ts";
export {
  openPassphraseSeal,
  type PassphraseSealOptions,
  SealPassphraseTooShort,
} from "./passphrase/passphrase-seal.ts";
export { createShamirSeal } from "./shamir/shamir-seal.ts";

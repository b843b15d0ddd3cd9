export { decryptFile } from "./decrypt-file.ts";
export { encryptFile } from "./encrypt-file.ts";
export type {
  DecryptedFile,
  DecryptFileOptions,
  EncryptFileOptions,
  FileOptions,
  FileProgress,
  FileTarget,
  TransferredFile,
} from "./file-options.ts";
export type { FileSource } from "./file-source.ts";
export { createDecryptStream, createEncryptStream } from "./streams.ts";
export { temporaryName } from "./temporary-files.ts";

export { type DirectoryVaultOptions, directoryVault } from "./directory-vault.ts";
export { fileKey } from "./file-key.ts";
export { fileWitness } from "./file-witness.ts";

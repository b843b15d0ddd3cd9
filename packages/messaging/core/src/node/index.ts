export { type DirectoryVaultOptions, directoryVault } from "./directory-vault.ts";
export { fileWitness } from "./file-witness.ts";

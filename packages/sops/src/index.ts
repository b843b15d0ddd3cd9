export {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  type LeafKind,
  metadataKey,
  type SopsMetadataTree,
  type SopsMetadataValue,
} from "./document.ts";
export { bytesOfLeaf, leafOfBytes } from "./leaf-bytes.ts";
export { isEncrypted, type SealedValue, ValueCipher } from "./value-cipher.ts";

export { binaryFormat } from "./binary-document.ts";
export { canonicalText, fitsInt64, floatToken, goFloatText } from "./canonical-text.ts";
export {
  decryptDocument,
  type EncryptDocumentOptions,
  encryptDocument,
  OpenDocument,
  type OpenDocumentOptions,
  openDocument,
  readMetadata,
  recipientGroups,
  type SopsContext,
} from "./config-file.ts";
export { type CreationRule, creationRule, creationRulesFile } from "./creation-rules.ts";
export type { KeyGroups } from "./data-key.ts";
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
export { dotenvFormat } from "./dotenv/dotenv-document.ts";
export { iniFormat } from "./ini/ini-document.ts";
export { jsonFormat } from "./json/json-document.ts";
export type { KeyServices } from "./key-services.ts";
export { checkLimit, limits } from "./limits.ts";
export type { SopsMetadata } from "./metadata.ts";
export { invalidInput, malformedFile, pathText } from "./problems.ts";
export {
  type ForeignRecipient,
  type KmsRecipient,
  parseKmsRecipient,
  parseTransitRecipient,
  type Recipient,
  type RecipientGroup,
  recipientName,
  type TransitRecipient,
} from "./recipients.ts";
export { defaultRule, type EncryptionRule, type RuleName, ruleNames } from "./rules.ts";
export { lineAt, TextEdits } from "./text-edits.ts";
export { tomlFormat } from "./toml/toml-document.ts";
export { updateRecipients } from "./update-recipients.ts";
export { isEncrypted } from "./value-cipher.ts";
export { yamlFormat } from "./yaml/yaml-document.ts";

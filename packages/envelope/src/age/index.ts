export {
  type AgeIdentity,
  type AgeKeyringOptions,
  type AgeRecipient,
  ageIdentity,
  ageRecipient,
} from "./age.ts";
export type { AgeStanza } from "./header.ts";
export { type AgeRecipientDescription, inspectAge } from "./inspect.ts";
export { type AgeHeaderReader, type RewrapAgeOptions, rewrapAge, rewrapAgeChunks } from "./rewrap.ts";

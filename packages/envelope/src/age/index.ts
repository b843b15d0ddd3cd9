export {
  type AgeIdentity,
  type AgeKeyringOptions,
  type AgeRecipient,
  type AgeStanza,
  ageIdentity,
  ageRecipient,
  rewrapAge,
} from "./age.ts";

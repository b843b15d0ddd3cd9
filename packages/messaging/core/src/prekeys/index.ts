export { canonicalJson } from "./canonical-json.ts";
export { checkKeyUpload } from "./check-key-upload.ts";
export { mlsSet } from "./mls-keys.ts";
export { olmSet } from "./olm-keys.ts";
export { signalSets } from "./signal-keys.ts";
export { verifyXeddsa } from "./xeddsa.ts";

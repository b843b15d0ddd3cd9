export { AttestationError } from "./attestation-error.ts";
export { DerReader, derTags } from "./der.ts";
export type { AttestedKind } from "./document.ts";
export { encryptToRecipient, type RandomSource } from "./enveloped-data.ts";
export { documentLimits, maxDocumentAgeMs } from "./limits.ts";
export { awsNitroRoot, parseRoots } from "./roots.ts";
export { type Attestation, parseRecipientKey, verifyAttestation } from "./verify-attestation.ts";

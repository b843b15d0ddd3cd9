export { parseSignature } from "./parse.ts";
export type { ParsedSignature, SignatureForm } from "./parsed-signature.ts";
export type { SignatureProblem, SignatureProblemCode, SignatureRefusal } from "./problem.ts";
export type { SignedRequest } from "./request.ts";
export { presignRequest, type SigningCredentials, type SigningScope, signRequest } from "./sign.ts";
export { createSigningKeyCache, type SigningKeyCache } from "./signing-key.ts";
export { type VerifyOptions, verifySignature } from "./verify.ts";

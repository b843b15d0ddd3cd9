import {
  type AccessKeyCredential,
  type AuthenticationFailure,
  type Core,
  type Principal,
  ServiceError,
  type WireRequest,
} from "@coffer/service";
import {
  type ParsedSignature,
  parseSignature,
  type SignatureProblem,
  type SignatureProblemCode,
  type SigningKeyCache,
  verifySignature,
} from "@coffer/sigv4";
import { xksLimits } from "./limits.ts";

const failures: Readonly<Record<SignatureProblemCode, AuthenticationFailure>> = {
  MissingAuthenticationToken: "missing",
  IncompleteSignature: "incomplete",
  UnrecognizedAlgorithm: "incomplete",
  InvalidClientTokenId: "unknownAccessKey",
  InvalidScope: "signatureMismatch",
  SignatureExpired: "expired",
  NotYetCurrent: "notYetCurrent",
  InvalidSignature: "signatureMismatch",
};

/** The service of the credential scope (XKS Proxy API 1.0, appendix A). */
const services = ["kms-xks-proxy"];

function refuse({ code, message }: SignatureProblem): never {
  throw ServiceError.of("Unauthenticated", { failure: failures[code], reason: message });
}

const unknownKey: SignatureProblem = {
  code: "InvalidClientTokenId",
  message: "The security token included in the request is invalid.",
};

/**
 * Finds out who signed a request. The region of the scope is where the KMS is: it is covered by the signature and says
 * nothing of the key's. Every request must be signed, in dev mode too, where an unknown access key is not verified.
 *
 * @throws ServiceError Unauthenticated
 */
export async function authenticate(core: Core, request: WireRequest, cache: SigningKeyCache): Promise<Principal> {
  const parsed = parseSignature(request);
  if (!parsed.ok) return refuse(parsed.problem);
  const { signature } = parsed;
  if (signature.form === "presigned" || signature.sessionToken !== undefined) return refuse(unknownKey);
  return verify(core, request, signature, await core.identities.findAccessKey(signature.accessKeyId), cache);
}

function verify(
  core: Core,
  request: WireRequest,
  signature: ParsedSignature,
  credential: AccessKeyCredential | undefined,
  cache: SigningKeyCache,
): Principal {
  if (credential === undefined) return refuse(unknownKey);
  const { principal, secret } = credential;
  if (secret === undefined) return principal;
  const options = {
    nowMs: core.clock.nowMs(),
    maxSkewMs: xksLimits.clockSkewMs.value,
    expectedServices: services,
    cache,
  };
  const verified = verifySignature(request, signature, secret, options);
  if (!verified.ok) return refuse(verified.problem);
  return principal;
}

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
import { awsLimits } from "./limits.ts";

/** What a service asks of a signature. */
export interface SignatureDemand {
  /** Service names that the credential scope may have. */
  readonly services: readonly string[];
  /** How far the caller's clock may be off, both ways. */
  readonly maxSkewMs: number;
}

/** Who signed, and for which region. */
export interface Caller {
  readonly principal: Principal;
  readonly region: string;
}

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

const regionPattern = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

function refuse({ code, message }: SignatureProblem): never {
  throw ServiceError.of("Unauthenticated", { failure: failures[code], reason: message });
}

function refuseClient(): never {
  refuse({ code: "InvalidClientTokenId", message: "The security token included in the request is invalid." });
}

/** Whether a credential scope may name this region: it ends up in ARNs and policies. */
function isRegion(text: string): boolean {
  return text.length <= awsLimits.regionChars.value && regionPattern.test(text);
}

/**
 * Finds out who signed a request (AWS Signature Version 4). Synchronous when the access key is in memory. In dev mode a
 * request without a signature acts as the account root in the home region, and an unknown access key is not verified.
 *
 * @throws ServiceError Unauthenticated; the reason is AWS's sentence
 */
export function authenticate(
  core: Core,
  request: WireRequest,
  demand: SignatureDemand,
  cache: SigningKeyCache,
): Caller | Promise<Caller> {
  const parsed = parseSignature(request);
  if (!parsed.ok) {
    const anonymous = isUnsigned(request, parsed.problem) ? core.identities.anonymous() : undefined;
    return anonymous === undefined ? refuse(parsed.problem) : { principal: anonymous, region: core.homeRegion };
  }
  const { signature } = parsed;
  if (!isRegion(signature.region)) {
    refuse({ code: "InvalidScope", message: "Credential should be scoped to a valid region." });
  }
  const { accessKeyId, sessionToken } = signature;
  // With a token the access key is that of the token or none: what is stored of it is not asked.
  const found =
    sessionToken === undefined
      ? core.identities.findAccessKey(accessKeyId)
      : core.identities.findSession(accessKeyId, sessionToken);
  const check = (credential: AccessKeyCredential | "expired" | undefined) =>
    verify(core, request, signature, credential, demand, cache);
  return found instanceof Promise ? found.then(check) : check(found);
}

function isUnsigned(request: WireRequest, problem: SignatureProblem): boolean {
  return problem.code === "MissingAuthenticationToken" && !request.headers.has("authorization");
}

function verify(
  core: Core,
  request: WireRequest,
  signature: ParsedSignature,
  credential: AccessKeyCredential | "expired" | undefined,
  { services, maxSkewMs }: SignatureDemand,
  cache: SigningKeyCache,
): Caller {
  if (credential === undefined) refuseClient();
  if (credential === "expired") {
    const reason = "The security token included in the request is expired";
    throw ServiceError.of("Unauthenticated", { failure: "expiredToken", reason });
  }
  const { principal, secret } = credential;
  if (secret !== undefined) {
    const options = {
      nowMs: core.clock.nowMs(),
      maxSkewMs,
      // A week's X-Amz-Expires is S3's: AWS KMS and STS let no signature live longer than a clock may be off.
      maxPresignedMs: maxSkewMs,
      expectedServices: services,
      cache,
    };
    const verified = verifySignature(request, signature, secret, options);
    if (!verified.ok) refuse(verified.problem);
  }
  return { principal, region: signature.region };
}

import { readFileSync } from "node:fs";
import { ServiceError, type WebIdentityVerifier } from "@coffer/service";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import { OperatorError } from "./operator-error.ts";
import { type FetchBounds, fetchBounded } from "./public-fetch.ts";

/** What IAM accepts of OpenID Connect providers; `none` and secrets shared with the issuer are not among it. */
const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];
const fetchTimeoutMs = 5000;
const maxAnswerBytes = 262_144;
/** How long an issuer's keys are believed, and how long after a failure it is not asked again. */
const keysAgeMs = 600_000;
const retryAfterMs = 10_000;
const maxIssuers = 100;

interface Issuer {
  readonly keys: Promise<JWTVerifyGetKey>;
  readonly untilMs: number;
}

/** How the keys of identity providers are found. */
export interface WebIdentityOptions {
  /** JSON, `{"https://ISSUER": {"keys": [...]}}`. */
  readonly keysFile: string | undefined;
  /** Whether providers may be asked whose hosts are not on the public Internet. */
  readonly allowPrivateHosts: boolean;
}

/**
 * The keys of OpenID Connect providers: those of a file, by issuer, else what the issuer publishes over HTTPS (OpenID
 * Connect Discovery 1.0). Only issuers that an administrator registered are ever asked.
 *
 * @throws OperatorError for a file that cannot be read or used
 */
export function openWebIdentities({ keysFile, allowPrivateHosts }: WebIdentityOptions): WebIdentityVerifier {
  const bounds = { timeoutMs: fetchTimeoutMs, maxBytes: maxAnswerBytes, publicOnly: !allowPrivateHosts };
  const fixed = keysFile === undefined ? new Map<string, JWTVerifyGetKey>() : readKeys(keysFile);
  const issuers = new Map<string, Issuer>();

  function keysOf(issuer: string, nowMs: number): Promise<JWTVerifyGetKey> | JWTVerifyGetKey {
    const given = fixed.get(issuer);
    if (given !== undefined) return given;
    const known = issuers.get(issuer);
    if (known !== undefined && known.untilMs > nowMs) return known.keys;
    if (issuers.size >= maxIssuers) issuers.clear();
    const keys = discover(issuer, bounds);
    issuers.set(issuer, { keys, untilMs: nowMs + keysAgeMs });
    keys.catch(() => issuers.set(issuer, { keys, untilMs: nowMs + retryAfterMs }));
    return keys;
  }

  return {
    async verify(token, { issuer, nowMs }) {
      try {
        const keys = await keysOf(issuer, nowMs);
        const currentDate = new Date(nowMs);
        const requiredClaims = ["sub", "aud", "exp", "iat"];
        const { payload } = await jwtVerify(token, keys, { algorithms, issuer, requiredClaims, currentDate });
        const { sub = "", aud = [] } = payload;
        return { subject: sub, audiences: typeof aud === "string" ? [aud] : aud, claims: payload };
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}

/** What the caller is told; the token's own values are not repeated. */
function refusalOf(error: unknown): ServiceError {
  if (error instanceof errors.JWTExpired) {
    return ServiceError.of("IdentityTokenInvalid", { kind: "expired", reason: "Token expired." }, error);
  }
  const isOfToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
  if (isOfToken && error.code !== "ERR_JOSE_GENERIC") {
    const reason = "The web identity token is not signed by its issuer, or a claim of it is not valid.";
    return ServiceError.of("IdentityTokenInvalid", { kind: "invalid", reason }, error);
  }
  const reason = "Couldn't retrieve verification key from your identity provider.";
  return ServiceError.of("IdentityTokenInvalid", { kind: "unreachable", reason }, error);
}

function fetchImplementation(bounds: FetchBounds): FetchImplementation {
  return (url, { headers }) => fetchBounded(new URL(url), Object.fromEntries(headers), bounds);
}

async function discover(issuer: string, bounds: FetchBounds): Promise<JWTVerifyGetKey> {
  const place = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const answer = await fetchBounded(place, {}, bounds);
  const metadata = (await answer.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  const { jwks_uri: uri } = metadata;
  if (metadata.issuer !== issuer || typeof uri !== "string" || !uri.startsWith("https://")) {
    throw new Error("the identity provider's metadata cannot be used");
  }
  return createRemoteJWKSet(new URL(uri), {
    timeoutDuration: fetchTimeoutMs,
    cacheMaxAge: keysAgeMs,
    [customFetch]: fetchImplementation(bounds),
  });
}

function readKeys(file: string): Map<string, JWTVerifyGetKey> {
  try {
    const sets = JSON.parse(readFileSync(file, "utf8")) as Record<string, JSONWebKeySet>;
    return new Map(Object.entries(sets).map(([issuer, set]) => [issuer, createLocalJWKSet(set)]));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new OperatorError(`the keys of identity providers in ${file} cannot be used: ${reason}.`, 1, {
      cause: error,
    });
  }
}

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

/**
 * The keys of OpenID Connect providers: those of a file, by issuer, else what the issuer publishes over HTTPS (OpenID
 * Connect Discovery 1.0). Only issuers that an administrator registered are ever asked.
 *
 * @param keysFile JSON, `{"https://ISSUER": {"keys": [...]}}`
 * @throws OperatorError for a file that cannot be read or used
 */
export function openWebIdentities(keysFile: string | undefined): WebIdentityVerifier {
  const fixed = keysFile === undefined ? new Map<string, JWTVerifyGetKey>() : readKeys(keysFile);
  const issuers = new Map<string, Issuer>();

  function keysOf(issuer: string, nowMs: number): Promise<JWTVerifyGetKey> | JWTVerifyGetKey {
    const given = fixed.get(issuer);
    if (given !== undefined) return given;
    const known = issuers.get(issuer);
    if (known !== undefined && known.untilMs > nowMs) return known.keys;
    if (issuers.size >= maxIssuers) issuers.clear();
    const keys = discover(issuer);
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

const boundedFetch: FetchImplementation = async (url, options) => {
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const answer = await fetch(url, { ...options, signal, redirect: "error" });
  let size = 0;
  const parts: Uint8Array[] = [];
  for await (const part of answer.body ?? []) {
    size += part.byteLength;
    if (size > maxAnswerBytes) throw new Error("the identity provider's answer is too long");
    parts.push(part);
  }
  return new Response(Buffer.concat(parts), { status: answer.status, headers: answer.headers });
};

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const place = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await boundedFetch(place, {
    headers: new Headers(),
    method: "GET",
    redirect: "manual",
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  const metadata = (await answer.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  const { jwks_uri: uri } = metadata;
  if (answer.status !== 200 || metadata.issuer !== issuer || typeof uri !== "string" || !uri.startsWith("https://")) {
    throw new Error("the identity provider's metadata cannot be used");
  }
  return createRemoteJWKSet(new URL(uri), {
    timeoutDuration: fetchTimeoutMs,
    cacheMaxAge: keysAgeMs,
    [customFetch]: boundedFetch,
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

import type { Claims } from "./claims.ts";

/** What the claims of RFC 7519 must be like. Seconds; of the leeways, 0 means the usual and less means none. */
export interface ExpectedClaims {
  /** Empty for any. */
  readonly issuer: string;
  /** Empty for any. */
  readonly subject: string;
  /** Empty: then there must be none. */
  readonly audiences: readonly string[];
  readonly expirationLeeway: number;
  readonly notBeforeLeeway: number;
  readonly clockSkewLeeway: number;
  /** Times that a token has not are not checked: the old ones of Kubernetes have none. */
  readonly timesMayMiss?: boolean;
}

const usualTimeLeeway = 150;
const usualClockSkew = 60;

function leeway(given: number, usual: number): number {
  return given < 0 ? 0 : given === 0 ? usual : given;
}

/** A registered claim that is not what it must be: what is wrong with it, in words. */
class ClaimProblem extends Error {}

function refuse(problem: string): never {
  throw new ClaimProblem(problem);
}

function readNumber(claims: Claims, name: string): number | undefined {
  const value = claims[name] ?? undefined;
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value || undefined;
  return refuse(`claim "${name}" must be a number`);
}

function readText(claims: Claims, name: string): string {
  const value = claims[name] ?? "";
  return typeof value === "string" ? value : refuse(`claim "${name}" must be a string`);
}

/** `aud`, one or several; undefined when it is neither text nor a list of texts. */
export function audiencesOf(claims: Claims): readonly string[] | undefined {
  const value = claims["aud"] ?? [];
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
}

/** What is wrong with issuer, subject, audience and times (hashicorp/cap, jwt: `Validate`); undefined when nothing is. */
export function claimProblem(claims: Claims, expected: ExpectedClaims, nowMs: number): string | undefined {
  try {
    checkNames(claims, expected);
    checkTimes(claims, expected, nowMs / 1000);
    return undefined;
  } catch (error) {
    if (error instanceof ClaimProblem) return error.message;
    throw error;
  }
}

function checkNames(claims: Claims, expected: ExpectedClaims): void {
  if (expected.issuer !== "" && readText(claims, "iss") !== expected.issuer) refuse("invalid issuer (iss) claim");
  const subject = readText(claims, "sub");
  if (expected.subject !== "" && subject !== expected.subject) refuse("invalid subject (sub) claim");
  const audiences = audiencesOf(claims) ?? refuse('claim "aud" must be a string or a list of strings');
  if (expected.audiences.length > 0 && !audiences.some((audience) => expected.audiences.includes(audience))) {
    refuse("invalid audience (aud) claim: audience claim does not match any expected audience");
  }
}

function checkTimes(claims: Claims, expected: ExpectedClaims, now: number): void {
  const issuedAt = readNumber(claims, "iat");
  const given = { expiresAt: readNumber(claims, "exp"), notBefore: readNumber(claims, "nbf") };
  const mayMiss = expected.timesMayMiss === true;
  if (!mayMiss && issuedAt === undefined && given.expiresAt === undefined && given.notBefore === undefined) {
    refuse("no issued at (iat), not before (nbf), or expiration time (exp) claims in token");
  }
  const usualEnd = Math.max(issuedAt ?? 0, given.notBefore ?? 0) + leeway(expected.expirationLeeway, usualTimeLeeway);
  const expiresAt = given.expiresAt ?? (mayMiss ? Number.POSITIVE_INFINITY : usualEnd);
  const usualStart = issuedAt ?? expiresAt - leeway(expected.notBeforeLeeway, usualTimeLeeway);
  const notBefore = given.notBefore ?? (mayMiss ? Number.NEGATIVE_INFINITY : usualStart);
  const skew = leeway(expected.clockSkewLeeway, usualClockSkew);
  if (now > expiresAt + skew) refuse("invalid expiration time (exp) claim: token is expired");
  if (now + skew < notBefore) refuse("invalid not before (nbf) claim: token not yet valid");
  if (issuedAt !== undefined && now + skew < issuedAt) {
    refuse("invalid issued at (iat) claim: token issued in the future");
  }
}

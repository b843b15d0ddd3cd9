import { refuseInput } from "../auth-operation.ts";

/** What a token says, verified. */
export type Claims = Readonly<Record<string, unknown>>;

const listPlace = /^(?:0|[1-9][0-9]*)$/;

/** A claim by its name, or by a JSON pointer (RFC 6901) when it begins with a slash; undefined when there is none. */
export function claimOf(claims: Claims, name: string): unknown {
  let value: unknown = claims;
  const steps = name.startsWith("/") ? name.slice(1).split("/").map(decodeStep) : [name];
  for (const step of steps) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return undefined;
    if (Array.isArray(value) && !listPlace.test(step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value ?? undefined;
}

function decodeStep(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** One value or several, as providers give them; undefined for what is neither text, number nor truth value. */
export function valuesOf(raw: unknown): readonly unknown[] | undefined {
  if (Array.isArray(raw)) return raw;
  return ["string", "boolean", "number"].includes(typeof raw) ? [raw] : undefined;
}

/** Whether a text fits a pattern in which `*` stands for anything, also nothing. */
export function fitsGlob(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/**
 * Checks the claims that a role binds (OpenBao, internal/builtin/credential/jwt/claims.go: `validateBoundClaims`).
 *
 * @throws ServiceError InvalidInput
 */
export function checkBoundClaims(claims: Claims, bound: Claims, useGlobs: boolean): void {
  const refuse = (reason: string) => refuseInput(`error validating claims: ${reason}`);
  for (const [name, wanted] of Object.entries(bound)) {
    const shown = JSON.stringify(name);
    const value = claimOf(claims, name);
    if (value === undefined) refuse(`claim ${shown} is missing`);
    const actual = valuesOf(value) ?? refuse(`received claim ${shown} is not a string, bool, int or list`);
    const expected = valuesOf(wanted) ?? refuse(`bound claim ${shown} is not a string, bool, int or list`);
    const fits = (want: unknown, have: unknown) =>
      useGlobs ? typeof want === "string" && typeof have === "string" && fitsGlob(want, have) : want === have;
    const found = expected.some((want) => actual.some((have) => fits(want, have)));
    if (!found) refuse(`claim ${shown} does not match any associated bound claim values`);
  }
}

/** Claims that become metadata of token and alias. @throws ServiceError InvalidInput when one is no text */
export function mapClaims(claims: Claims, mappings: Readonly<Record<string, string>>): Map<string, string> {
  const metadata = new Map<string, string>();
  for (const [source, target] of Object.entries(mappings)) {
    const value = claimOf(claims, source);
    if (value === undefined) continue;
    if (typeof value !== "string") refuseInput(`error converting claim '${source}' to string`);
    metadata.set(target, value);
  }
  return metadata;
}

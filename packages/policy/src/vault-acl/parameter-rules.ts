import type { EffectiveRule } from "./effective-rule.ts";
import type { VaultAclRequest, VaultParameterValue, VaultParameterValues } from "./types.ts";

/**
 * The name of the parameter that the rule refuses, or undefined when it refuses none (OpenBao documentation, "Policies":
 * parameter constraints). Names of the request count in lower case.
 */
export function findRefusedParameter(rule: EffectiveRule, request: VaultAclRequest): string | undefined {
  const parameters = request.parameters ?? {};
  const missing = rule.requiredParameters.find((name) => !Object.hasOwn(parameters, name.toLowerCase()));
  if (missing !== undefined) return missing;
  const names = Object.keys(parameters);
  return (
    names.find((name) => isDenied(rule.deniedParameters, name, parameters[name])) ??
    names.find((name) => !isAllowed(rule.allowedParameters, name, parameters[name]))
  );
}

/** Whether a request with other parameters might be refused. */
export function constrainsParameters(rule: EffectiveRule): boolean {
  const { allowedParameters, deniedParameters, requiredParameters } = rule;
  const lists = (allowedParameters?.size ?? 0) + (deniedParameters?.size ?? 0) + requiredParameters.length;
  return lists > 0;
}

function isDenied(denied: VaultParameterValues | undefined, name: string, value: unknown): boolean {
  if (denied === undefined) return false;
  if (denied.has("*")) return true;
  const values = denied.get(name.toLowerCase());
  return values !== undefined && isAmong(value, values);
}

function isAllowed(allowed: VaultParameterValues | undefined, name: string, value: unknown): boolean {
  if (allowed === undefined || allowed.size === 0) return true;
  const values = allowed.get(name.toLowerCase());
  // Beside `*`, a parameter that is named keeps its values.
  return values === undefined ? allowed.has("*") : (allowed.size === 1 && allowed.has("*")) || isAmong(value, values);
}

/** An empty list stands for every value. */
function isAmong(value: unknown, values: readonly VaultParameterValue[]): boolean {
  return values.length === 0 || values.some((each) => isEqual(each, value));
}

function isEqual(written: VaultParameterValue, value: unknown): boolean {
  if (typeof written === "string" && typeof value === "string") return matchesText(written, value);
  return isSame(written, value);
}

/** `*` at the start or the end of a text, or both, stands for any text. */
function matchesText(written: string, value: string): boolean {
  if (written.length < 2) return value === written;
  const starts = written.startsWith("*");
  const ends = written.endsWith("*");
  if (starts && ends) return value.includes(written.slice(1, -1));
  if (starts) return value.endsWith(written.slice(1));
  return ends ? value.startsWith(written.slice(0, -1)) : value === written;
}

function isSame(written: VaultParameterValue, value: unknown): boolean {
  if (written === null || typeof written !== "object") return written === value;
  if (typeof value !== "object" || value === null || Array.isArray(written) !== Array.isArray(value)) return false;
  const names = Object.keys(written);
  if (names.length !== Object.keys(value).length) return false;
  const [left, right] = [written as Record<string, VaultParameterValue>, value as Record<string, unknown>];
  return names.every((name) => Object.hasOwn(right, name) && isSame(left[name] ?? null, right[name]));
}

/** What a rule says about `limit`: refused, or the value that must stand in for it, or nothing. */
export function decideLimit(rule: EffectiveRule, request: VaultAclRequest): "refused" | number | undefined {
  const highest = rule.paginationLimit;
  const { limit } = request.parameters ?? {};
  if (highest === 0) return limit === "max" ? 0 : undefined;
  if (limit === undefined) {
    return rule.requiredParameters.some((name) => name.toLowerCase() === "limit") ? "refused" : highest;
  }
  if (limit === "max") return highest;
  const count = wholeNumber(limit);
  if (count === undefined || count < 0 || count > highest) return "refused";
  // 0 would be a list without an end.
  return count === 0 ? highest : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (value === "") return 0;
  return typeof value === "string" && /^[+-]?[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

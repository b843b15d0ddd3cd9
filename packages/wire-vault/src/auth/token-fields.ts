import type { TokenParamChanges, TokenParams } from "@coffer/service";
import type { Fields } from "../http/fields.ts";

/** The parameters of tokens that every role and user takes (OpenBao, sdk/helper/tokenutil). */
export const tokenFieldNames: readonly string[] = [
  "token_bound_cidrs",
  "token_explicit_max_ttl",
  "token_max_ttl",
  "token_no_default_policy",
  "token_num_uses",
  "token_period",
  "token_policies",
  "token_strictly_bind_ip",
  "token_ttl",
  "token_type",
];

/** A list that was given; undefined when it was not. */
export function readTexts(fields: Fields, name: string): readonly string[] | undefined {
  if (fields.raw(name) === undefined) return undefined;
  return fields.texts(name).filter((text) => text !== "");
}

type Readers = { readonly [K in keyof TokenParamChanges]-?: (fields: Fields) => TokenParamChanges[K] | undefined };

const readers: Readers = {
  boundCidrs: (fields) => readTexts(fields, "token_bound_cidrs"),
  explicitMaxTtl: (fields) => fields.seconds("token_explicit_max_ttl"),
  maxTtl: (fields) => fields.seconds("token_max_ttl"),
  noDefaultPolicy: (fields) => fields.boolean("token_no_default_policy"),
  numUses: (fields) => fields.integer("token_num_uses"),
  period: (fields) => fields.seconds("token_period"),
  policies: (fields) => readTexts(fields, "token_policies"),
  strictlyBindIp: (fields) => fields.boolean("token_strictly_bind_ip"),
  ttl: (fields) => fields.seconds("token_ttl"),
  type: (fields) => fields.text("token_type"),
};

/** The value of a parameter by either of its names, and what is kept of the old one. */
export interface Renamed<T> {
  readonly now?: T;
  /** null forgets that the old name was used. */
  readonly old?: T | null;
}

/**
 * A parameter that has an old name: the new one counts, and the old one is shown as long as it is used (OpenBao,
 * sdk/helper/tokenutil: `UpgradeValue`).
 */
export function renamed<T>(now: T | undefined, old: T | undefined): Renamed<T> {
  if (now !== undefined) return { now, old: old === undefined ? null : now };
  return old === undefined ? {} : { now: old, old };
}

/** The members of an object that are not undefined. */
export function present<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The `token_...` parameters that a call gives. */
export function readTokenChanges(fields: Fields): TokenParamChanges {
  return Object.fromEntries(
    Object.entries(readers)
      .map(([name, read]) => [name, read(fields)])
      .filter(([, value]) => value !== undefined),
  ) as TokenParamChanges;
}

/** `default-service` and `default-batch`, which mean nothing for a role; with what is said of them. */
export function readTokenType(fields: Fields): { readonly type?: string; readonly warnings: readonly string[] } {
  const given = fields.text("token_type");
  if (given !== "default-service" && given !== "default-batch") {
    return { ...(given === undefined ? {} : { type: given }), warnings: [] };
  }
  const type = given.slice("default-".length);
  return { type, warnings: [`${given} has no useful meaning; adjusting to ${type}`] };
}

/** The `token_...` parameters as Vault shows them. */
export function tokenData(params: TokenParams): Readonly<Record<string, unknown>> {
  return {
    token_bound_cidrs: params.boundCidrs,
    token_explicit_max_ttl: params.explicitMaxTtl,
    token_max_ttl: params.maxTtl,
    token_no_default_policy: params.noDefaultPolicy,
    token_num_uses: params.numUses,
    token_period: params.period,
    token_policies: params.policies,
    token_strictly_bind_ip: params.strictlyBindIp,
    token_ttl: params.ttl,
    token_type: params.type,
  };
}

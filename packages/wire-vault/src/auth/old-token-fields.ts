import type { TokenParamChanges } from "@coffer/service";
import type { Fields } from "../http/fields.ts";
import { readTexts, readTokenChanges, renamed } from "./token-fields.ts";

/** What tokens are like, by new and old names, and what is kept of the old ones, by those names. */
export interface RenamedTokenFields {
  readonly token: TokenParamChanges;
  /** null forgets one. */
  readonly old: Readonly<Record<string, unknown>>;
}

/** The old names of the parameters of tokens; which of them a method has, its routes say. */
export const oldTokenFieldNames = ["bound_cidrs", "max_ttl", "num_uses", "period", "policies", "ttl"];

/** By the old name, policies are kept as tokens have them: lower case, each once, sorted. */
function sanitised(policies: readonly string[] | undefined): readonly string[] | undefined {
  return policies && [...new Set(policies.map((policy) => policy.toLowerCase()))].sort();
}

/** The `token_...` parameters of a call, by their new and old names. */
export function readRenamedTokenFields(fields: Fields): RenamedTokenFields {
  const token = readTokenChanges(fields);
  const read = {
    boundCidrs: { name: "bound_cidrs", ...renamed(token.boundCidrs, readTexts(fields, "bound_cidrs")) },
    maxTtl: { name: "max_ttl", ...renamed(token.maxTtl, fields.seconds("max_ttl")) },
    numUses: { name: "num_uses", ...renamed(token.numUses, fields.integer("num_uses")) },
    period: { name: "period", ...renamed(token.period, fields.seconds("period")) },
    policies: { name: "policies", ...renamed(token.policies, sanitised(readTexts(fields, "policies"))) },
    ttl: { name: "ttl", ...renamed(token.ttl, fields.seconds("ttl")) },
  };
  const given = Object.entries(read);
  return {
    token: {
      ...token,
      ...Object.fromEntries(given.filter(([, { now }]) => now !== undefined).map(([name, { now }]) => [name, now])),
    },
    old: Object.fromEntries(
      given.filter(([, { old }]) => old !== undefined).map(([, { name, old }]) => [name, isNothing(old) ? null : old]),
    ),
  };
}

/** Of what is nothing, the original shows no old name. */
function isNothing(value: unknown): boolean {
  return value === 0 || (Array.isArray(value) && value.length === 0);
}

import type { Core } from "../../core.ts";
import { limits } from "../../limits.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { plainTokenParams, type TokenParams } from "../vault-auth/token-params.ts";

/** Where token roles are kept, by name. */
export const tokenRoleArea = "token/roles";

export type TokenRoleType = "service" | "batch" | "default-service" | "default-batch";

/** What tokens of a role may and must be (Vault API: auth/token/roles). Times are seconds. */
export interface TokenRole {
  readonly name: string;
  readonly allowedPolicies: readonly string[];
  readonly disallowedPolicies: readonly string[];
  readonly allowedPoliciesGlob: readonly string[];
  readonly disallowedPoliciesGlob: readonly string[];
  readonly orphan: boolean;
  readonly renewable: boolean;
  /** Behind the path of its tokens; empty where there is none. */
  readonly pathSuffix: string;
  /** Null when it was never given. */
  readonly allowedEntityAliases: readonly string[] | null;
  readonly type: TokenRoleType;
  readonly token: Pick<TokenParams, "boundCidrs" | "explicitMaxTtl" | "noDefaultPolicy" | "numUses" | "period">;
  /** The values of parameters that were given by their old names: they are shown by both. */
  readonly old: { readonly boundCidrs: readonly string[]; readonly explicitMaxTtl: number; readonly period: number };
}

/** A role that says nothing yet. */
export function newTokenRole(name: string): TokenRole {
  const { boundCidrs, explicitMaxTtl, noDefaultPolicy, numUses, period } = plainTokenParams;
  return {
    name,
    allowedPolicies: [],
    disallowedPolicies: [],
    allowedPoliciesGlob: [],
    disallowedPoliciesGlob: [],
    orphan: false,
    renewable: true,
    pathSuffix: "",
    allowedEntityAliases: null,
    type: "default-service",
    token: { boundCidrs, explicitMaxTtl, noDefaultPolicy, numUses, period },
    old: { boundCidrs: [], explicitMaxTtl: 0, period: 0 },
  };
}

export function findTokenRole(core: Core, name: string): Promise<VaultEntry<TokenRole> | undefined> {
  return core.vaultEntries.get<TokenRole>(tokenRoleArea, name);
}

/** Names of roles, by name. @param most names; at most `limits.authNames` */
export async function tokenRoleNames(core: Core, after: string, most: number): Promise<readonly string[]> {
  const names: string[] = [];
  const wanted = Math.min(most > 0 ? most : limits.authNames.value, limits.authNames.value);
  for (let cursor = after; names.length < wanted; ) {
    const count = Math.min(limits.pageItems.value, wanted - names.length);
    const page = await core.vaultEntries.list(tokenRoleArea, "", cursor, count);
    names.push(...page.names);
    const last = page.names.at(-1);
    if (!page.more || last === undefined) break;
    cursor = last;
  }
  return names;
}

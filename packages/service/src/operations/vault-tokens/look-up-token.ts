import { limits } from "../../limits.ts";
import type { TokenRecord } from "../../model/principal.ts";
import type { Call } from "../../pipeline/operation.ts";
import { entityAccess } from "../../vault/vault-identities.ts";
import { findSubject, recordSubject, type TokenSubject } from "./find-token.ts";
import { ownTokenOperation, tokenOperation } from "./token-operation.ts";

/** A token with what its entity adds. */
export interface TokenFinding {
  readonly record: TokenRecord;
  /** Names of the policies that its entity and groups give it. */
  readonly identityPolicies: readonly string[];
}

async function lookUp(call: Call<TokenSubject>): Promise<TokenFinding | undefined> {
  const { core, request, input } = call;
  const record = await findSubject(core, request, input);
  if (record === undefined) return undefined;
  const entityId = record.vault?.entityId ?? "";
  const access = entityId === "" ? undefined : await entityAccess(core.vaultEntries, entityId);
  return { record, identityPolicies: access?.policies ?? [] };
}

const parts = {
  name: "LookUpVaultToken",
  readOnly: true,
  record: recordSubject,
  recordOutput: (found: TokenFinding | undefined) => (found === undefined ? {} : { accessor: found.record.accessor }),
  run: lookUp,
} as const;

/** Vault API: auth/token/lookup and lookup-accessor. @returns undefined for a token that is unknown or over */
export const lookUpToken = tokenOperation<TokenSubject, TokenFinding | undefined>(parts);

/** Vault API: auth/token/lookup-self. Whoever holds a token may. */
export const lookUpOwnToken = ownTokenOperation<TokenSubject & { by: "self" }, TokenFinding | undefined>(parts);

/** Accessors of all tokens that hold (Vault API: auth/token/accessors), by accessor; at most `limits.authNames`. */
export const listTokenAccessors = tokenOperation<{ readonly after: string; readonly limit: number }, readonly string[]>(
  {
    name: "ListTokenAccessors",
    readOnly: true,
    record: () => ({}),
    recordOutput: (accessors) => ({ count: accessors.length }),
    async run({ core, input }) {
      const most = Math.min(input.limit > 0 ? input.limit : limits.authNames.value, limits.authNames.value);
      const accessors: string[] = [];
      for (let after = input.after === "" ? undefined : input.after; accessors.length < most; ) {
        const page = await core.store.listTokensByAccessor(after, limits.pageItems.value);
        for (const record of page) {
          if (accessors.length < most && (await core.identities.isTokenLive(record))) accessors.push(record.accessor);
        }
        after = page.at(-1)?.accessor;
        if (page.length < limits.pageItems.value) break;
      }
      return accessors;
    },
  },
);

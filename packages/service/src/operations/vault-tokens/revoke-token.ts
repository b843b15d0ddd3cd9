import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { TokenRecord } from "../../model/principal.ts";
import type { Call } from "../../pipeline/operation.ts";
import { removeTokenTree, revokeAlone, revokeTokenTree } from "../../vault/remove-tokens.ts";
import { findSubject, recordSubject, type TokenSubject } from "./find-token.ts";
import { hasSudo, isRootCaller, ownTokenOperation, refuseInput, tokenOperation } from "./token-operation.ts";

/** Whether there was a token to revoke. */
export interface Revocation {
  readonly found: boolean;
}

async function revoke(call: Call<TokenSubject>): Promise<Revocation> {
  const { core, request, input, nowMs } = call;
  const record = await findSubject(core, request, input);
  if (record === undefined) return { found: false };
  checkRevocable(call, record);
  // The request may have taken a use of its own token: what is stored now counts.
  const stored = await core.store.get("tokens", { digest: record.digest });
  if (stored !== undefined) await revokeTokenTree(core, stored, nowMs);
  return { found: true };
}

/** @throws ServiceError */
function checkRevocable(call: Call<TokenSubject>, record: TokenRecord): void {
  if (record.vault?.type === "batch") refuseInput("batch tokens cannot be revoked");
  // Who shows a token may give it up. By their accessors, tokens of IAM principals are ended by the all-powerful only, or
  // by whom IAM policies let (`coffer admin`).
  if (record.vault !== undefined || call.input.by !== "accessor" || isRootCaller(call)) return;
  throw ServiceError.of("AccessDenied", {
    principalArn: call.request.principal.arn,
    action: "coffer:RevokeToken",
    resource: record.principalArn,
    basis: "implicitDeny",
    source: "identity",
  });
}

const parts = { name: "RevokeVaultToken", readOnly: false, record: recordSubject, run: revoke } as const;

/** Vault API: auth/token/revoke and revoke-accessor: the token, and all that it made. Errors: InvalidInput, AccessDenied. */
export const revokeVaultToken = tokenOperation<TokenSubject, Revocation>(parts);

/** Vault API: auth/token/revoke-self. Whoever holds a token may always give it up. Errors: InvalidInput. */
export const revokeOwnVaultToken = ownTokenOperation<TokenSubject, Revocation>(parts);

/** Vault API: auth/token/revoke-orphan: the token alone; those that it made stay, as orphans. Errors: InvalidInput. */
export const revokeTokenAlone = tokenOperation<TokenSubject & { by: "token" }, null>({
  name: "RevokeVaultTokenAlone",
  readOnly: false,
  record: recordSubject,
  async run(call) {
    const { core, request, input } = call;
    if (!(await hasSudo(call))) refuseInput("root or sudo privileges required to revoke and orphan");
    const record = await findSubject(core, request, input);
    if (record === undefined) refuseInput("token to revoke not found");
    checkRevocable(call, record);
    const stored = await core.store.get("tokens", { digest: record.digest });
    if (stored !== undefined) await revokeAlone(core, stored);
    return null;
  },
});

/** Vault API: auth/token/tidy: deletes tokens whose own time or whose parent's is over. */
export const tidyTokens = tokenOperation<null, { readonly removed: number }>({
  name: "TidyVaultTokens",
  readOnly: false,
  record: () => ({}),
  recordOutput: ({ removed }) => ({ removed }),
  async run({ core, nowMs }) {
    let removed = 0;
    for (let after: string | undefined; ; ) {
      const page = await core.store.listTokensByAccessor(after, limits.pageItems.value);
      for (const record of page) {
        if (await core.identities.isTokenLive(record)) continue;
        await removeTokenTree(core, record.digest, nowMs);
        removed += 1;
      }
      after = page.at(-1)?.accessor;
      if (page.length < limits.pageItems.value) return { removed };
    }
  },
});

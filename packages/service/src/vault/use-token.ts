import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { Principal, TokenRecord, VaultTokenFacts } from "../model/principal.ts";
import { StoreConflict } from "../ports/store.ts";
import { isFrom } from "./cidrs.ts";

/**
 * Lets a request in by its token: checks where it comes from, and takes one of the uses where they are numbered. A use is
 * taken durably before anything is done, so that there are never more requests than uses, whatever becomes of them
 * (OpenBao, internal/vault/request_handling.go: `CheckToken`, `UseToken`).
 *
 * @returns who calls, with what is left of the token; undefined for an unknown, expired, revoked or used-up one
 * @throws ServiceError AccessDenied from outside the networks that the token is bound to
 */
export async function useToken(core: Core, token: string, sourceIp: string): Promise<Principal | undefined> {
  const principal = await core.identities.findToken(token);
  const record = principal?.token;
  if (principal === undefined || record?.vault === undefined) return principal;
  const { boundCidrs, numUses } = record.vault;
  if (boundCidrs.length > 0 && !isFrom(sourceIp, boundCidrs)) refuseSource(principal);
  if (numUses === 0) return principal;
  const spent = await core.turns.take(`uses of ${record.digest}`, () => spendUse(core, record.digest));
  return spent === undefined ? undefined : { ...principal, token: spent };
}

/** Takes one use. Losing against a rival means to look anew, so no use is taken twice. */
async function spendUse(core: Core, digest: string): Promise<TokenRecord | undefined> {
  for (;;) {
    const record = await core.store.get("tokens", { digest });
    const vault = record?.vault;
    if (record === undefined || vault === undefined || !(await core.identities.isTokenLive(record))) return undefined;
    if (vault.numUses === 0) return record;
    const isLast = vault.numUses === 1;
    const left: VaultTokenFacts = { ...vault, numUses: isLast ? -1 : vault.numUses - 1 };
    const spent = { ...record, vault: left, revision: record.revision + 1 };
    // After its last use it is over for everybody but the request that has it; the lifecycle deletes it.
    const row = isLast ? { ...spent, expiresAtMs: core.clock.nowMs() } : spent;
    try {
      await core.commit([{ op: "update", table: "tokens", row }]);
      return spent;
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
    }
  }
}

function refuseSource({ arn }: Principal): never {
  throw ServiceError.of("AccessDenied", {
    principalArn: arn,
    action: "vault:UseToken",
    resource: "auth/token",
    basis: "implicitDeny",
    source: "identity",
    reason: "permission denied",
  });
}

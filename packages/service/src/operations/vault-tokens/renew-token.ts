import type { Call } from "../../pipeline/operation.ts";
import { grantTtl, type WantedTtl } from "../../vault/token-ttl.ts";
import { checkLoginRenewal } from "../vault-auth/renew-login.ts";
import { findSubject, recordSubject, type TokenSubject } from "./find-token.ts";
import {
  isVaultToken,
  ownTokenOperation,
  refuseInput,
  tokenOperation,
  type VaultTokenRecord,
} from "./token-operation.ts";
import { findTokenRole } from "./token-role.ts";

export interface RenewTokenInput {
  readonly subject: TokenSubject;
  /** Seconds that are asked for; 0 leaves it to the token. */
  readonly increment: number;
  /** What the connection shows, leaf first; DER. */
  readonly certificates: readonly Uint8Array[];
}

/** A token that was renewed. */
export interface RenewedToken {
  readonly record: VaultTokenRecord;
  /** Seconds. */
  readonly ttl: number;
  readonly warnings: readonly string[];
}

async function renew(call: Call<RenewTokenInput>): Promise<RenewedToken> {
  const { core, request, input, nowMs } = call;
  const record = await findSubject(core, request, input.subject);
  if (record === undefined || (record.vault?.numUses ?? 0) < 0)
    refuseInput(input.subject.by === "accessor" ? collected("invalid accessor") : "token not found");
  if (record.vault?.type === "batch") refuseInput("batch tokens cannot be renewed");
  if (!isVaultToken(record) || record.expiresAtMs === undefined || !record.vault.renewable) {
    refuseInput("lease is not renewable");
  }
  const granted = grantTtl({ ...(await timesOf(call, record)), increment: input.increment }, record.createdAtMs, nowMs);
  if (granted === undefined) refuseInput("past the max TTL, cannot renew");
  const { ttl, expiresAtMs, warnings } = granted;
  const vault = { ...record.vault, lastRenewedAtMs: nowMs, renewedTtl: ttl };
  const renewed = { ...record, expiresAtMs, vault, revision: record.revision + 1 };
  await core.commit([{ op: "update", table: "tokens", row: renewed }]);
  return { record: renewed, ttl, warnings };
}

/**
 * What a renewal goes by: the role of the token as it is now (OpenBao: `authRenew`), or that of its login, else what the
 * token was made with.
 */
async function timesOf(
  { core, input, nowMs }: Call<RenewTokenInput>,
  record: VaultTokenRecord,
): Promise<Omit<WantedTtl, "increment">> {
  const { vault } = record;
  const login = await checkLoginRenewal(core, { record, certificates: input.certificates }, nowMs);
  if (login !== undefined) return { ...login, explicitMaxTtl: vault.explicitMaxTtl };
  const { creationTtl, renewedTtl: ttl = creationTtl, maxTtl = 0, explicitMaxTtl, period, role: name } = vault;
  if (name === undefined) return { ttl, maxTtl, explicitMaxTtl, period };
  const role = await findTokenRole(core, name);
  if (role === undefined) refuseInput(`original token role ${JSON.stringify(name)} could not be found, not renewing`);
  const { token } = role.value;
  return { ttl, maxTtl, explicitMaxTtl: token.explicitMaxTtl, period: token.period };
}

/** The original's errors as a list of one. */
export function collected(problem: string): string {
  return `1 error occurred:\n\t* ${problem}\n\n`;
}

const parts = {
  name: "RenewVaultToken",
  readOnly: false,
  record: ({ subject, increment }: RenewTokenInput) => ({ ...recordSubject(subject), increment }),
  recordOutput: ({ record, ttl }: RenewedToken) => ({ accessor: record.accessor, ttl }),
  run: renew,
} as const;

/** Vault API: auth/token/renew and renew-accessor. Errors: InvalidInput. */
export const renewToken = tokenOperation<RenewTokenInput, RenewedToken>(parts);

/** Vault API: auth/token/renew-self. Whoever holds a token may. Errors: InvalidInput. */
export const renewOwnToken = ownTokenOperation<RenewTokenInput, RenewedToken>(parts);

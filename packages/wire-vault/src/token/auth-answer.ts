import type { TokenRecord } from "@coffer/service";
import type { VaultResult } from "../http/envelope.ts";

/** A token as an answer's `auth` shows it (OpenBao, sdk/logical/translate_response.go: `HTTPAuth`). */
export interface ShownToken {
  readonly record: TokenRecord;
  /** Empty where it is not to be shown. */
  readonly token: string;
  /** Seconds. */
  readonly ttl: number;
  readonly warnings: readonly string[];
  /** Names of the policies that the token's entity adds. */
  readonly identityPolicies?: readonly string[];
}

/** The answer of whatever makes or renews a token. */
export function authAnswer({ record, token, ttl, warnings, identityPolicies = [] }: ShownToken): VaultResult {
  const { vault, vaultPolicies, accessor, parentDigest } = record;
  const auth = {
    client_token: token,
    accessor,
    policies: [...new Set([...vaultPolicies, ...identityPolicies])].sort(),
    token_policies: vaultPolicies,
    ...(identityPolicies.length === 0 ? {} : { identity_policies: identityPolicies }),
    metadata: vault?.meta ?? null,
    lease_duration: ttl,
    renewable: vault?.renewable ?? false,
    entity_id: vault?.entityId ?? "",
    token_type: vault?.type ?? "service",
    orphan: parentDigest === undefined,
    mfa_requirement: null,
    num_uses: vault?.numUses ?? 0,
  };
  return { status: 200, auth: JSON.stringify(auth), warnings };
}

import type { VaultLogin } from "@coffer/service";
import type { VaultResult } from "../http/envelope.ts";

/** The token of a login (OpenBao, sdk/logical/translate_response.go: `HTTPAuth`). */
export function loginAnswer({ record, token, warnings, identityPolicies }: VaultLogin): VaultResult {
  const { vault, vaultPolicies } = record;
  const auth = {
    client_token: token,
    accessor: record.accessor,
    policies: [...new Set([...vaultPolicies, ...identityPolicies])].sort(),
    token_policies: vaultPolicies,
    ...(identityPolicies.length === 0 ? {} : { identity_policies: identityPolicies }),
    metadata: vault.meta,
    lease_duration: vault.creationTtl,
    renewable: vault.renewable,
    entity_id: vault.entityId,
    token_type: vault.type,
    orphan: true,
    mfa_requirement: null,
    num_uses: vault.numUses,
  };
  return { status: 200, auth: JSON.stringify(auth), warnings };
}

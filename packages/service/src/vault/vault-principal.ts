import { type CompiledPolicy, parsePolicy } from "@coffer/policy";
import { invariant } from "../errors.ts";
import type { Principal, TokenRecord } from "../model/principal.ts";
import type { RequestContext } from "../model/request.ts";

/** What federated users may be called (STS: GetFederationToken, `Name`). */
const otherCharacters = /[^\w+=,.@-]/g;

/**
 * Who holds a token that the Vault API made. Key policies may name it as a federated user of the account, by its display
 * name: `arn:aws:sts::ACCOUNT:federated-user/approle`. No IAM policy hangs on it: its ACL policies are asked by the Vault
 * wire (`admittedByAcl`), and elsewhere it may do nothing.
 */
export function vaultPrincipal(record: TokenRecord): Principal {
  const { account, displayName, accessor } = record;
  const name = displayName.replace(otherCharacters, "-");
  return {
    arn: `arn:aws:sts::${account}:federated-user/${name}`,
    account,
    kind: "vault",
    name,
    principalId: `${account}:${record.vault?.entityId || accessor}`,
    identityPolicies: [],
    token: record,
  };
}

const everything: CompiledPolicy = compileEverything();

function compileEverything(): CompiledPolicy {
  const parsed = parsePolicy(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    "identity",
  );
  invariant(parsed.ok, "the policy that allows everything parses");
  return parsed.policy;
}

const admitted = new WeakMap<Principal, Principal>();

/**
 * The caller of a request that its token's ACL policies allow: as if an IAM policy allowed it, so that key policies still
 * bind, by a Deny and by what they delegate. For one request that was decided on, never to be kept.
 */
export function admittedByAcl(principal: Principal): Principal {
  let found = admitted.get(principal);
  if (found === undefined) {
    found = { ...principal, identityPolicies: [everything] };
    admitted.set(principal, found);
  }
  return found;
}

/**
 * What an operation below a path of the Vault API asks the IAM policies of callers who are IAM principals: the action
 * `vault:CAPABILITY` on `arn:aws:vault:REGION:ACCOUNT:PATH`.
 */
export function vaultPathAccess(_input: unknown, request: RequestContext): [{ action: string; resource: string }] {
  const { vault, region, principal } = request;
  invariant(vault !== undefined, "an operation below a Vault path comes through the Vault wire");
  const action = `vault:${vault.capability.charAt(0).toUpperCase()}${vault.capability.slice(1)}`;
  return [{ action, resource: `arn:aws:vault:${region}:${principal.account}:${vault.path}` }];
}

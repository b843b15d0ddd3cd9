import type { PolicyPrincipal } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { Principal } from "../../model/principal.ts";

/** A caller that is not calling: as the policies see it, and with the policies that hang on it. */
export interface SimulatedCaller {
  readonly policyPrincipal: PolicyPrincipal;
  readonly principal: Principal;
}

const serviceName = /^[a-z0-9][a-z0-9.-]{0,127}\.amazonaws\.com$/;
const identityArn = /^arn:aws:iam::(\d{12}):(?:root|(user|role)\/[\x21-\x7e]{1,576})$/;
const sessionArn = /^arn:aws:sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/;

/**
 * Whom an ARN or the name of a service stands for. Of an account other than the instance's own nobody needs to be known:
 * such a caller has no identity policies here.
 *
 * @throws ServiceError InvalidInput, NotFound
 */
export async function findSimulatedCaller(core: Core, text: string): Promise<SimulatedCaller> {
  if (serviceName.test(text)) return serviceCaller(text);
  const session = sessionArn.exec(text);
  if (session !== null) {
    const [, account = "", role = "", name = ""] = session;
    // A session's ARN has the role's name without its path.
    const named = await core.store.get("iamNames", { account, kind: "role", name: role });
    const arn = named?.arn ?? `arn:aws:iam::${account}:role/${role}`;
    const principal = await findIdentity(core, arn, account, "role");
    const { arn: roleArn, principalId } = principal;
    const userId = `${principalId}:${name}`;
    return { principal, policyPrincipal: { arn: text, account, kind: "assumed-role", roleArn, userId } };
  }
  const identity = identityArn.exec(text);
  if (identity === null) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      member: "principal",
      reason:
        "principal must be the ARN of an account's root, a user, a role or a session of a role, or a service such as s3.amazonaws.com.",
    });
  }
  const [, account = "", kind] = identity;
  const principal = await findIdentity(core, text, account, kind === "role" ? "role" : "user");
  const { arn, kind: found, principalId: userId } = principal;
  return { principal, policyPrincipal: { arn, account, kind: found === "vault" ? "user" : found, userId } };
}

function serviceCaller(name: string): SimulatedCaller {
  return {
    principal: { arn: name, account: "", kind: "role", name, principalId: name, identityPolicies: [] },
    policyPrincipal: { arn: name, account: "", kind: "service", serviceName: name },
  };
}

async function findIdentity(core: Core, arn: string, account: string, kind: "user" | "role"): Promise<Principal> {
  const found = await core.identities.findPrincipal(arn, account);
  if (found !== undefined) return found;
  if (account === core.account) throw ServiceError.of("NotFound", { resource: "principal", id: arn });
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  return { arn, account, kind, name, principalId: "", identityPolicies: [] };
}

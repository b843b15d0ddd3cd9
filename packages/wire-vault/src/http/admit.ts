import {
  admittedByAcl,
  type Core,
  type Principal,
  type RequestContext,
  ServiceError,
  type TokenRecord,
  type VaultAccess,
} from "@coffer/service";
import type { VaultOperation } from "./call.ts";
import { Fields } from "./fields.ts";

/** What a request asks of ACL policies. */
export interface AclQuestion {
  /** Below `/v1/`; a list ends in a slash. */
  readonly path: string;
  /** The path as it is kept, where case or space of a name do not count. */
  readonly foldedPath: string | undefined;
  readonly operation: VaultOperation | "create";
  /** Whether the path needs `sudo` too. */
  readonly sudo: boolean;
  readonly fields: Fields;
  /** How long the answer is to be wrapped; undefined when it is not. */
  readonly wrapTtlSeconds: number | undefined;
  readonly nowMs: number;
}

/** What came of asking. */
export interface Admission {
  readonly allowed: boolean;
  /** What operations run with; when not `allowed`, what the refusal is recorded with. */
  readonly context: RequestContext;
  /** The parameters, as policies leave them: the size of a list's pages may not be the caller's to choose. */
  readonly fields: Fields;
}

/**
 * Lets a request in: asks the ACL policies of a token that the Vault API made. For IAM principals the operation itself asks
 * theirs.
 */
export async function admit(core: Core, context: RequestContext, question: AclQuestion): Promise<Admission> {
  const { principal } = context;
  const { path, foldedPath, operation, sudo, fields } = question;
  const capability = sudo ? "sudo" : operation;
  if (principal.kind !== "vault" || principal.token === undefined) {
    // IAM policies know one spelling.
    return { allowed: true, context: { ...context, vault: { path: foldedPath ?? path, capability } }, fields };
  }
  const { access, limit } = await decide(core, principal.token, question, capability);
  const asked = { ...context, vault: access };
  if (access.decision?.allowed !== true) return { allowed: false, context: asked, fields };
  const admitted = limit === undefined ? fields : new Fields({ ...fields.values, limit });
  return { allowed: true, context: { ...asked, principal: admittedByAcl(principal) }, fields: admitted };
}

async function decide(
  core: Core,
  token: TokenRecord,
  { path, foldedPath, operation, sudo, fields, wrapTtlSeconds, nowMs }: AclQuestion,
  capability: VaultAccess["capability"],
): Promise<{ readonly access: VaultAccess; readonly limit: number | undefined }> {
  const found = core.vaultAcls.of(token);
  const acl = found instanceof Promise ? await found : found;
  const decision = acl.decide({
    path,
    operation,
    parameters: fields.values,
    nowMs,
    ...(foldedPath === undefined ? {} : { foldedPath }),
    ...(wrapTtlSeconds === undefined ? {} : { wrapTtlSeconds }),
  });
  const { parameter, rules, wanted } = decision;
  const lacksSudo = decision.allowed && sudo && !decision.sudo;
  const record = {
    path,
    capability: lacksSudo ? "sudo" : wanted,
    allowed: decision.allowed && !lacksSudo,
    reason: lacksSudo ? "capability" : decision.reason,
    ...(parameter === undefined ? {} : { parameter }),
    rules,
    policies: acl.policies,
  };
  return { access: { path, capability, decision: record }, limit: decision.limit };
}

/** The refusal of a request that was not admitted. */
export function notAdmitted({ principal, vault }: RequestContext): ServiceError {
  return ServiceError.of("AccessDenied", {
    principalArn: principal.arn,
    action: `vault:${vault?.capability}`,
    resource: vault?.path ?? "",
    basis: vault?.decision?.reason === "deny" ? "explicitDeny" : "implicitDeny",
    source: "identity",
    // OpenBao asks no policy for these, and says it without a frame.
    ...(vault?.decision?.reason === "entity" ? { reason: "permission denied" } : {}),
  });
}

/** Who calls an endpoint that needs no token. */
export function nobody(account: string): Principal {
  return {
    arn: "anonymous",
    account,
    kind: "vault",
    name: "anonymous",
    principalId: "ANONYMOUS_PRINCIPAL",
    identityPolicies: [],
  };
}

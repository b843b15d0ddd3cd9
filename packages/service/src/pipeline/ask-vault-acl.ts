import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseKeyReference } from "../model/arn.ts";
import type { RequestContext, VaultAccess } from "../model/request.ts";
import { admittedByAcl } from "../vault/vault-principal.ts";
import { locate } from "./locate.ts";
import type { KeyTarget, Operation } from "./operation.ts";

/** What an operation is below a Transit mount; `*` stands for the key's name. */
interface TransitEquivalent {
  readonly path: string;
  readonly capability: "read" | "update";
}

/**
 * What tokens of the Vault API may do outside it, by operation: what Transit does as well, no more. Deletion is not among
 * it, because Transit asks the key for `deletion_allowed` first; neither are lists, which show keys that no mount has.
 */
const equivalents: ReadonlyMap<string, TransitEquivalent> = new Map([
  ["Encrypt", { path: "encrypt/*", capability: "update" }],
  ["Decrypt", { path: "decrypt/*", capability: "update" }],
  ["GenerateDataKey", { path: "datakey/plaintext/*", capability: "update" }],
  ["DescribeKey", { path: "keys/*", capability: "read" }],
  ["RotateKeyOnDemand", { path: "keys/*/rotate", capability: "update" }],
]);

/** A request with what the ACL policies of its token said. */
export interface VaultAclAnswer {
  /** What the operation goes on with; when refused, what the refusal is recorded with. */
  readonly request: RequestContext;
  readonly refusal?: ServiceError;
}

/** Whether a token of the Vault API came through another API, whose requests its ACL policies were not asked about. */
export function needsVaultAcl({ principal, wire }: RequestContext): boolean {
  return principal.kind === "vault" && wire !== "vault";
}

/**
 * Asks the ACL policies of a token for what the operation is below a Transit mount. A key that is named by its id or ARN
 * may be used by any of its names.
 *
 * @throws ServiceError for a key that cannot be found
 */
export async function askVaultAcl<Input, Output>(
  core: Core,
  operation: Operation<Input, Output>,
  input: Input,
  request: RequestContext,
  nowMs: number,
): Promise<VaultAclAnswer> {
  const { token } = request.principal;
  const equivalent = equivalents.get(operation.name);
  const [demand] = operation.keys;
  if (token === undefined || equivalent === undefined || demand === undefined || operation.keys.length !== 1) {
    return refused(
      request,
      operation.name,
      "Transit has no such operation: use the Vault API, or an IAM principal's token.",
    );
  }
  const paths = await pathsOf(core, demand.target(input, core), equivalent, demand.action, request);
  const acl = await core.vaultAcls.of(token);
  let access: VaultAccess | undefined;
  for (const path of paths) {
    const decision = acl.decide({ path, operation: equivalent.capability, nowMs });
    const { reason, rules, parameter, wanted: capability } = decision;
    // What a rule says of Transit's parameters cannot be asked of another API's.
    const allowed = decision.allowed && decision.constrained !== true;
    const { policies } = acl;
    const record = {
      path,
      capability,
      allowed,
      reason: decision.allowed && !allowed ? "parameter" : reason,
      rules,
      policies,
    };
    access = {
      path,
      capability: equivalent.capability,
      decision: parameter === undefined ? record : { ...record, parameter },
    };
    if (allowed) return { request: { ...request, vault: access, principal: admittedByAcl(request.principal) } };
  }
  if (access === undefined) return refused(request, operation.name, "The key has no name on a Transit mount.");
  return refused({ ...request, vault: access }, `vault:${access.capability}`, undefined, access.path);
}

function refused(request: RequestContext, action: string, reason?: string, resource = "*"): VaultAclAnswer {
  if (reason !== undefined) return { request, refusal: ServiceError.of("Unsupported", { reason }) };
  const { arn: principalArn } = request.principal;
  const refusal = ServiceError.of("AccessDenied", {
    principalArn,
    action,
    resource,
    basis: "implicitDeny",
    source: "identity",
  });
  return { request, refusal };
}

/** The Transit paths of a key. */
async function pathsOf(
  core: Core,
  target: KeyTarget,
  { path }: TransitEquivalent,
  action: string,
  request: RequestContext,
): Promise<string[]> {
  if (request.region !== core.homeRegion) return [];
  const paths: string[] = [];
  for (const alias of await aliasesOf(core, target, action, request)) {
    const name = alias.slice("alias/".length);
    const slash = name.lastIndexOf("/");
    // `alias/NAME` is NAME on the mount `transit`; `alias/MOUNT/NAME` is NAME on MOUNT, where that is one.
    const mount = slash < 0 ? "transit" : name.slice(0, slash);
    const match = await core.mounts.match(mount);
    if (match?.mount.type !== "transit" || match.rest !== "") continue;
    paths.push(`${mount}/${path.replace("*", name.slice(slash + 1))}`);
  }
  return paths;
}

async function aliasesOf(
  core: Core,
  target: KeyTarget,
  action: string,
  request: RequestContext,
): Promise<readonly string[]> {
  const parsed = target.by === "reference" ? parseKeyReference(target.text) : undefined;
  if (parsed?.kind === "alias" && parsed.account === undefined && parsed.region === undefined) {
    return [parsed.name];
  }
  const { record } = await locate(core, action, target, request);
  const { account, region, keyId } = record;
  const found = await core.store.listKeyAliases(account, region, keyId, undefined, limits.aliasesPerKey.value);
  return found.map(({ name }) => name);
}

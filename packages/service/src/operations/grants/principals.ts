import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import type { GrantRecord } from "../../model/grant.ts";

const rootPattern = /^arn:aws:iam::\d{12}:root$/;
const identityPattern = /^arn:aws:iam::\d{12}:(?:user|role)\/[\x21-\x7e]+$/;
const rolePattern = /^arn:aws:sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[\w+=,.@-]{2,64}$/;
const federatedPattern = /^arn:aws:sts::\d{12}:federated-user\/[\w+=,.@-]{2,32}$/;
const servicePattern = /^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+){2,}$/;

/** Whom a grant names. */
export interface GrantPrincipal {
  /** An ARN, or the name of a service. */
  readonly name: string;
  /** The unique id behind a user, a role, or the role of a session. */
  readonly id?: string;
}

/** Whether a name in a grant is that of a service, not of a principal. */
export function isServiceName(name: string): boolean {
  return !name.startsWith("arn:");
}

const principalPatterns = [rootPattern, identityPattern, rolePattern, federatedPattern];

/**
 * The account of a principal's ARN.
 *
 * @throws ServiceError InvalidInput kind `arn` for what is none
 */
export function accountOf(arn: string): string {
  if (!principalPatterns.some((pattern) => pattern.test(arn))) refusePrincipal(arn);
  return arn.split(":")[4] ?? "";
}

function refusePrincipal(arn: string): never {
  // AWS's words, as AWS Lambda hands them on (seen in public reports, 2018 to 2024).
  const reason = `ARN does not refer to a valid principal: ${arn}`;
  throw ServiceError.of("InvalidInput", { kind: "arn", reason });
}

/**
 * A principal that a grant is to name, with the unique id that it has now.
 *
 * @throws ServiceError InvalidInput kind `arn` for a malformed ARN, and for a user or role that there is not. In dev mode,
 * where nobody has to be made, and of accounts of which nobody is known here, any will do
 */
export async function resolvePrincipal(core: Core, arn: string, keyAccount: string): Promise<GrantPrincipal> {
  if (rootPattern.test(arn) || federatedPattern.test(arn)) return { name: arn };
  const session = rolePattern.exec(arn);
  if (session !== null) {
    // A session's ARN lacks its role's path, so a role with one is not found, and the name alone counts.
    const role = await core.store.get("principals", { arn: `arn:aws:iam::${session[1]}:role/${session[2]}` });
    return role === undefined ? { name: arn } : { name: arn, id: role.principalId };
  }
  if (!identityPattern.test(arn)) refusePrincipal(arn);
  const principal = await core.store.get("principals", { arn });
  if (principal !== undefined) return { name: arn, id: principal.principalId };
  return core.identities.dev || !(await isHeld(core, accountOf(arn), keyAccount))
    ? { name: arn }
    : refusePrincipal(arn);
}

/** Whether an account has its users and roles here. */
async function isHeld(core: Core, account: string, keyAccount: string): Promise<boolean> {
  if (account === core.account || account === keyAccount) return true;
  return (await core.store.listPrincipals(account, undefined, 1)).length > 0;
}

/** @throws ServiceError InvalidInput for what cannot be a service */
export function parseService(name: string): GrantPrincipal {
  if (!servicePattern.test(name)) refusePrincipal(name);
  return { name };
}

/**
 * The grants with the unique id in place of a user or role that is gone, as AWS KMS shows them.
 *
 * @param grants one page
 */
export async function showPrincipals(core: Core, grants: readonly GrantRecord[]): Promise<readonly GrantRecord[]> {
  const ids = new Map<string, string | undefined>();
  const shown = async (arn: string, id: string): Promise<string> => {
    if (!identityPattern.test(arn)) return arn;
    if (!ids.has(arn)) ids.set(arn, (await core.store.get("principals", { arn }))?.principalId);
    return ids.get(arn) === id ? arn : id;
  };
  const pages: GrantRecord[] = [];
  for (const grant of grants) {
    const { grantee, granteeId, retiring, retiringId } = grant;
    pages.push({
      ...grant,
      ...(granteeId === undefined ? {} : { grantee: await shown(grantee, granteeId) }),
      ...(retiring === undefined || retiringId === undefined ? {} : { retiring: await shown(retiring, retiringId) }),
    });
  }
  return pages;
}

import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { rootArn } from "../../model/arn.ts";
import type { PrincipalRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Write } from "../../ports/store.ts";

/** The setting that tells that the account root got its credentials. */
export const rootCredentialSetting = "rootCredential";

/** @throws ServiceError NotFound unless `arn` is a user or role of the caller's account */
export async function findOwnPrincipal(core: Core, arn: string, request: RequestContext): Promise<PrincipalRecord> {
  const stored = await core.store.get("principals", { arn });
  if (stored !== undefined && stored.account === request.principal.account) return stored;
  throw ServiceError.of("NotFound", { resource: "principal", id: arn });
}

/** @throws ServiceError NotFound unless `arn` is a user or role of the caller's account, or its root */
export async function checkOwnPrincipal(core: Core, arn: string, request: RequestContext): Promise<void> {
  if (arn !== rootArn(request.principal.account)) await findOwnPrincipal(core, arn, request);
}

/**
 * The write that goes with each credential or policy that a principal gets. The principal's revision counts them: two at
 * once keep to its limits, and none comes to a principal that is being deleted, to serve a later one of that name. The
 * account root has no record of its own; a setting stands for it.
 *
 * @throws ServiceError NotFound unless `arn` is a user or role of the caller's account, or its root
 */
export async function principalChanged(core: Core, arn: string, request: RequestContext): Promise<Write[]> {
  if (arn !== rootArn(request.principal.account)) {
    const principal = await findOwnPrincipal(core, arn, request);
    return [{ op: "update", table: "principals", row: { ...principal, revision: principal.revision + 1 } }];
  }
  const setting = await core.store.get("settings", { name: rootCredentialSetting });
  if (setting === undefined) return [];
  return [{ op: "update", table: "settings", row: { ...setting, revision: setting.revision + 1 } }];
}

/**
 * Nobody but the account root makes or takes away credentials of the account root: no policy binds their holder (IAM:
 * root user).
 *
 * @throws ServiceError AccessDenied
 */
export function refuseRootCredential(request: RequestContext, action: string, arn: string): void {
  const { principal } = request;
  if (principal.kind === "root" || arn !== rootArn(principal.account)) return;
  throw ServiceError.of("AccessDenied", {
    principalArn: principal.arn,
    action,
    resource: arn,
    basis: "explicitDeny",
    source: "resource",
  });
}

import type { PolicyPrincipal, PolicyRequest } from "./types.ts";

/**
 * The condition keys that follow from who asks (IAM User Guide, "AWS global condition context keys" and "Principal key
 * values"). A request's own context comes before them.
 */
const principalKeys: ReadonlyMap<string, (principal: PolicyPrincipal) => string | undefined> = new Map<
  string,
  (principal: PolicyPrincipal) => string | undefined
>([
  // For a session it is the role that was assumed, not the session.
  [
    "aws:principalarn",
    (principal) => (principal.kind === "service" ? undefined : (principal.roleArn ?? principal.arn)),
  ],
  ["aws:principalaccount", (principal) => (principal.kind === "service" ? undefined : principal.account)],
  ["aws:principaltype", (principal) => principalTypes.get(principal.kind)],
  ["aws:userid", (principal) => (principal.kind === "root" ? principal.account : principal.userId)],
  ["aws:username", (principal) => (principal.kind === "user" ? nameOf(principal.arn) : undefined)],
  ["aws:principalisawsservice", (principal) => String(principal.kind === "service")],
  ["aws:principalservicename", (principal) => principal.serviceName],
]);

const principalTypes: ReadonlyMap<PolicyPrincipal["kind"], string> = new Map([
  ["root", "Account"],
  ["user", "User"],
  ["role", "AssumedRole"],
  ["assumed-role", "AssumedRole"],
]);

/** A user's friendly name: the ARN past its last slash, without the path. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

/** The values of a condition key, undefined when the request has none. `key` is in lower case. */
export function valuesOf(request: PolicyRequest, key: string): readonly string[] | undefined {
  const values = request.context.get(key);
  if (values !== undefined) return values.length === 0 ? undefined : values;
  const value = principalKeys.get(key)?.(request.principal);
  return value === undefined ? undefined : [value];
}

/** The value that a policy variable stands for: a key with several values is none (IAM User Guide, "Variables"). */
export function singleValueOf(request: PolicyRequest, key: string): string | undefined {
  const values = valuesOf(request, key);
  return values?.length === 1 ? values[0] : undefined;
}

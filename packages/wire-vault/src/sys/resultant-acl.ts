import { getCallerIdentity } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";

function parametersOf(values: ReadonlyMap<string, unknown> | undefined) {
  return values === undefined || values.size === 0 ? undefined : Object.fromEntries(values);
}

/** Vault API: sys/internal/ui/resultant-acl, what a token's policies come to. IAM principals have none. */
export const resultantAclRoute: RouteHandler = async (call) => {
  const { kind, token } = await call.execute(getCallerIdentity, null, "ResultantAcl");
  if (kind === "root") return ok('{"root":true}');
  const acl = token?.vault === undefined ? undefined : await call.core.vaultAcls.of(token);
  if (acl?.root === true) return ok('{"root":true}');
  const paths = { exact: new Map<string, unknown>(), glob: new Map<string, unknown>() };
  for (const rule of acl?.resultantRules(call.core.clock.nowMs()) ?? []) {
    (rule.isPrefix ? paths.glob : paths.exact).set(rule.path, {
      capabilities: rule.capabilities,
      allowed_parameters: parametersOf(rule.allowedParameters),
      denied_parameters: parametersOf(rule.deniedParameters),
      required_parameters: rule.requiredParameters.length === 0 ? undefined : rule.requiredParameters,
      min_wrapping_ttl: rule.minWrappingTtlSeconds || undefined,
      max_wrapping_ttl: rule.maxWrappingTtlSeconds || undefined,
    });
  }
  const data = {
    exact_paths: Object.fromEntries(paths.exact),
    glob_paths: Object.fromEntries(paths.glob),
    root: false,
  };
  return ok(JSON.stringify(data));
};

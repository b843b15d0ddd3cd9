import { getCallerIdentity, ServiceError } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { vaultLimits } from "../limits.ts";

/**
 * Vault API: sys/capabilities-self. The account root can do everything. For others the answer would have to turn IAM
 * policies into path capabilities, which this release does not.
 */
export const capabilitiesRoute: RouteHandler = async (call) => {
  const paths = call.fields.texts("paths");
  const asked = paths.length === 0 ? call.fields.texts("path") : paths;
  const max = vaultLimits.capabilityPaths.value;
  if (asked.length === 0 || asked.length > max) {
    throw ServiceError.of("InvalidInput", {
      kind: "validation",
      reason: asked.length === 0 ? "paths must be supplied" : `at most ${max} paths may be supplied`,
    });
  }
  const principal = await call.execute(getCallerIdentity, null, "CapabilitiesSelf");
  if (principal.kind !== "root") {
    throw ServiceError.of("Unsupported", {
      reason: "the capabilities of a token that is not the root's cannot be told: its IAM policies decide each request",
    });
  }
  const unique = new Set(asked);
  const rows = [...unique].map((path) => `${JSON.stringify(path)}:["root"]`);
  if (unique.size === 1 && !unique.has("capabilities")) rows.push('"capabilities":["root"]');
  return { ...ok(`{${rows.join(",")}}`), repeated: true };
};

import { type CapabilitiesSubject, type PathCapabilitiesOutput, pathCapabilities, ServiceError } from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { ok, type VaultResult } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { vaultLimits } from "../limits.ts";

/** Vault API: sys/capabilities-self, sys/capabilities and sys/capabilities-accessor. */
export const capabilitiesRoutes: readonly Route[] = [
  {
    pattern: "capabilities-self",
    fields: ["path", "paths", "token"],
    operations: { update: (call) => answer(call, { by: "self" }) },
  },
  { pattern: "capabilities", fields: ["path", "paths", "token"], operations: { update: ofToken } },
  { pattern: "capabilities-accessor", fields: ["accessor", "path", "paths"], operations: { update: ofAccessor } },
];

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

async function ofToken(call: VaultCall): Promise<VaultResult> {
  const token = call.fields.text("token") ?? "";
  if (token === "") refuse("1 error occurred:\n\t* no token found\n\n");
  return answer(call, { by: "token", token });
}

async function ofAccessor(call: VaultCall): Promise<VaultResult> {
  const accessor = call.fields.text("accessor") ?? "";
  if (accessor === "") refuse("missing accessor");
  return answer(call, { by: "accessor", accessor });
}

async function answer(call: VaultCall, subject: CapabilitiesSubject): Promise<VaultResult> {
  const paths = call.fields.texts("paths");
  const asked = paths.length === 0 ? call.fields.texts("path") : paths;
  const max = vaultLimits.capabilityPaths.value;
  if (asked.length === 0) refuse("paths must be supplied");
  if (asked.length > max) refuse(`at most ${max} paths may be supplied`);
  const found = await call.execute(pathCapabilities, { subject, paths: asked });
  return { ...ok(describe(found)), repeated: true };
}

function describe({ paths }: PathCapabilitiesOutput): string {
  const rows = paths.map(({ path, capabilities }) => `${JSON.stringify(path)}:${JSON.stringify(capabilities)}`);
  const [first] = paths;
  // For one path the answer has it twice, as before there were several.
  if (first !== undefined && paths.length === 1 && first.path !== "capabilities") {
    rows.push(`"capabilities":${JSON.stringify(first.capabilities)}`);
  }
  return `{${rows.join(",")}}`;
}

import { readSecret } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { missing, namedSecret, readVersion } from "./data.ts";
import { versionInfo } from "./versions.ts";

/** The names in a secret without their values: null in their place, also for what lies deeper than `maxDepth` (0: nothing). */
function withoutValues(value: object, maxDepth: number, depth: number): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => {
      const isFull = typeof member === "object" && member !== null && !Array.isArray(member);
      const goesOn = isFull && Object.keys(member).length > 0 && (maxDepth === 0 || depth < maxDepth);
      return [name, goesOn ? withoutValues(member, maxDepth, depth + 1) : null];
    }),
  );
}

/** Vault API: KV v2, read secret subkeys. */
export const readSubkeysRoute: RouteHandler = async (call) => {
  const maxDepth = call.fields.integer("depth") ?? 0;
  const input = { ...namedSecret(call), version: readVersion(call) };
  const found = await call.execute(readSecret, input, "ReadSecretSubkeys");
  if (found === undefined) return missing;
  const { data, version } = found;
  const subkeys = data === undefined ? null : withoutValues(data, maxDepth, 1);
  return { ...ok(JSON.stringify({ metadata: versionInfo(version), subkeys })), status: data === undefined ? 404 : 200 };
};

import { findImportHash, ServiceError, wrapForExport } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { keyExistsByName, type NamedKey, namedKey } from "./key-name.ts";
import { keyProblem } from "./key-problems.ts";

async function missing(call: VaultCall, source: NamedKey, destination: NamedKey): Promise<string> {
  if (!(await keyExistsByName(call, destination))) return "no such destination key to export to";
  return (await keyExistsByName(call, source)) ? "the key cannot be used" : "no such source key for export";
}

/** Vault API: Transit, securely export key. */
export const byokExportRoute: RouteHandler = async (call) => {
  const destination = namedKey(call, 0);
  const source = namedKey(call, 1);
  const hashName = call.fields.text("hash") ?? "SHA256";
  const hash = findImportHash(hashName);
  const version = call.captures[2] ?? "";
  const input = { keyId: source.alias, destinationKeyId: destination.alias, version, hash, hashName };
  try {
    const { type, versions } = await call.execute(wrapForExport, input);
    const keys = Object.fromEntries(versions.map((item) => [String(item.version), item.wrapped.toString("base64")]));
    return ok(JSON.stringify({ keys, name: source.name, type }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw keyProblem(error, source, await missing(call, source, destination));
  }
};

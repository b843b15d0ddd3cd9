import { restoreSoftDeletedKey, ServiceError, softDeleteKey, trimKey } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, type VaultResult } from "../http/envelope.ts";
import { namedKey } from "./key-name.ts";
import { isMissing, keyProblem } from "./key-problems.ts";
import { readAfterChange } from "./keys.ts";

/** Vault API: Transit, trim key. */
export const trimTransitKey: RouteHandler = async (call) => {
  const key = namedKey(call);
  const minAvailableVersion = call.fields.integer("min_available_version");
  if (minAvailableVersion === undefined) {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "missing min_available_version" });
  }
  try {
    await call.execute(trimKey, { keyId: key.alias, minAvailableVersion });
  } catch (error) {
    throw keyProblem(error, key, "invalid key name");
  }
  return readAfterChange(call, key);
};

async function change(call: VaultCall, operation: typeof softDeleteKey, warning: string): Promise<VaultResult> {
  const key = namedKey(call);
  let already = false;
  try {
    ({ already } = await call.execute(operation, { keyId: key.alias }));
  } catch (error) {
    // As the original has it: what is not there needs no deletion.
    if (isMissing(error)) return noContent;
    throw keyProblem(error, key, "");
  }
  return readAfterChange(call, key, already ? [warning] : []);
}

/** OpenBao API: Transit, soft delete key. */
export const softDeleteTransitKey: RouteHandler = (call) =>
  change(call, softDeleteKey, "key was already marked as soft deleted");

/** OpenBao API: Transit, restore soft-deleted key. */
export const restoreSoftDeleted: RouteHandler = (call) =>
  change(call, restoreSoftDeletedKey, "key was already restored");

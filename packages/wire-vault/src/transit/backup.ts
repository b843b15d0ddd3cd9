import { backUpKey, backupName, restoreTransitKey, ServiceError } from "@coffer/service";
import { base64Problem, decodeBase64 } from "../http/base64.ts";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import { aliasPrefix, checkedKeyName, type NamedKey, namedKey } from "./key-name.ts";
import { isPending, keyProblem, pendingProblem } from "./key-problems.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Vault API: Transit, back up key. */
export const backupRoute: RouteHandler = async (call) => {
  const key = namedKey(call);
  try {
    const { backup } = await call.execute(backUpKey, { keyId: key.alias, name: key.name });
    const text = backup.toString("base64");
    backup.fill(0);
    return ok(`{"backup":"${text}"}`);
  } catch (error) {
    throw keyProblem(error, key, `key ${JSON.stringify(key.name)} not found`);
  }
};

/** Vault API: Transit, restore key, under its own name or another. */
export const restoreRoute: RouteHandler = async (call) => {
  const text = call.fields.text("backup") ?? "";
  const force = call.fields.boolean("force") ?? false;
  if (text === "") refuse("'backup' must be supplied");
  const wanted = call.captures[0];
  if (wanted?.includes("/") === true) refuse("key names cannot be paths");
  const decoded = decodeBase64(text);
  if (!decoded.ok) refuse(base64Problem(decoded.index));
  const { bytes: backup } = decoded;
  try {
    const name = checkedKeyName(wanted ?? backupName(backup));
    const key: NamedKey = { name, alias: `${aliasPrefix(call.mount!.path)}${name}` };
    try {
      await call.execute(restoreTransitKey, { alias: key.alias, backup, force });
    } catch (error) {
      if (isPending(error)) throw pendingProblem(key);
      if (error instanceof ServiceError && error.code === "AlreadyExists") {
        refuse(`key ${JSON.stringify(name)} already exists`);
      }
      throw error;
    }
  } finally {
    backup.fill(0);
  }
  return noContent;
};

import { readMigration, remount } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { ok } from "../http/envelope.ts";
import { missing } from "../kv/data.ts";
import { refuse } from "./mount-config.ts";

function readPlace(call: VaultCall, name: string): string {
  const text = call.fields.text(name) ?? "";
  if (text === "") refuse("both 'from' and 'to' path must be specified as a string");
  if (text.trim() !== text) refuse(`'${name}' path cannot contain trailing whitespace`);
  return text.replace(/^\/|\/$/g, "");
}

/** Vault API: sys/remount. The move is done when the answer comes; the original only begins it then. */
export const remountRoute: RouteHandler = async (call) => {
  const from = readPlace(call, "from");
  const to = readPlace(call, "to");
  const { migrationId } = await call.execute(remount, { from, to });
  const warning = "Mount move is done; sys/remount/status tells of it for a day";
  return { ...ok(JSON.stringify({ migration_id: migrationId }), [warning]), repeated: true };
};

/** Vault API: sys/remount/status. */
export const remountStatusRoute: RouteHandler = async (call) => {
  const migrationId = call.captures[0]!;
  const found = await call.execute(readMigration, { migrationId });
  if (found === undefined) return missing;
  const info = { source_mount: found.source, status: "success", target_mount: found.target };
  return ok(JSON.stringify({ migration_id: migrationId, migration_info: info }));
};

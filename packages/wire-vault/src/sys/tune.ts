import { type MountRecord, tuneMount } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import { readOptions, readTuning, refuse } from "./mount-config.ts";
import { authMethodPath, tuneInfo } from "./mount-info.ts";
import { type MountTable, namedPath, readMount } from "./mounts.ts";

const suffix = "/tune";

/** Parameters of `tune`. */
export const tuneFields = [
  "allowed_response_headers",
  "audit_non_hmac_request_keys",
  "audit_non_hmac_response_keys",
  "default_lease_ttl",
  "description",
  "listing_visibility",
  "max_lease_ttl",
  "options",
  "passthrough_request_headers",
  "plugin_version",
  "token_type",
  "user_lockout_config",
] as const;

/** Whether a path below `sys/mounts/` or `sys/auth/` is one of `tune`. */
export function isTune(call: VaultCall): boolean {
  return call.captures[0]!.endsWith(suffix);
}

function tunedPath(call: VaultCall, table: MountTable): string {
  return namedPath(call, table).slice(0, -suffix.length);
}

/** The settings of a mount. Below `sys/mounts`, `auth/NAME` is an auth method, as in the original. */
export function readTuneRoute(table: MountTable): RouteHandler {
  return async (call) => {
    const path = tunedPath(call, table);
    const mount = await readMount(call, path);
    if (mount === undefined) refuse(`cannot fetch sysview for path ${JSON.stringify(`${path}/`)}`);
    return { ...ok(JSON.stringify(tuneInfo(mount))), repeated: true };
  };
}

/** Mounts of which only what audit devices write may be changed. */
const untunable: ReadonlySet<string> = new Set(["cubbyhole", "identity", "sys"]);
const alwaysTunable: ReadonlySet<string> = new Set(["audit_non_hmac_request_keys", "audit_non_hmac_response_keys"]);

function checkTunable(call: VaultCall, { path }: MountRecord): void {
  if (!untunable.has(path)) return;
  const refused = tuneFields.find((name) => !alwaysTunable.has(name) && call.fields.raw(name) !== undefined);
  if (refused !== undefined) refuse(`cannot tune parameter ${refused} of ${path}/`);
}

function checkTokenType(call: VaultCall, mount: MountRecord): void {
  if (call.fields.raw("token_type") === undefined) return;
  if (authMethodPath(mount) === undefined) refuse("'token_type' can only be modified on auth mounts");
  if (mount.type === "token") refuse("'token_type' cannot be set for 'token' or 'ns_token' auth mounts");
}

/** Options are the engine's: only KV has a version, and it only goes up. */
function readChangedOptions(call: VaultCall, mount: MountRecord): Readonly<Record<string, string>> | undefined {
  const options = readOptions(call.fields);
  const wanted = options?.["version"];
  if (wanted === undefined) return options;
  if (mount.type !== "kv") {
    const what = authMethodPath(mount) === undefined ? "secrets engine" : "auth method";
    refuse(`${what} "${mount.type}" does not allow setting a version`);
  }
  if (!/^[0-9]{1,9}$/.test(wanted)) refuse("unable to parse options: the version is no number");
  if (wanted !== "1" && wanted !== "2") refuse(`invalid version provided: ${Number(wanted)}`);
  const present = mount.config.options?.["version"] ?? "1";
  if (Number(wanted) < Number(present)) refuse(`cannot downgrade mount from version ${present}`);
  return options;
}

/** Changes the settings of a mount. */
export function writeTuneRoute(table: MountTable): RouteHandler {
  return async (call) => {
    const change = (mount: MountRecord) => {
      checkTunable(call, mount);
      checkTokenType(call, mount);
      if (call.fields.text("plugin_version") !== undefined) {
        refuse(`plugin not found in the catalog: ${mount.type}, by its version`);
      }
      const options = readChangedOptions(call, mount);
      const config = readTuning(call.fields, mount.type, mount.config);
      const description = call.fields.text("description");
      return { description, config: options === undefined ? config : { ...config, options } };
    };
    const { upgraded } = await call.execute(tuneMount, { path: tunedPath(call, table), change });
    if (!upgraded) return noContent;
    const warning =
      "Upgrading mount from version 1 to version 2. This mount will be unavailable for a brief period and will resume service shortly.";
    return { status: 200, data: "null", warnings: [warning] };
  };
}

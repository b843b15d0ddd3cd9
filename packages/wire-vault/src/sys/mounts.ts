import { disableMount, enableMount, listMounts, type MountRecord } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import { authMethods, type MountTypeRow, secretsEngines } from "../mount-types.ts";
import { readMountConfig, readOptions, refuse } from "./mount-config.ts";
import { authMethodPath, mountInfo } from "./mount-info.ts";

/** Secrets engines or auth methods: each has a table of mounts of its own below `sys/`. */
export interface MountTable {
  /** What the paths of its mounts have before them. */
  readonly prefix: "" | "auth/";
  readonly types: () => ReadonlyMap<string, MountTypeRow>;
  /** Types that are there already and cannot be had twice, with what is said of them. */
  readonly singletons: ReadonlyMap<string, string>;
  readonly missing: (path: string) => string;
}

const notMountable = ["cubbyhole", "identity", "system", "token"];

/** Vault API: sys/mounts. */
export const engineTable: MountTable = {
  prefix: "",
  types: () => secretsEngines,
  singletons: new Map(notMountable.map((type) => [type, `mount type of "${type}" is not mountable`])),
  missing: (path) => `No secret engine mount at ${path}/`,
};

/** Vault API: sys/auth. */
export const authTable: MountTable = {
  prefix: "auth/",
  types: () => authMethods,
  singletons: new Map([["token", "token credential backend cannot be instantiated"]]),
  missing: (path) => `No auth engine at ${path}/`,
};

/** The path that a request names, without a slash at its end. */
export function namedPath(call: VaultCall, table: MountTable): string {
  return table.prefix + capturedPath(call);
}

/** The path that a route captured, without a slash at its end. */
export function capturedPath(call: VaultCall): string {
  return call.captures[0]!.replace(/\/$/, "");
}

/** As `namedPath`, for changes: auth methods are not changed as if they were secrets engines. */
function ownPath(call: VaultCall, table: MountTable, verb: "mount" | "unmount"): string {
  const path = namedPath(call, table);
  if (table === engineTable && `${path}/`.startsWith(authTable.prefix)) refuse(`cannot ${verb} "${path}/"`);
  return path;
}

/** Lists the mounts of a table. */
export function listRoute(table: MountTable): RouteHandler {
  return async (call) => {
    const { mounts } = await call.execute(listMounts, null);
    const isAuth = table === authTable;
    const rows: [string, unknown][] = [];
    for (const mount of mounts) {
      const authPath = authMethodPath(mount);
      if ((authPath !== undefined) === isAuth) rows.push([`${authPath ?? mount.path}/`, mountInfo(mount)]);
    }
    return { ...ok(JSON.stringify(Object.fromEntries(rows))), repeated: true };
  };
}

/** The type of a new mount, and the options that its name stands for. */
function readType(fields: Fields, table: MountTable): { type: string; version: string | undefined } {
  let type = fields.text("type") ?? "";
  if (type === "") refuse("backend type must be specified as a string");
  if (type === "plugin") {
    type = fields.text("plugin_name") ?? "";
    if (type === "") refuse("plugin_name must be provided for plugin backend");
  }
  const singleton = table.singletons.get(type);
  if (singleton !== undefined) refuse(singleton);
  const versioned = /^kv-v([12])$/.exec(type);
  const known = versioned === null ? type : "kv";
  if (!table.types().has(known)) {
    refuse(`plugin not found in the catalog: ${type.replace(/[^\w.-]/g, "?").slice(0, 64)}`);
  }
  return { type: known, version: versioned?.[1] };
}

/** Enables a secrets engine or auth method (OpenBao, internal/vault/logical_system.go: `handleMount`). */
export function enableRoute(table: MountTable): RouteHandler {
  return async (call) => {
    const { fields } = call;
    const { type, version } = readType(fields, table);
    const given = readOptions(fields);
    const options = version === undefined ? given : { ...given, version };
    const wanted = options?.["version"] ?? "";
    if (wanted !== "" && type !== "kv") {
      const what = table === authTable ? "auth method" : "secrets engine";
      refuse(`${what} "${type}" does not allow setting a version`);
    }
    if (type === "kv" && !["", "1", "2"].includes(wanted)) refuse('nil backend of type "kv" returned from factory');
    const config = readMountConfig(fields, table === authTable);
    const hasOptions = options !== undefined && Object.keys(options).length > 0;
    await call.execute(enableMount, {
      path: ownPath(call, table, "mount"),
      type,
      description: fields.text("description"),
      config: hasOptions ? { ...config, options } : config,
    });
    return noContent;
  };
}

/** Disables a secrets engine or auth method. As in Vault, one that is not there is no error. */
export function disableRoute(table: MountTable): RouteHandler {
  return async (call) => {
    await call.execute(disableMount, { path: ownPath(call, table, "unmount") });
    return noContent;
  };
}

/** The mount that a path lies on, recorded as a read of it. */
export async function readMount(call: VaultCall, path: string): Promise<MountRecord | undefined> {
  const { mounts } = await call.execute(listMounts, null, "ReadMount");
  return mounts.find((mount) => mount.path === path);
}

/** A secrets engine or auth method with its settings. */
export function readRoute(table: MountTable): RouteHandler {
  return async (call) => {
    const mount = await readMount(call, namedPath(call, table));
    if (mount === undefined) refuse(table.missing(capturedPath(call)));
    return { ...ok(JSON.stringify(mountInfo(mount))), repeated: true };
  };
}

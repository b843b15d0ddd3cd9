import type { MountRecord } from "@coffer/service";
import { appRoleRoutes } from "./approle/routes.ts";
import { RouteTable } from "./http/routes.ts";
import { jwtRoutes } from "./jwt/routes.ts";
import { kubernetesRoutes } from "./kubernetes/routes.ts";
import { cubbyholeRoutes, plainKvRoutes } from "./kv/plain.ts";
import { kvRoutes } from "./kv/routes.ts";
import { transitRoutes } from "./transit/routes.ts";
import { userpassRoutes } from "./userpass/routes.ts";

/** A secrets engine or auth method that may be mounted. */
export interface MountTypeRow {
  /** The endpoints of a mount. */
  tableOf(mount: MountRecord): RouteTable;
}

function oneTable(table: RouteTable): MountTypeRow {
  return { tableOf: () => table };
}

const versionedKv = new RouteTable(kvRoutes);
const plainKv = new RouteTable(plainKvRoutes);

/** Secrets engines, by Vault's name. */
export const secretsEngines: ReadonlyMap<string, MountTypeRow> = new Map([
  ["kv", { tableOf: ({ config }) => (config.options?.["version"] === "2" ? versionedKv : plainKv) }],
  ["transit", oneTable(new RouteTable(transitRoutes))],
]);

/** Auth methods, by Vault's name; mounted below `auth/`. */
export const authMethods: ReadonlyMap<string, MountTypeRow> = new Map([
  ["approle", oneTable(new RouteTable(appRoleRoutes))],
  ["jwt", oneTable(new RouteTable(jwtRoutes))],
  ["kubernetes", oneTable(new RouteTable(kubernetesRoutes))],
  ["userpass", oneTable(new RouteTable(userpassRoutes))],
]);

/** What is mounted always and has endpoints like a mount that was enabled. */
const cubbyhole = new RouteTable(cubbyholeRoutes);

/** The endpoints of a mount. */
export function tableOfMount(mount: MountRecord): RouteTable | undefined {
  if (mount.type === "cubbyhole") return cubbyhole;
  const rows = mount.path.startsWith("auth/") ? authMethods : secretsEngines;
  return rows.get(mount.type)?.tableOf(mount);
}

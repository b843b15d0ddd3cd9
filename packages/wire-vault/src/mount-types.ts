import type { MountRecord } from "@coffer/service";
import { appRoleRoutes } from "./approle/routes.ts";
import { RouteTable } from "./http/routes.ts";
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

/** Secrets engines, by Vault's name. */
export const secretsEngines: ReadonlyMap<string, MountTypeRow> = new Map([
  ["transit", oneTable(new RouteTable(transitRoutes))],
]);

/** Auth methods, by Vault's name; mounted below `auth/`. */
export const authMethods: ReadonlyMap<string, MountTypeRow> = new Map([
  ["approle", oneTable(new RouteTable(appRoleRoutes))],
  ["userpass", oneTable(new RouteTable(userpassRoutes))],
]);

/** The endpoints of a mount. */
export function tableOfMount(mount: MountRecord): RouteTable | undefined {
  const rows = mount.path.startsWith("auth/") ? authMethods : secretsEngines;
  return rows.get(mount.type)?.tableOf(mount);
}

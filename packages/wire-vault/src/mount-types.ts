import type { MountRecord } from "@coffer/service";
import { appRoleRoutes } from "./approle/routes.ts";
import { certRoutes } from "./cert/routes.ts";
import { type Route, RouteTable } from "./http/routes.ts";
import { jwtRoutes } from "./jwt/routes.ts";
import { kubernetesRoutes } from "./kubernetes/routes.ts";
import { cubbyholeRoutes, plainKvRoutes } from "./kv/plain.ts";
import { kvRoutes, upgradingKvRoutes } from "./kv/routes.ts";
import { transitRoutes } from "./transit/routes.ts";
import { userpassRoutes } from "./userpass/routes.ts";

/** A secrets engine or auth method that may be mounted. */
export interface MountTypeRow {
  /** The endpoints of a mount. */
  tableOf(mount: MountRecord): RouteTable;
  /** Every set of endpoints that a mount may have, for the API's description. */
  readonly described: readonly DescribedRoutes[];
}

/** A set of endpoints, under the name that the API's description gives it. */
export interface DescribedRoutes {
  readonly name: string;
  /** Where it is usually mounted. */
  readonly path: string;
  readonly routes: readonly Route[];
}

function oneTable(path: string, routes: readonly Route[]): MountTypeRow {
  const table = new RouteTable(routes);
  return { tableOf: () => table, described: [{ name: path.replace("auth/", ""), path, routes }] };
}

const versionedKv = new RouteTable(kvRoutes);
const plainKv = new RouteTable(plainKvRoutes);
const upgradingKv = new RouteTable(upgradingKvRoutes);

function kvTable({ config }: MountRecord): RouteTable {
  if (config.upgrading === true) return upgradingKv;
  return config.options?.["version"] === "2" ? versionedKv : plainKv;
}

/** Secrets engines, by Vault's name. */
export const secretsEngines: ReadonlyMap<string, MountTypeRow> = new Map([
  [
    "kv",
    {
      tableOf: kvTable,
      described: [
        { name: "kv_v1", path: "kv", routes: plainKvRoutes },
        { name: "kv_v2", path: "secret", routes: kvRoutes },
      ],
    },
  ],
  ["transit", oneTable("transit", transitRoutes)],
]);

/** Auth methods, by Vault's name; mounted below `auth/`. */
export const authMethods: ReadonlyMap<string, MountTypeRow> = new Map([
  ["approle", oneTable("auth/approle", appRoleRoutes)],
  ["cert", oneTable("auth/cert", certRoutes)],
  ["jwt", oneTable("auth/jwt", jwtRoutes)],
  ["kubernetes", oneTable("auth/kubernetes", kubernetesRoutes)],
  ["userpass", oneTable("auth/userpass", userpassRoutes)],
]);

/** What is mounted always and has endpoints like a mount that was enabled. */
const cubbyhole = oneTable("cubbyhole", cubbyholeRoutes);

/** Everything that may be mounted, for the API's description. */
export const describedMounts: readonly DescribedRoutes[] = [
  cubbyhole,
  ...secretsEngines.values(),
  ...authMethods.values(),
].flatMap(({ described }) => described);

/** The endpoints of a mount. */
export function tableOfMount(mount: MountRecord): RouteTable | undefined {
  if (mount.type === "cubbyhole") return cubbyhole.tableOf(mount);
  const rows = mount.path.startsWith("auth/") ? authMethods : secretsEngines;
  return rows.get(mount.type)?.tableOf(mount);
}

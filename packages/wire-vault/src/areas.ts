import type { Core, MountRecord } from "@coffer/service";
import { RouteTable } from "./http/routes.ts";
import { identityRoutes } from "./identity/routes.ts";
import { describedMounts, tableOfMount } from "./mount-types.ts";
import { type DescribedArea, openApiRoute } from "./sys/open-api.ts";
import { sysRoutes } from "./sys/routes.ts";
import { tokenRoutes } from "./token/routes.ts";

/** A part of the path space with endpoints of its own. */
export interface Area {
  readonly table: RouteTable;
  /** Vault's name of what is mounted there. */
  readonly mountType: string;
  readonly mount: MountRecord | undefined;
  /** The path's segments below the area. */
  readonly segments: readonly string[];
}

interface BuiltIn {
  readonly table: RouteTable;
  readonly mountType: string;
}

/** Everything that there is, for its description. */
export function describedAreas(): readonly DescribedArea[] {
  return [
    { prefix: "sys", tag: "system", routes: sysRoutes },
    { prefix: "identity", tag: "identity", routes: identityRoutes },
    { prefix: "auth/token", tag: "auth", routes: tokenRoutes },
    ...describedMounts.map(({ name, path, routes }) => ({
      prefix: `{${name}_mount_path}`,
      tag: name,
      defaultPath: path,
      routes,
    })),
  ];
}

/** What is always there, by its first segments. */
const builtIns: ReadonlyMap<string, BuiltIn> = new Map([
  ["sys", { table: new RouteTable([...sysRoutes, openApiRoute(describedAreas)]), mountType: "system" }],
  ["identity", { table: new RouteTable(identityRoutes), mountType: "identity" }],
  ["auth/token", { table: new RouteTable(tokenRoutes), mountType: "token" }],
]);

/**
 * The area of a path: a built-in one, or a mount.
 *
 * @param text the path below `/v1/`
 * @returns undefined when nothing is mounted there
 */
export async function findArea(core: Core, text: string, segments: readonly string[]): Promise<Area | undefined> {
  const depth = segments[0] === "auth" ? 2 : 1;
  const builtIn = builtIns.get(segments.slice(0, depth).join("/"));
  if (builtIn !== undefined) return { ...builtIn, mount: undefined, segments: segments.slice(depth) };
  const found = core.mounts.match(text);
  const match = found instanceof Promise ? await found : found;
  if (match === undefined) return undefined;
  const { mount, rest } = match;
  const table = tableOfMount(mount);
  return table && { table, mountType: mount.type, mount, segments: rest === "" ? [] : rest.split("/") };
}

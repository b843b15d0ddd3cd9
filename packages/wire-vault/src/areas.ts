import { type Core, type MountRecord, ServiceError } from "@coffer/service";
import { RouteTable } from "./http/routes.ts";
import { sysRoutes, tokenRoutes } from "./sys/routes.ts";
import { transitRoutes } from "./transit/routes.ts";

const sysTable = new RouteTable(sysRoutes);
const tokenTable = new RouteTable(tokenRoutes);
const transitTable = new RouteTable(transitRoutes);

/** A part of the path space with endpoints of its own. */
export interface Area {
  readonly table: RouteTable;
  /** Vault's name of what is mounted there. */
  readonly mountType: string;
  readonly mount: MountRecord | undefined;
  /** The path's segments below the area. */
  readonly segments: readonly string[];
}

/**
 * The area of a path: `sys/`, `auth/token/`, or a mount.
 *
 * @param text the path below `/v1/`
 * @throws ServiceError NotFound resource `mount`
 */
export async function findArea(core: Core, text: string, segments: readonly string[]): Promise<Area> {
  if (segments[0] === "sys") {
    return { table: sysTable, mountType: "system", mount: undefined, segments: segments.slice(1) };
  }
  if (segments[0] === "auth" && segments[1] === "token") {
    return { table: tokenTable, mountType: "token", mount: undefined, segments: segments.slice(2) };
  }
  const found = core.mounts.match(text);
  const match = found instanceof Promise ? await found : found;
  if (match === undefined) throw ServiceError.of("NotFound", { resource: "mount", id: text });
  const { mount, rest } = match;
  return { table: transitTable, mountType: mount.type, mount, segments: rest === "" ? [] : rest.split("/") };
}

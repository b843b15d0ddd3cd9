import { cubbyholeArea, cubbyholeSecrets, plainSecrets, plainSecretsArea } from "@coffer/service";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import { Fields } from "../http/fields.ts";
import type { Route, RoutePath } from "../http/routes.ts";
import { systemLeaseTtlSeconds } from "../sys/mount-info.ts";
import { missing, namedSecret, refuse } from "./data.ts";
import { listed, readList } from "./metadata.ts";

type PlainOperations = typeof plainSecrets;

/** How long a reader may keep a secret: what it says itself, else what its mount says. */
function leaseOf(data: Readonly<Record<string, unknown>>, mountSeconds: number | undefined): number {
  const own = new Fields(data);
  const name = own.has("ttl") ? "ttl" : "lease";
  try {
    return own.seconds(name) ?? (mountSeconds || systemLeaseTtlSeconds);
  } catch {
    return mountSeconds || systemLeaseTtlSeconds;
  }
}

/** The endpoints of secrets without versions: every path is one. */
function plainRoutes(
  { read, write, delete: remove, list }: PlainOperations,
  exists: (path: RoutePath) => Promise<boolean>,
  leased: boolean,
): readonly Route[] {
  const readRoute: RouteHandler = async (call) => {
    const data = await call.execute(read, namedSecret(call));
    if (data === undefined) return missing;
    const leaseDuration = leased ? leaseOf(data, call.mount!.config.defaultLeaseTtl) : 0;
    return { ...ok(JSON.stringify(data)), leaseDuration };
  };
  const writeRoute: RouteHandler = async (call) => {
    const secret = namedSecret(call);
    if (secret.path === "") refuse("missing path");
    if (call.fields.names().length === 0) refuse("missing data fields");
    await call.execute(write, { ...secret, data: call.fields.values });
    return noContent;
  };
  const deleteRoute: RouteHandler = async (call) => {
    await call.execute(remove, namedSecret(call));
    return noContent;
  };
  const listRoute =
    (deep: boolean): RouteHandler =>
    async (call) => {
      const { names, more } = await call.execute(list, readList(call, deep));
      return listed(names, more);
    };
  return [
    {
      pattern: "*",
      fields: [],
      operations: {
        read: readRoute,
        update: writeRoute,
        delete: deleteRoute,
        list: listRoute(false),
        scan: listRoute(true),
      },
      slash: true,
      anyFields: true,
      exists,
    },
  ];
}

/** The endpoints of a mount of KV version 1 (OpenBao, builtin/logical/kv/passthrough.go). */
export const plainKvRoutes = plainRoutes(
  plainSecrets,
  async ({ core, mount, captures }) =>
    (await core.vaultEntries.get(plainSecretsArea(mount!), captures[0]!)) !== undefined,
  true,
);

/** The endpoints of `cubbyhole/` (OpenBao, internal/vault/logical_cubbyhole.go). */
export const cubbyholeRoutes = plainRoutes(
  cubbyholeSecrets,
  async ({ core, token, captures }) =>
    token !== undefined && (await core.vaultEntries.get(cubbyholeArea(token.digest), captures[0]!)) !== undefined,
  false,
);

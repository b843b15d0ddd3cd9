import { describeVaultApi } from "@coffer/service";
import type { VaultOperation } from "../http/call.ts";
import type { Route } from "../http/routes.ts";

/** Endpoints below one path, for the description. */
export interface DescribedArea {
  /** Such as `sys`, or `{transit_mount_path}` for what may be mounted anywhere. */
  readonly prefix: string;
  /** Where it is mounted unless told otherwise; absent for what cannot be moved. */
  readonly defaultPath?: string;
  readonly tag: string;
  readonly routes: readonly Route[];
}

const methods: ReadonlyMap<VaultOperation, "get" | "post" | "patch" | "delete"> = new Map([
  ["read", "get"],
  ["list", "get"],
  ["scan", "get"],
  ["update", "post"],
  ["patch", "patch"],
  ["delete", "delete"],
]);
const withBody: ReadonlySet<VaultOperation> = new Set(["update", "patch"]);

/** A route's path as OpenAPI writes it, with the names of its parameters. */
function pathOf({ pattern }: Route): { readonly path: string; readonly names: readonly string[] } {
  const names: string[] = [];
  const segments = pattern.split("/").map((segment) => {
    if (!segment.startsWith(":") && segment !== "*") return segment;
    const plain = segment === "*" ? "path" : segment.slice(1);
    const taken = names.filter((name) => name.startsWith(plain)).length;
    const name = taken === 0 ? plain : `${plain}${taken + 1}`;
    names.push(name);
    return `{${name}}`;
  });
  return { path: segments.join("/"), names };
}

function parameter(name: string, more: object = {}): object {
  return { name, in: "path", required: true, schema: { type: "string", ...more } };
}

function operationOf(area: DescribedArea, route: Route, operation: VaultOperation): object {
  const properties = Object.fromEntries(route.fields.map((name) => [name, {}]));
  const inQuery = route.fields.map((name) => ({ name, in: "query", schema: {} }));
  const list = {
    name: "list",
    in: "query",
    required: operation === "list",
    schema: { type: "string", enum: ["true"] },
  };
  const query = withBody.has(operation)
    ? []
    : [...(operation === "list" || operation === "scan" ? [list] : []), ...inQuery];
  const body = { content: { "application/json": { schema: { type: "object", properties } } } };
  return {
    tags: [area.tag],
    ...(query.length === 0 ? {} : { parameters: query }),
    ...(withBody.has(operation) && route.fields.length > 0 ? { requestBody: body } : {}),
    responses: { "200": { description: "OK" } },
  };
}

function itemOf(area: DescribedArea, route: Route, names: readonly string[]): object {
  const mount =
    area.defaultPath === undefined ? [] : [parameter(area.prefix.slice(1, -1), { default: area.defaultPath })];
  const parameters = [...mount, ...names.map((name) => parameter(name))];
  const operations = Object.keys(route.operations) as VaultOperation[];
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.sudo === undefined ? {} : { "x-vault-sudo": true }),
    ...(route.open === undefined ? {} : { "x-vault-unauthenticated": true }),
    ...(route.exists === undefined ? {} : { "x-vault-createSupported": true }),
    ...Object.fromEntries(operations.map((name) => [methods.get(name)!, operationOf(area, route, name)])),
  };
}

/** The description of the endpoints (OpenAPI 3.0.2, as the original's). A path of two routes has the operations of both. */
export function describeAreas(areas: readonly DescribedArea[]): string {
  const paths: Record<string, object> = {};
  for (const area of areas) {
    for (const route of area.routes) {
      const { path, names } = pathOf(route);
      const name = `/${area.prefix}/${path}`;
      paths[name] = { ...paths[name], ...itemOf(area, route, names) };
    }
  }
  const info = { title: "Coffer: the Vault API", version: "v1", license: { name: "Apache-2.0" } };
  const sorted = Object.fromEntries(Object.entries(paths).sort(([left], [right]) => (left < right ? -1 : 1)));
  return JSON.stringify({ openapi: "3.0.2", info, paths: sorted });
}

/**
 * Vault API: sys/internal/specs/openapi. Engines are described once, under the path that they are usually mounted at, so
 * that nothing is told of this server: as in the original, no token is needed.
 */
export function openApiRoute(areas: () => readonly DescribedArea[]): Route {
  return {
    pattern: "internal/specs/openapi",
    fields: ["context", "generic_mount_paths"],
    operations: {
      read: async (call) => {
        await call.execute(describeVaultApi, null);
        return { status: 200, document: describeAreas(areas()) };
      },
    },
    open: ["read"],
  };
}

import { type AppRole, type AppRoleChanges, ServiceError, writeAppRole } from "@coffer/service";
import { readTexts, readTokenChanges } from "../auth/token-fields.ts";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { Route } from "../http/routes.ts";
import { namedRole, orNull, readRenamedFields, readRole, roleExists } from "./role.ts";

/** One parameter of a role that has a path of its own. */
interface RolePart {
  readonly path: string;
  readonly fields: readonly string[];
  /** The name that the refusal of a write without it gives. */
  readonly wanted: string;
  readonly show: (role: AppRole) => Readonly<Record<string, unknown>>;
  readonly read: (fields: Fields) => AppRoleChanges;
  /** What deleting it sets. */
  readonly initial?: AppRoleChanges;
  /** Said with each reading. */
  readonly warning?: string;
}

const oldCidrs =
  'The "bound_cidr_list" field is deprecated and will be removed. Please use "secret_id_bound_cidrs" instead.';

/** OpenBao, internal/builtin/credential/approle/path_role.go. */
const parts: readonly RolePart[] = [
  {
    path: "policies",
    fields: ["policies", "token_policies"],
    wanted: "token_policies",
    show: ({ policies, token }) => ({
      ...(policies?.length ? { policies } : {}),
      token_policies: token.policies,
    }),
    read: (fields) => readRenamedFields(fields, readTokenChanges(fields)),
    initial: { token: { policies: [] }, policies: null },
  },
  {
    path: "bound-cidr-list",
    fields: ["bound_cidr_list"],
    wanted: "bound_cidr_list",
    show: () => ({ bound_cidr_list: null }),
    read: (fields) => ({ secretIdBoundCidrs: readTexts(fields, "bound_cidr_list") ?? [] }),
    initial: { secretIdBoundCidrs: [] },
    warning: oldCidrs,
  },
  {
    path: "secret-id-bound-cidrs",
    fields: ["secret_id_bound_cidrs"],
    wanted: "bound_cidr_list",
    show: (role) => ({ secret_id_bound_cidrs: orNull(role.secretIdBoundCidrs) }),
    read: (fields) => ({ secretIdBoundCidrs: readTexts(fields, "secret_id_bound_cidrs") ?? [] }),
    initial: { secretIdBoundCidrs: [] },
  },
  {
    path: "token-bound-cidrs",
    fields: ["token_bound_cidrs"],
    wanted: "token_bound_cidrs",
    show: ({ token }) => ({ token_bound_cidrs: orNull(token.boundCidrs) }),
    read: (fields) => ({ token: readTokenChanges(fields) }),
    initial: { token: { boundCidrs: [] } },
  },
  {
    path: "bind-secret-id",
    fields: ["bind_secret_id"],
    wanted: "bind_secret_id",
    show: (role) => ({ bind_secret_id: role.bindSecretId }),
    read: (fields) => ({ bindSecretId: fields.boolean("bind_secret_id") ?? true }),
    initial: { bindSecretId: true },
  },
  {
    path: "secret-id-num-uses",
    fields: ["secret_id_num_uses"],
    wanted: "secret_id_num_uses",
    show: (role) => ({ secret_id_num_uses: role.secretIdNumUses }),
    read: (fields) => ({ secretIdNumUses: fields.integer("secret_id_num_uses") ?? 0 }),
    initial: { secretIdNumUses: 0 },
  },
  {
    path: "secret-id-ttl",
    fields: ["secret_id_ttl"],
    wanted: "secret_id_ttl",
    show: (role) => ({ secret_id_ttl: role.secretIdTtl }),
    read: (fields) => ({ secretIdTtl: fields.seconds("secret_id_ttl") ?? 0 }),
    initial: { secretIdTtl: 0 },
  },
  {
    path: "period",
    fields: ["period", "token_period"],
    wanted: "period",
    show: ({ period, token }) => ({ ...(period ? { period } : {}), token_period: token.period }),
    read: (fields) => readRenamedFields(fields, readTokenChanges(fields)),
    initial: { token: { period: 0 }, period: null },
  },
  {
    path: "token-num-uses",
    fields: ["token_num_uses"],
    wanted: "token_num_uses",
    show: ({ token }) => ({ token_num_uses: token.numUses }),
    read: (fields) => ({ token: readTokenChanges(fields) }),
    initial: { token: { numUses: 0 } },
  },
  {
    path: "token-ttl",
    fields: ["token_ttl"],
    wanted: "token_ttl",
    show: ({ token }) => ({ token_ttl: token.ttl }),
    read: (fields) => ({ token: readTokenChanges(fields) }),
    initial: { token: { ttl: 0 } },
  },
  {
    path: "token-max-ttl",
    fields: ["token_max_ttl"],
    wanted: "token_max_ttl",
    show: ({ token }) => ({ token_max_ttl: token.maxTtl }),
    read: (fields) => ({ token: readTokenChanges(fields) }),
    initial: { token: { maxTtl: 0 } },
  },
  {
    path: "role-id",
    fields: ["role_id"],
    wanted: "role_id",
    show: ({ roleId }) => ({ role_id: roleId }),
    read: (fields) => ({ roleId: fields.text("role_id") ?? "" }),
  },
];

function readPart({ show, warning }: RolePart): RouteHandler {
  return async (call) => ok(JSON.stringify(show(await readRole(call))), warning === undefined ? [] : [warning]);
}

function writePart({ fields, wanted, read }: RolePart): RouteHandler {
  return async (call) => {
    // Only the part's own parameters count here.
    const given = call.fields.only(fields);
    if (given.names().length === 0 || given.raw(fields[0]!) === "") {
      throw ServiceError.of("InvalidInput", { kind: "validation", reason: `missing ${wanted}` });
    }
    await call.execute(writeAppRole, { ...namedRole(call), changes: read(given), mode: "update" });
    return noContent;
  };
}

function deletePart(initial: AppRoleChanges): RouteHandler {
  return async (call) => {
    try {
      await call.execute(writeAppRole, { ...namedRole(call), changes: initial, mode: "update" });
    } catch (error) {
      // Of a role that is not there, there is nothing to delete.
      if (!(error instanceof ServiceError) || error.code !== "NotFound") throw error;
    }
    return noContent;
  };
}

/** The paths below a role that are about one parameter of it. */
export const rolePartRoutes: readonly Route[] = [
  ...parts.map(
    (part): Route => ({
      pattern: `role/:name/${part.path}`,
      fields: part.fields,
      operations: {
        read: readPart(part),
        update: writePart(part),
        ...(part.initial === undefined ? {} : { delete: deletePart(part.initial) }),
      },
      exists: roleExists,
    }),
  ),
  {
    pattern: "role/:name/local-secret-ids",
    fields: [],
    operations: {
      read: async (call) => ok(JSON.stringify({ local_secret_ids: (await readRole(call)).localSecretIds })),
    },
  },
];

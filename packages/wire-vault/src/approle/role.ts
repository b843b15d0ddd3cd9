import {
  type AppRole,
  type AppRoleChanges,
  authNameExists,
  deleteAppRole,
  readAppRole,
  ServiceError,
  type TokenParamChanges,
  writeAppRole,
} from "@coffer/service";
import { present, readTexts, readTokenChanges, readTokenType, renamed, tokenData } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { RoutePath } from "../http/routes.ts";

/** The mount and role that a call's path names. */
export function namedRole(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

/** Whether the role of a path is there. */
export function roleExists({ core, mount, captures }: RoutePath): Promise<boolean> {
  return authNameExists(core, mount!, "role", captures[0]!.toLowerCase());
}

/** @throws ServiceError NotFound when there is no such role */
export async function readRole(call: VaultCall): Promise<AppRole> {
  const role = await call.execute(readAppRole, namedRole(call));
  if (role === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  return role;
}

/** The policies and the period, by either of their names. */
export function readRenamedFields(fields: Fields, token: TokenParamChanges): AppRoleChanges {
  const policies = renamed(token.policies, readTexts(fields, "policies"));
  const period = renamed(token.period, fields.seconds("period"));
  return {
    token: {
      ...token,
      ...(policies.now === undefined ? {} : { policies: policies.now }),
      ...(period.now === undefined ? {} : { period: period.now }),
    },
    ...(policies.old === undefined ? {} : { policies: policies.old }),
    ...(period.old === undefined ? {} : { period: period.old }),
  };
}

/** Vault API: auth/approle, create or update a role. */
export const writeRoleRoute: RouteHandler = async (call) => {
  const { fields } = call;
  const { warnings, ...type } = readTokenType(fields);
  const changes: AppRoleChanges = {
    ...readRenamedFields(fields, { ...readTokenChanges(fields), ...type }),
    ...present<AppRoleChanges>({
      roleId: fields.text("role_id"),
      bindSecretId: fields.boolean("bind_secret_id"),
      secretIdBoundCidrs: readTexts(fields, "secret_id_bound_cidrs") ?? readTexts(fields, "bound_cidr_list"),
      secretIdNumUses: fields.integer("secret_id_num_uses"),
      secretIdTtl: fields.seconds("secret_id_ttl"),
      localSecretIds: fields.boolean("local_secret_ids"),
    }),
  };
  await call.execute(writeAppRole, { ...namedRole(call), changes, mode: call.creates ? "create" : "update" });
  return warnings.length === 0 ? noContent : { status: 200, data: "null", warnings };
};

/** A list as Vault shows one that was never set: null. */
export function orNull(texts: readonly string[]): readonly string[] | null {
  return texts.length === 0 ? null : texts;
}

/** Vault API: auth/approle, read a role. */
export const readRoleRoute: RouteHandler = async (call) => ok(JSON.stringify(roleData(await readRole(call))));

function roleData(role: AppRole): Readonly<Record<string, unknown>> {
  return {
    bind_secret_id: role.bindSecretId,
    local_secret_ids: role.localSecretIds,
    ...(role.period ? { period: role.period } : {}),
    ...(role.policies?.length ? { policies: role.policies } : {}),
    secret_id_bound_cidrs: orNull(role.secretIdBoundCidrs),
    secret_id_num_uses: role.secretIdNumUses,
    secret_id_ttl: role.secretIdTtl,
    ...tokenData(role.token),
  };
}

/** Vault API: auth/approle, delete a role. */
export const deleteRoleRoute: RouteHandler = async (call): Promise<VaultResult> => {
  await call.execute(deleteAppRole, namedRole(call));
  return noContent;
};

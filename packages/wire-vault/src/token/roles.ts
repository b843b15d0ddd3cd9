import {
  findTokenRole,
  ServiceError,
  type TokenRole,
  type TokenRoleChanges,
  tokenRoleOperations,
} from "@coffer/service";
import { listAnswer } from "../auth/list-names.ts";
import { present, readTexts } from "../auth/token-fields.ts";
import type { RouteHandler } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { RoutePath } from "../http/routes.ts";

/** The parameters of a token role. */
export const roleFields: readonly string[] = [
  "allowed_entity_aliases",
  "allowed_policies",
  "allowed_policies_glob",
  "bound_cidrs",
  "disallowed_policies",
  "disallowed_policies_glob",
  "explicit_max_ttl",
  "orphan",
  "path_suffix",
  "period",
  "renewable",
  "token_bound_cidrs",
  "token_explicit_max_ttl",
  "token_no_default_policy",
  "token_num_uses",
  "token_period",
  "token_type",
];

/** Whether the role of a path is there. */
export async function tokenRoleExists({ core, captures }: RoutePath): Promise<boolean> {
  return (await findTokenRole(core, captures[0]!)) !== undefined;
}

/** @throws ServiceError InvalidInput */
function readChanges(fields: Fields): TokenRoleChanges {
  if (fields.values["token_type"] === null) {
    throw ServiceError.of("InvalidInput", { kind: "validation", reason: "Invalid 'token_type' value: null" });
  }
  return {
    ...present<TokenRoleChanges>({
      allowedEntityAliases: readTexts(fields, "allowed_entity_aliases"),
      allowedPolicies: readTexts(fields, "allowed_policies"),
      allowedPoliciesGlob: readTexts(fields, "allowed_policies_glob"),
      disallowedPolicies: readTexts(fields, "disallowed_policies"),
      disallowedPoliciesGlob: readTexts(fields, "disallowed_policies_glob"),
      orphan: fields.boolean("orphan"),
      renewable: fields.boolean("renewable"),
      pathSuffix: fields.text("path_suffix"),
      type: fields.text("token_type"),
      token: undefined,
      old: undefined,
    }),
    token: present<TokenRoleChanges["token"]>({
      boundCidrs: readTexts(fields, "token_bound_cidrs"),
      explicitMaxTtl: fields.seconds("token_explicit_max_ttl"),
      noDefaultPolicy: fields.boolean("token_no_default_policy"),
      numUses: fields.integer("token_num_uses"),
      period: fields.seconds("token_period"),
    }),
    old: present<TokenRoleChanges["old"]>({
      boundCidrs: readTexts(fields, "bound_cidrs"),
      explicitMaxTtl: fields.seconds("explicit_max_ttl"),
      period: fields.seconds("period"),
    }),
  };
}

/** Vault API: auth/token/roles, create or update. */
export const writeRoleRoute: RouteHandler = async (call) => {
  const warnings = await call.execute(tokenRoleOperations.write, {
    name: call.captures[0]!,
    changes: readChanges(call.fields),
  });
  return warnings.length === 0 ? noContent : { status: 200, data: "null", warnings };
};

/** Vault API: auth/token/roles, read. */
export const readRoleRoute: RouteHandler = async (call) => {
  const role = await call.execute(tokenRoleOperations.read, { name: call.captures[0]! });
  if (role === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  return ok(JSON.stringify(roleData(role)));
};

function roleData({ token, old, ...role }: TokenRole): Readonly<Record<string, unknown>> {
  return {
    allowed_entity_aliases: role.allowedEntityAliases,
    allowed_policies: role.allowedPolicies,
    allowed_policies_glob: role.allowedPoliciesGlob,
    ...(old.boundCidrs.length === 0 ? {} : { bound_cidrs: old.boundCidrs }),
    disallowed_policies: role.disallowedPolicies,
    disallowed_policies_glob: role.disallowedPoliciesGlob,
    explicit_max_ttl: old.explicitMaxTtl,
    name: role.name,
    orphan: role.orphan,
    path_suffix: role.pathSuffix,
    period: old.period,
    renewable: role.renewable,
    ...(token.boundCidrs.length === 0 ? {} : { token_bound_cidrs: token.boundCidrs }),
    token_explicit_max_ttl: token.explicitMaxTtl,
    token_no_default_policy: token.noDefaultPolicy,
    ...(token.numUses > 0 ? { token_num_uses: token.numUses } : {}),
    token_period: token.period,
    token_type: role.type,
  };
}

/** Vault API: auth/token/roles, delete. */
export const deleteRoleRoute: RouteHandler = async (call) => {
  await call.execute(tokenRoleOperations.delete, { name: call.captures[0]! });
  return noContent;
};

/** Vault API: auth/token/roles, list. */
export const listRolesRoute: RouteHandler = async (call) => {
  const after = call.fields.text("after") ?? "";
  return listAnswer(await call.execute(tokenRoleOperations.list, { after, limit: call.fields.integer("limit") ?? 0 }));
};

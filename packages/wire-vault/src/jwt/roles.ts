import {
  authNameExists,
  deleteJwtRole,
  type JwtRoleChanges,
  readJwtRole,
  ServiceError,
  writeJwtRole,
} from "@coffer/service";
import { oldTokenFieldNames, readRenamedTokenFields } from "../auth/old-token-fields.ts";
import { present, readTexts, tokenData, tokenFieldNames } from "../auth/token-fields.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import type { RoutePath } from "../http/routes.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Parameters of logins by browser: kept and shown, they mean nothing here. */
const browserFields: Readonly<Record<string, (fields: Fields, name: string) => unknown>> = {
  allowed_redirect_uris: readTexts,
  max_age: (fields, name) => fields.seconds(name),
  oauth2_metadata: readTexts,
  oidc_disable_confirmation: (fields, name) => fields.boolean(name),
  oidc_scopes: readTexts,
  poll_interval: (fields, name) => fields.integer(name),
  verbose_oidc_logging: (fields, name) => fields.boolean(name),
};

/** The parameters of a role. */
export const roleFields = [
  "bound_audiences",
  "bound_claims",
  "bound_claims_type",
  "bound_subject",
  "callback_mode",
  "claim_mappings",
  "clock_skew_leeway",
  "expiration_leeway",
  "groups_claim",
  "not_before_leeway",
  "role_type",
  "token_policies_template_claims",
  "user_claim",
  "user_claim_json_pointer",
  ...Object.keys(browserFields),
  ...oldTokenFieldNames,
  ...tokenFieldNames,
];

/** The mount and role that a call's path names. */
function namedRole(call: VaultCall) {
  return { mount: call.mount!, name: call.captures[0]! };
}

/** Whether the role of a path is there. */
export function roleExists({ core, mount, captures }: RoutePath): Promise<boolean> {
  return authNameExists(core, mount!, "role", captures[0]!.toLowerCase());
}

/** An object, also as JSON text; of texts alone where `texts` says so. */
function readObject(fields: Fields, name: string): Readonly<Record<string, unknown>> | undefined {
  const raw = fields.raw(name);
  if (raw === undefined) return undefined;
  let value: unknown = raw;
  if (typeof raw === "string") {
    try {
      value = JSON.parse(raw);
    } catch {
      return refuse(`error converting input for field ${JSON.stringify(name)}: expected a map`);
    }
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  return refuse(`error converting input for field ${JSON.stringify(name)}: expected a map`);
}

function readMappings(fields: Fields): Readonly<Record<string, string>> | undefined {
  const object = readObject(fields, "claim_mappings");
  if (object === undefined) return undefined;
  if (Object.values(object).every((value) => typeof value === "string")) return object as Record<string, string>;
  return refuse('error converting input for field "claim_mappings": expected texts');
}

/** A leeway in seconds, which may be negative: then there is none. */
function readLeeway(fields: Fields, name: string): number | undefined {
  const raw = fields.raw(name);
  const isNegative = typeof raw === "number" ? raw < 0 : typeof raw === "string" && raw.trim().startsWith("-");
  return isNegative ? -1 : fields.seconds(name);
}

function checkType(fields: Fields): void {
  const type = fields.text("role_type") || "oidc";
  if (type !== "jwt" && type !== "oidc") refuse(`invalid 'role_type': ${type}`);
  if (type === "oidc" && !readTexts(fields, "allowed_redirect_uris")?.length) {
    refuse("'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified.");
  }
  if (type === "oidc") refuse('OIDC login by browser is not supported: set role_type to "jwt"');
  const callback = fields.text("callback_mode") ?? "client";
  if (!["client", "direct", "device"].includes(callback)) refuse(`invalid 'callback_mode': ${callback}`);
  if (fields.boolean("token_policies_template_claims") === true) {
    refuse("token_policies_template_claims is not supported");
  }
}

/** Vault API: auth/jwt, create or update a role. */
export const writeRoleRoute: RouteHandler = async (call) => {
  const { fields } = call;
  checkType(fields);
  const { token, old } = readRenamedTokenFields(fields);
  const browser = Object.entries(browserFields)
    .map(([name, read]) => [name, read(fields, name)])
    .filter(([, value]) => value !== undefined);
  const changes: JwtRoleChanges = {
    ...present<Omit<JwtRoleChanges, "boundClaimsType" | "token" | "shown">>({
      boundAudiences: readTexts(fields, "bound_audiences"),
      boundSubject: fields.text("bound_subject"),
      boundClaims: readObject(fields, "bound_claims"),
      claimMappings: readMappings(fields),
      userClaim: fields.text("user_claim"),
      userClaimJsonPointer: fields.boolean("user_claim_json_pointer"),
      groupsClaim: fields.text("groups_claim"),
      expirationLeeway: readLeeway(fields, "expiration_leeway"),
      notBeforeLeeway: readLeeway(fields, "not_before_leeway"),
      clockSkewLeeway: readLeeway(fields, "clock_skew_leeway"),
    }),
    boundClaimsType: fields.text("bound_claims_type") ?? "string",
    token,
    shown: { ...Object.fromEntries(browser), callback_mode: fields.text("callback_mode") ?? "client", ...old },
  };
  await call.execute(writeJwtRole, { ...namedRole(call), changes, mode: call.creates ? "create" : "update" });
  return noContent;
};

function orNull<T extends object>(value: T): T | null {
  return Object.keys(value).length === 0 ? null : value;
}

/** Vault API: auth/jwt, read a role. */
export const readRoleRoute: RouteHandler = async (call) => {
  const role = await call.execute(readJwtRole, namedRole(call));
  if (role === undefined) throw ServiceError.of("NotFound", { resource: "operation", id: "" });
  const data = {
    allowed_redirect_uris: null,
    bound_audiences: orNull(role.boundAudiences),
    bound_claims: orNull(role.boundClaims),
    bound_claims_type: role.boundClaimsType,
    bound_subject: role.boundSubject,
    callback_mode: "client",
    claim_mappings: orNull(role.claimMappings),
    clock_skew_leeway: role.clockSkewLeeway,
    expiration_leeway: role.expirationLeeway,
    groups_claim: role.groupsClaim,
    max_age: 0,
    not_before_leeway: role.notBeforeLeeway,
    oauth2_metadata: null,
    oidc_disable_confirmation: false,
    oidc_scopes: null,
    role_type: "jwt",
    token_policies_template_claims: false,
    user_claim: role.userClaim,
    user_claim_json_pointer: role.userClaimJsonPointer,
    verbose_oidc_logging: false,
    ...role.shown,
    ...tokenData(role.token),
  };
  return ok(JSON.stringify(data));
};

/** Vault API: auth/jwt, delete a role. */
export const deleteRoleRoute: RouteHandler = async (call) => {
  await call.execute(deleteJwtRole, namedRole(call));
  return noContent;
};

import {
  createSecretId,
  destroySecretId,
  listSecretIdAccessors,
  lookUpSecretId,
  ServiceError,
  tidySecretIds,
} from "@coffer/service";
import { listAnswer } from "../auth/list-names.ts";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import { noContent, ok } from "../http/envelope.ts";
import type { Fields } from "../http/fields.ts";
import { namedRole } from "./role.ts";

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/** Pairs given as JSON text, or as `key=value` with commas between (OpenBao: `ParseArbitraryKeyValues`). */
function readMetadata(fields: Fields): Readonly<Record<string, string>> {
  const given = fields.raw("metadata");
  if (given === undefined || given === "") return {};
  const parsed = typeof given === "string" ? parseJsonObject(given) : given;
  if (parsed === undefined) return readPairs(String(given));
  const pairs = Object.entries(parsed as Readonly<Record<string, unknown>>);
  if (!pairs.every(([, value]) => typeof value === "string"))
    refuse("failed to parse metadata: values must be strings");
  return Object.fromEntries(pairs) as Record<string, string>;
}

function parseJsonObject(text: string): object | undefined {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return refuse("failed to parse metadata: failed to parse the input: invalid <key,value> format");
  }
}

function readPairs(text: string): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 1) refuse("failed to parse metadata: failed to parse the input: invalid <key,value> format");
    pairs.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return Object.fromEntries(pairs);
}

async function create(call: VaultCall, secretId: string | undefined) {
  const { fields } = call;
  const numUses = fields.integer("num_uses");
  const ttl = fields.seconds("ttl");
  const created = await call.execute(createSecretId, {
    ...namedRole(call),
    ...(secretId === undefined ? {} : { secretId }),
    metadata: readMetadata(fields),
    cidrs: fields.texts("cidr_list").filter((text) => text !== ""),
    tokenBoundCidrs: fields.texts("token_bound_cidrs").filter((text) => text !== ""),
    ...(numUses === undefined ? {} : { numUses }),
    ...(ttl === undefined ? {} : { ttl }),
  });
  const data = {
    secret_id: created.secretId,
    secret_id_accessor: created.accessor,
    secret_id_num_uses: created.numUses,
    secret_id_ttl: created.ttl,
  };
  return ok(JSON.stringify(data));
}

/** Vault API: auth/approle, generate new secret id. */
export const createSecretIdRoute: RouteHandler = (call) => create(call, undefined);

/** Vault API: auth/approle, create custom secret id. */
export const createCustomSecretIdRoute: RouteHandler = (call) => create(call, call.fields.text("secret_id") ?? "");

/** Vault API: auth/approle, list secret id accessors. */
export const listSecretIdsRoute: RouteHandler = async (call) => {
  const after = call.fields.text("after") ?? "";
  const limit = call.fields.integer("limit") ?? 0;
  const { accessors } = await call.execute(listSecretIdAccessors, { ...namedRole(call), after, limit });
  return listAnswer(accessors);
};

type Named = { readonly secretId: string } | { readonly accessor: string };

function bySecretId({ fields }: VaultCall): Named {
  const secretId = fields.text("secret_id") ?? "";
  return secretId === "" ? refuse("missing secret_id") : { secretId };
}

function byAccessor({ fields }: VaultCall): Named {
  const accessor = fields.text("secret_id_accessor") ?? "";
  return accessor === "" ? refuse("missing secret_id_accessor") : { accessor };
}

/** Go's zero time: what the original gives where there is none. */
const noTime = "0001-01-01T00:00:00Z";

function lookUp(named: (call: VaultCall) => Named): RouteHandler {
  return async (call) => {
    const found = await call.execute(lookUpSecretId, { ...namedRole(call), by: named(call) });
    if (found === undefined) return noContent;
    const { secretId, expiresAtMs } = found;
    const time = (ms: number) => new Date(ms).toISOString();
    const data = {
      cidr_list: secretId.cidrs,
      creation_time: time(secretId.createdAtMs),
      expiration_time: expiresAtMs === undefined ? noTime : time(expiresAtMs),
      last_updated_time: time(secretId.updatedAtMs),
      metadata: secretId.metadata,
      secret_id_accessor: secretId.accessor,
      secret_id_num_uses: secretId.numUses,
      secret_id_ttl: secretId.ttl,
      token_bound_cidrs: secretId.tokenBoundCidrs,
    };
    return ok(JSON.stringify(data));
  };
}

function destroy(named: (call: VaultCall) => Named): RouteHandler {
  return async (call) => {
    await call.execute(destroySecretId, { ...namedRole(call), by: named(call) });
    return noContent;
  };
}

/** Vault API: auth/approle, read secret id. */
export const lookUpSecretIdRoute = lookUp(bySecretId);
/** Vault API: auth/approle, read secret id accessor. */
export const lookUpAccessorRoute = lookUp(byAccessor);
/** Vault API: auth/approle, destroy secret id. */
export const destroySecretIdRoute = destroy(bySecretId);
/** Vault API: auth/approle, destroy secret id accessor. */
export const destroyAccessorRoute = destroy(byAccessor);

/** Vault API: auth/approle, tidy tokens. */
export const tidySecretIdsRoute: RouteHandler = async (call) => {
  await call.execute(tidySecretIds, { mount: call.mount! });
  const warning =
    "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's server logs.";
  return { status: 202, data: "null", warnings: [warning] };
};

import { createVaultToken } from "@coffer/service";
import type { RouteHandler, VaultCall } from "../http/call.ts";
import type { VaultResult } from "../http/envelope.ts";
import { pairsOf } from "../identity/pairs.ts";
import { authAnswer } from "./auth-answer.ts";

/** The parameters of every way to make a token. */
export const createFields: readonly string[] = [
  "display_name",
  "entity_alias",
  "explicit_max_ttl",
  "id",
  "lease",
  "meta",
  "no_default_policy",
  "no_parent",
  "num_uses",
  "period",
  "policies",
  "renewable",
  "ttl",
  "type",
];

async function create(call: VaultCall, where: { orphan: boolean; roleName?: string }): Promise<VaultResult> {
  const { fields } = call;
  const made = await call.execute(createVaultToken, {
    ...where,
    id: fields.text("id") ?? "",
    policies: fields.slice("policies"),
    noDefaultPolicy: fields.boolean("no_default_policy") ?? false,
    noParent: fields.boolean("no_parent") ?? false,
    ttl: fields.goSeconds((fields.text("ttl") ?? "") === "" ? "lease" : "ttl"),
    explicitMaxTtl: fields.goSeconds("explicit_max_ttl"),
    period: fields.goSeconds("period"),
    numUses: fields.integer("num_uses") ?? 0,
    renewable: fields.boolean("renewable") ?? true,
    displayName: fields.text("display_name") ?? "",
    meta: pairsOf(fields, "meta") ?? null,
    type: fields.text("type") ?? "",
    entityAlias: fields.text("entity_alias") ?? "",
  });
  return authAnswer({ ...made, ttl: made.record.vault.creationTtl });
}

/** Vault API: auth/token/create. */
export const createRoute: RouteHandler = (call) => create(call, { orphan: false });

/** Vault API: auth/token/create-orphan. */
export const createOrphanRoute: RouteHandler = (call) => create(call, { orphan: true });

/** Vault API: auth/token/create/ROLE. */
export const createByRoleRoute: RouteHandler = (call) => create(call, { orphan: false, roleName: call.captures[0]! });

import {
  deleteVaultPolicy,
  type FoundVaultPolicy,
  listVaultPolicies,
  parseVaultTime,
  readVaultPolicy,
  ServiceError,
  vaultPolicyName,
  type WriteVaultPolicyInput,
  writeVaultPolicy,
} from "@coffer/service";
import { decodeBase64 } from "../http/base64.ts";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import { type Fields, refuseField } from "../http/fields.ts";
import type { Route } from "../http/routes.ts";

const fields = [
  "allow_slashes_in_identity_templates",
  "allow_wildcards_in_identity_templates",
  "cas",
  "cas_required",
  "expiration",
  "policy",
  "ttl",
];

/** Vault API: sys/policies/acl, and sys/policy, which has the text under `rules` and the list under `policies` too. */
export const policyRoutes: readonly Route[] = [
  { pattern: "policies/acl", fields: [], operations: { list: listRoute }, slash: true },
  {
    pattern: "policies/acl/*",
    folds: "caseAndSpace",
    fields,
    operations: { list: listRoute, read: readRoute, update: writeRoute, patch: patchRoute, delete: deleteRoute },
    slash: true,
  },
  { pattern: "policies/detailed/acl", fields: [], operations: { list: listDetailedRoute }, slash: true },
  {
    pattern: "policies/detailed/acl/*",
    folds: "caseAndSpace",
    fields: [],
    operations: { list: listDetailedRoute },
    slash: true,
  },
  { pattern: "policy", fields: [], operations: { read: listLegacyRoute, list: listLegacyRoute }, slash: true },
  {
    pattern: "policy/*",
    folds: "caseAndSpace",
    fields: [...fields, "rules"],
    operations: { list: listLegacyRoute, read: readLegacyRoute, update: writeLegacyRoute, delete: deleteRoute },
    slash: true,
  },
];

function nameOf(call: VaultCall): string {
  return call.captures[0]!;
}

async function namesBelow(call: VaultCall): Promise<readonly string[]> {
  const { names } = await call.execute(listVaultPolicies, { prefix: call.captures[0] ?? "" });
  return names;
}

/** Lists that are empty are a 404 in Vault's API. */
function refuseEmpty(call: VaultCall, names: readonly string[]): void {
  if (names.length === 0) throw ServiceError.of("NotFound", { resource: "policy", id: nameOf(call) });
}

async function listRoute(call: VaultCall): Promise<VaultResult> {
  const names = await namesBelow(call);
  refuseEmpty(call, names);
  return ok(JSON.stringify({ keys: names }));
}

async function listLegacyRoute(call: VaultCall): Promise<VaultResult> {
  const names = await namesBelow(call);
  refuseEmpty(call, names);
  return { ...ok(JSON.stringify({ keys: names, policies: names })), repeated: true };
}

async function listDetailedRoute(call: VaultCall): Promise<VaultResult> {
  const names = await namesBelow(call);
  refuseEmpty(call, names);
  const infos: [string, unknown][] = [];
  for (const name of names) {
    const found = await call.execute(readVaultPolicy, { name });
    if (found !== undefined) infos.push([name, policyFacts(found)]);
  }
  return ok(JSON.stringify({ key_info: Object.fromEntries(infos), keys: names }));
}

/** A policy as Vault shows it (OpenBao, internal/vault/logical_system.go: `readPolicyResponse`). */
function policyFacts({ name, policy }: FoundVaultPolicy, textMember: "policy" | "rules" = "policy") {
  const { expiresAtMs, modifiedAtMs } = policy;
  return {
    allow_slashes_in_identity_templates: policy.allowSlashes,
    allow_wildcards_in_identity_templates: policy.allowWildcards,
    cas_required: policy.casRequired,
    ...(expiresAtMs === undefined ? {} : { expiration: new Date(expiresAtMs).toISOString() }),
    ...(modifiedAtMs === 0 ? {} : { modified: new Date(modifiedAtMs).toISOString() }),
    name,
    [textMember]: policy.text,
    version: policy.version,
  };
}

async function find(call: VaultCall): Promise<FoundVaultPolicy> {
  const name = nameOf(call);
  const found = await call.execute(readVaultPolicy, { name });
  if (found === undefined) throw ServiceError.of("NotFound", { resource: "policy", id: name });
  return found;
}

async function readRoute(call: VaultCall): Promise<VaultResult> {
  return ok(JSON.stringify(policyFacts(await find(call))));
}

async function readLegacyRoute(call: VaultCall): Promise<VaultResult> {
  return { ...ok(JSON.stringify(policyFacts(await find(call), "rules"))), repeated: true };
}

async function deleteRoute(call: VaultCall): Promise<VaultResult> {
  await call.execute(deleteVaultPolicy, { name: nameOf(call) });
  return noContent;
}

async function writeRoute(call: VaultCall): Promise<VaultResult> {
  return write(call, { text: call.fields.text("policy"), patches: false });
}

async function patchRoute(call: VaultCall): Promise<VaultResult> {
  return write(call, { text: call.fields.text("policy"), patches: true });
}

async function writeLegacyRoute(call: VaultCall): Promise<VaultResult> {
  const policy = call.fields.text("policy");
  if (policy !== undefined && policy !== "") return write(call, { text: policy, patches: false });
  const warning = "'rules' is deprecated, please use 'policy' instead";
  return write(call, { text: call.fields.text("rules"), patches: false }, [warning]);
}

async function write(
  call: VaultCall,
  { text, patches }: Pick<WriteVaultPolicyInput, "text" | "patches">,
  more: readonly string[] = [],
): Promise<VaultResult> {
  const { fields, core } = call;
  const name = nameOf(call);
  await call.execute(writeVaultPolicy, {
    name,
    text: text === undefined ? undefined : decodeIfBase64(text),
    cas: fields.integer("cas"),
    casRequired: fields.boolean("cas_required"),
    expiresAtMs: expiryOf(fields, core.clock.nowMs()),
    allowSlashes: fields.boolean("allow_slashes_in_identity_templates"),
    allowWildcards: fields.boolean("allow_wildcards_in_identity_templates"),
    patches,
  });
  const written = vaultPolicyName(name);
  const warnings = name === written ? more : [`policy name was converted to ${written}`, ...more];
  return warnings.length === 0 ? noContent : ok("null", warnings);
}

function expiryOf(fields: Fields, nowMs: number): number | undefined {
  const ttl = fields.seconds("ttl");
  const expiration = fields.raw("expiration");
  if (expiration === undefined) return ttl === undefined ? undefined : nowMs + ttl * 1000;
  if (ttl !== undefined) {
    const reason = "cannot supply both 'expiration' and 'ttl' for policies";
    throw ServiceError.of("InvalidInput", { kind: "validation", reason });
  }
  return parseVaultTime(String(expiration)) ?? refuseField("expiration", "could not parse string as date and time");
}

/** A policy may come in base64 (OpenBao, `handlePoliciesSet`); none is base64 by chance, for want of a space in it. */
export function decodeIfBase64(text: string): string {
  const decoded = text === "" ? undefined : decodeBase64(text);
  return decoded?.ok === true ? decoded.bytes.toString("utf8") : text;
}

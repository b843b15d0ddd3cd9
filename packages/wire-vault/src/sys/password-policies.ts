import {
  deletePasswordPolicy,
  generatePassword,
  listPasswordPolicies,
  readPasswordPolicy,
  ServiceError,
  writePasswordPolicy,
} from "@coffer/service";
import type { VaultCall } from "../http/call.ts";
import { noContent, ok, type VaultResult } from "../http/envelope.ts";
import type { Route } from "../http/routes.ts";
import { decodeIfBase64 } from "./policies.ts";

/** Vault API: sys/policies/password. */
export const passwordPolicyRoutes: readonly Route[] = [
  { pattern: "policies/password", fields: [], operations: { list }, slash: true },
  { pattern: "policies/password/*", fields: ["policy"], operations: { read, update: write, delete: remove } },
];

const generateSuffix = "/generate";

async function list(call: VaultCall): Promise<VaultResult> {
  const { names } = await call.execute(listPasswordPolicies, null);
  if (names.length === 0) throw ServiceError.of("NotFound", { resource: "policy", id: "" });
  return ok(JSON.stringify({ keys: names }));
}

async function read(call: VaultCall): Promise<VaultResult> {
  const name = call.captures[0]!;
  if (name.endsWith(generateSuffix)) return generate(call, name.slice(0, -generateSuffix.length));
  const { text } = await call.execute(readPasswordPolicy, { name });
  return ok(JSON.stringify({ policy: text }));
}

async function generate(call: VaultCall, name: string): Promise<VaultResult> {
  const { password } = await call.execute(generatePassword, { name });
  try {
    return ok(JSON.stringify({ password: password.toString("utf8") }));
  } finally {
    password.fill(0);
  }
}

async function write(call: VaultCall): Promise<VaultResult> {
  const text = decodeIfBase64(call.fields.text("policy") ?? "");
  await call.execute(writePasswordPolicy, { name: call.captures[0]!, text });
  return noContent;
}

async function remove(call: VaultCall): Promise<VaultResult> {
  await call.execute(deletePasswordPolicy, { name: call.captures[0]! });
  return noContent;
}

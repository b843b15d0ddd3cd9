import assert from "node:assert/strict";
import { wireRequest } from "@coffer/testkit";
import { dataOf, done } from "./auth-methods.ts";
import { openVaultTest, type VaultAnswer, type VaultTest } from "./vault-client.ts";

/** A core with shorthands for tokens. */
export interface TokenTest extends VaultTest {
  /** Calls with a token, from an address. */
  as(token: string, method: string, path: string, body?: unknown, peerAddress?: string): Promise<VaultAnswer>;
  /** Makes a token as the root, or as another one. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  make(body: object, by?: string, path?: string): Promise<any>;
  policy(name: string, text: string): Promise<void>;
  /** Whether a token still does anything. */
  works(token: string): Promise<boolean>;
}

/** Opens it. The policies `reader` and `maker` are there. */
export async function openTokenTest(): Promise<TokenTest> {
  const vault = await openVaultTest();
  const { wire, test } = vault;
  const t: TokenTest = {
    ...vault,
    async as(token, method, path, body, peerAddress = "127.0.0.1") {
      const request = wireRequest({ method, path: `/v1/${path}`, headers: { "X-Vault-Token": token }, body });
      const answer = await wire({ ...request, peerAddress });
      const text = typeof answer.body === "string" ? answer.body : Buffer.from(answer.body).toString();
      return { status: answer.status, headers: answer.headers, text, json: text === "" ? undefined : JSON.parse(text) };
    },
    async make(body, by = test.root.token, path = "auth/token/create") {
      const answer = await t.as(by, "POST", path, body);
      assert.equal(answer.status, 200, answer.text);
      return answer.json.auth;
    },
    async policy(name, text) {
      done(await vault.call("POST", `sys/policies/acl/${name}`, { policy: text }));
    },
    works: async (token) => (await t.as(token, "GET", "auth/token/lookup-self")).status === 200,
  };
  await t.policy("reader", 'path "transit/keys/*" { capabilities = ["read"] }');
  await t.policy("maker", 'path "auth/token/*" { capabilities = ["create", "update", "read", "list"] }');
  return t;
}

/** What a lookup of a token says. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export async function lookUp(t: TokenTest, token: string): Promise<any> {
  return dataOf(await t.call("POST", "auth/token/lookup", { token }));
}

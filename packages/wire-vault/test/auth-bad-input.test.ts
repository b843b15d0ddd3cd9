import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mountAuth } from "./auth-methods.ts";
import { openVaultTest } from "./vault-client.ts";

/** What no parameter is, or only some are. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  0.5,
  "",
  " ",
  "\u0000",
  "\ud800",
  "é\u0301",
  "x".repeat(5000),
  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
  "a,b,,c",
  "99999999999999999999h",
  "{",
  "[]",
  [],
  [""],
  [null],
  [[]],
  {},
  { a: { b: [] } },
  { ["__proto__"]: 1 },
  "eyJhbGciOiJSUzI1NiJ9.e30.AAAA",
];

const writes: readonly (readonly [string, readonly string[]])[] = [
  [
    "approle/role/r",
    ["role_id", "bind_secret_id", "secret_id_ttl", "policies", "token_bound_cidrs", "token_type", "period"],
  ],
  ["approle/role/known/secret-id", ["metadata", "cidr_list", "num_uses", "ttl", "token_bound_cidrs"]],
  ["approle/role/known/custom-secret-id", ["secret_id"]],
  ["approle/role/known/secret-id/lookup", ["secret_id"]],
  ["approle/role/known/secret-id-accessor/destroy", ["secret_id_accessor"]],
  ["approle/role/known/token-ttl", ["token_ttl"]],
  ["approle/login", ["role_id", "secret_id"]],
  ["userpass/users/u", ["password", "password_hash", "token_policies", "ttl", "bound_cidrs", "token_num_uses"]],
  ["userpass/login/u", ["password"]],
  [
    "jwt/config",
    [
      "jwt_validation_pubkeys",
      "jwks_url",
      "jwks_ca_pem",
      "oidc_discovery_url",
      "jwt_supported_algs",
      "provider_config",
    ],
  ],
  [
    "jwt/role/r",
    ["role_type", "user_claim", "bound_claims", "claim_mappings", "bound_audiences", "clock_skew_leeway", "max_age"],
  ],
  ["jwt/login", ["role", "jwt"]],
  ["kubernetes/config", ["kubernetes_host", "kubernetes_ca_cert", "pem_keys", "token_reviewer_jwt"]],
  [
    "kubernetes/role/r",
    ["bound_service_account_names", "bound_service_account_namespace_selector", "alias_name_source", "audience"],
  ],
  ["kubernetes/login", ["role", "jwt"]],
  ["cert/certs/c", ["certificate", "allowed_names", "required_extensions", "display_name", "ocsp_enabled"]],
  ["cert/login", ["name"]],
];

/** What each write needs besides, so that one odd parameter is met on its own. */
const sound: Readonly<Record<string, object>> = {
  "jwt/role/r": { role_type: "jwt", user_claim: "sub", bound_subject: "x" },
  "kubernetes/config": { kubernetes_host: "https://k8s.example" },
  "kubernetes/role/r": { bound_service_account_names: "a", bound_service_account_namespaces: "b" },
  "userpass/users/u": { password: "pw" },
};

describe("auth methods", () => {
  it("answer whatever they are asked, and nothing is a bug", async () => {
    const t = await openVaultTest();
    for (const type of ["approle", "userpass", "jwt", "kubernetes", "cert"]) await mountAuth(t, type);
    await t.call("POST", "auth/approle/role/known", {});
    for (const [path, names] of writes) {
      for (const name of names) {
        for (const value of odd) {
          const answer = await t.call("POST", `auth/${path}`, { ...sound[path], [name]: value });
          assert.ok(answer.status < 500, `${path} ${name} ${JSON.stringify(value)?.slice(0, 60)}: ${answer.text}`);
        }
      }
      for (const method of ["GET", "LIST", "DELETE", "PATCH"]) {
        const answer = await t.call(method, `auth/${path}`);
        assert.ok(answer.status < 500, `${method} ${path}: ${answer.text}`);
      }
      await t.call("POST", "auth/approle/role/known", {});
    }
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
});

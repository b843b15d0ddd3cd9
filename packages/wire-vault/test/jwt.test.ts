import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { callOpen, dataOf, done, mountAuth, permissionDenied, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenOf(claims: object, key: KeyObject = privateKey, alg = "RS256"): string {
  const signed = `${part({ alg })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

describe("JSON Web Tokens", () => {
  let t: VaultTest;
  let mount: string;
  let mounts = 0;

  before(async () => {
    t = await openVaultTest();
  });
  beforeEach(async () => {
    mounts += 1;
    mount = `auth/jwt-${mounts}`;
    await mountAuth(t, "jwt", `jwt-${mounts}`);
    done(await t.call("POST", `${mount}/config`, { jwt_validation_pubkeys: pem, bound_issuer: "iss" }));
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const now = () => Math.floor(t.test.clock.nowMs() / 1000);
  const claims = (more: object = {}) => ({ iss: "iss", sub: "ada", aud: "us", iat: now(), exp: now() + 60, ...more });
  const role = (name: string, body: object = {}) =>
    t.call("POST", `${mount}/role/${name}`, { role_type: "jwt", user_claim: "sub", bound_audiences: "us", ...body });
  const logIn = (jwt: string, name = "r", from?: string) => callOpen(t, `${mount}/login`, { role: name, jwt }, from);
  const invalid = "error validating token: ";

  describe("a configuration", () => {
    it("is shown as Vault does", async () => {
      done(await t.call("POST", `${mount}/config`, { jwt_validation_pubkeys: [pem], default_role: "R" }));
      assert.deepEqual(dataOf(await t.call("GET", `${mount}/config`)), {
        bound_issuer: "",
        default_role: "r",
        jwks_ca_pem: "",
        jwks_url: "",
        jwt_supported_algs: [],
        jwt_validation_pubkeys: [pem.trim()],
        namespace_in_state: true,
        oidc_client_id: "",
        oidc_discovery_ca_pem: "",
        oidc_discovery_url: "",
        oidc_response_mode: "",
        oidc_response_types: [],
        override_allowed_server_names: [],
        provider_config: {},
        status: "valid",
      });
    });

    it("is refused in the original's words", async () => {
      const oneOf =
        "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' must be set";
      const keys = { jwt_validation_pubkeys: pem };
      const wrong: readonly (readonly [object, string])[] = [
        [{}, oneOf],
        [{ ...keys, jwks_url: "https://x" }, oneOf],
        [{ jwt_validation_pubkeys: "x" }, "error parsing public key: data does not contain any valid public keys"],
        [{ ...keys, jwt_supported_algs: "HS256" }, 'invalid jwt_supported_algs: unsupported signing algorithm "HS256"'],
        [{ ...keys, jwt_supported_algs: "none" }, 'invalid jwt_supported_algs: unsupported signing algorithm "none"'],
        [{ jwks_url: "https://x.example" }, "error checking jwks URL"],
        [{ jwks_url: "https://x.example", jwks_ca_pem: "x" }, "error checking jwks_ca_pem"],
        [{ oidc_discovery_url: "https://x.example" }, "error checking oidc discovery URL"],
        [
          { oidc_discovery_url: "https://x.example/.well-known/openid-configuration" },
          "'oidc_discovery_url' contains '.well-known' component",
        ],
        [{ ...keys, oidc_client_id: "x" }, "both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC"],
        [
          { ...keys, oidc_client_id: "x", oidc_client_secret: "x" },
          "OIDC login by browser is not supported: leave out oidc_client_id and oidc_client_secret",
        ],
        [{ ...keys, provider_config: { provider: "azure" } }, "provider_config is not supported"],
      ];
      for (const [body, error] of wrong) refused(await t.call("POST", `${mount}/config`, body), 400, error);
      const skipped = await t.call("POST", `${mount}/config`, {
        jwks_url: "https://x.example",
        skip_jwks_validation: true,
      });
      assert.deepEqual(skipped.json.warnings, ["error checking jwks URL"]);
      done(await role("r"));
      refused(await logIn(tokenOf(claims())), 400, `${invalid}error verifying token signature: fetching keys failed`);
    });

    it("that is not there lets nobody in", async () => {
      await mountAuth(t, "jwt", `empty-${mounts}`);
      refused(await t.call("GET", `auth/empty-${mounts}/config`), 404);
      const answer = await callOpen(t, `auth/empty-${mounts}/login`, { role: "r", jwt: "x" });
      refused(answer, 400, "could not load configuration");
    });
  });

  describe("roles", () => {
    it("are shown as Vault does", async () => {
      done(
        await role("R", {
          policies: "x",
          bound_claims: '{"a":["b"]}',
          claim_mappings: { c: "d" },
          verbose_oidc_logging: true,
        }),
      );
      done(await t.call("POST", `${mount}/role/r`, { role_type: "jwt", clock_skew_leeway: "-1", oidc_scopes: "s" }));
      assert.deepEqual(dataOf(await t.call("GET", `${mount}/role/r`)), {
        allowed_redirect_uris: null,
        bound_audiences: ["us"],
        bound_claims: { a: ["b"] },
        bound_claims_type: "string",
        bound_subject: "",
        callback_mode: "client",
        claim_mappings: { c: "d" },
        clock_skew_leeway: -1,
        expiration_leeway: 0,
        groups_claim: "",
        max_age: 0,
        not_before_leeway: 0,
        oauth2_metadata: null,
        oidc_disable_confirmation: false,
        oidc_scopes: ["s"],
        policies: ["x"],
        role_type: "jwt",
        token_bound_cidrs: [],
        token_explicit_max_ttl: 0,
        token_max_ttl: 0,
        token_no_default_policy: false,
        token_num_uses: 0,
        token_period: 0,
        token_policies: ["x"],
        token_policies_template_claims: false,
        token_strictly_bind_ip: false,
        token_ttl: 0,
        token_type: "default",
        user_claim: "sub",
        user_claim_json_pointer: false,
        verbose_oidc_logging: true,
      });
      assert.deepEqual(dataOf(await t.call("LIST", `${mount}/role`)), { keys: ["r"] });
      done(await t.call("DELETE", `${mount}/role/R`));
      refused(await t.call("GET", `${mount}/role/r`), 404);
    });

    it("are refused in the original's words", async () => {
      const wrong: readonly (readonly [object, string])[] = [
        [{ role_type: "zz" }, "invalid 'role_type': zz"],
        [{ role_type: "" }, "'allowed_redirect_uris' must be set if 'role_type' is 'oidc' or unspecified."],
        [
          { role_type: "oidc", allowed_redirect_uris: "https://x" },
          'OIDC login by browser is not supported: set role_type to "jwt"',
        ],
        [{ bound_audiences: "" }, "must have at least one bound constraint when creating/updating a role"],
        [{ user_claim: "" }, "a user claim must be defined on the role"],
        [{ bound_claims_type: "zz" }, "invalid 'bound_claims_type': zz"],
        [{ bound_claims_type: "glob", bound_claims: { a: 1 } }, "claim is not a string: 1"],
        [{ bound_claims_type: "glob", bound_claims: { a: {} } }, "claim is not a string or list: {}"],
        [{ claim_mappings: { a: "role" } }, 'metadata key "role" is reserved and may not be a mapping destination'],
        [{ claim_mappings: { a: "x", b: "x" } }, 'multiple keys are mapped to metadata key "x"'],
        [{ callback_mode: "zz" }, "invalid 'callback_mode': zz"],
        [{ token_policies_template_claims: true }, "token_policies_template_claims is not supported"],
      ];
      for (const [body, error] of wrong) refused(await role("bad", body), 400, error);
    });
  });

  describe("logins", () => {
    it("give tokens to whom a token names", async () => {
      done(await role("r", { token_policies: "deploy", claim_mappings: { "/n/y": "why", missing: "no" } }));
      const answer = await logIn(tokenOf(claims({ n: { y: "because" } })), "R");
      assert.equal(answer.status, 200, answer.text);
      const { policies, metadata, client_token } = answer.json.auth;
      assert.deepEqual(
        { policies, metadata },
        { policies: ["default", "deploy"], metadata: { role: "r", why: "because" } },
      );
      const found = await t.test.core.identities.findToken(client_token);
      assert.equal(found?.token?.displayName, `${mount.slice("auth/".length)}-ada`);
      assert.doesNotMatch(JSON.stringify(await t.test.auditEvents()), /eyJ/);
    });

    it("are refused when the signature or its algorithm is wrong", async () => {
      done(await role("r"));
      const unknown = `${invalid}error verifying token signature: no known key successfully validated the token signature`;
      refused(await logIn(tokenOf(claims(), other.privateKey)), 400, unknown);
      refused(await logIn(tokenOf(claims(), privateKey, "HS256")), 400, unknown);
      refused(await logIn(tokenOf(claims(), privateKey, "none")), 400, unknown);
      refused(await logIn(tokenOf(claims(), privateKey, "PS256")), 400, unknown);
      const unsigned = `${part({ alg: "none" })}.${part(claims())}.`;
      refused(await logIn(unsigned), 400, unknown);
      refused(await logIn("x.y.z"), 400, `${invalid}error verifying token signature: malformed jwt`);
      done(await t.call("POST", `${mount}/config`, { jwt_validation_pubkeys: pem, jwt_supported_algs: "ES256" }));
      const algorithm = `${invalid}invalid algorithm (alg) header parameter: token signed with unexpected algorithm`;
      refused(await logIn(tokenOf(claims())), 400, algorithm);
    });

    it("are refused when a claim is wrong", async () => {
      done(await role("r", { bound_subject: "ada" }));
      const skew = 61;
      const wrong: readonly (readonly [object, string])[] = [
        [{ iss: "x" }, "invalid issuer (iss) claim"],
        [{ iss: undefined }, "invalid issuer (iss) claim"],
        [{ sub: "bob" }, "invalid subject (sub) claim"],
        [{ aud: "x" }, "invalid audience (aud) claim: audience claim does not match any expected audience"],
        [{ aud: undefined }, "invalid audience (aud) claim: audience claim does not match any expected audience"],
        [{ iat: now() - 500, exp: now() - skew }, "invalid expiration time (exp) claim: token is expired"],
        [{ iat: now() - 211, exp: undefined }, "invalid expiration time (exp) claim: token is expired"],
        [{ nbf: now() + skew }, "invalid not before (nbf) claim: token not yet valid"],
        [{ iat: now() + skew, nbf: now() }, "invalid issued at (iat) claim: token issued in the future"],
        [
          { iat: undefined, exp: undefined },
          "no issued at (iat), not before (nbf), or expiration time (exp) claims in token",
        ],
        [{ exp: "x" }, 'claim "exp" must be a number'],
        [{ sub: 5 }, 'claim "sub" must be a string'],
        [{ aud: [5] }, 'claim "aud" must be a string or a list of strings'],
      ];
      for (const [more, error] of wrong) refused(await logIn(tokenOf(claims(more))), 400, invalid + error);
      const right = [
        { aud: ["x", "us"] },
        { iat: now() - 500, exp: now() - skew + 1 },
        { nbf: now() + skew - 1 },
        { iat: undefined },
        { iat: now() - 209, exp: undefined },
      ];
      for (const more of right) assert.equal((await logIn(tokenOf(claims(more)))).status, 200, JSON.stringify(more));
    });

    it("go by the role's leeways", async () => {
      done(await role("r", { clock_skew_leeway: -1, expiration_leeway: "10s", not_before_leeway: -1 }));
      const status = async (more: object) => (await logIn(tokenOf(claims(more)))).status;
      assert.equal(await status({ exp: now() - 1 }), 400);
      assert.equal(await status({ exp: undefined, iat: now() - 9 }), 200);
      assert.equal(await status({ exp: undefined, iat: now() - 11 }), 400);
      assert.equal(await status({ iat: undefined, exp: now() + 5 }), 400, "not before its end, without leeway");
    });

    it("need a role that binds the audience, when there is one", async () => {
      done(await role("r", { bound_audiences: "", bound_subject: "ada" }));
      const unbound = "audience claim found in JWT but no audiences bound to the role";
      refused(await logIn(tokenOf(claims())), 400, unbound);
      refused(await logIn(tokenOf(claims({ aud: ["us"] }))), 400, unbound);
      assert.equal((await logIn(tokenOf(claims({ aud: undefined })))).status, 200);
    });

    it("check bound claims, as text or as patterns", async () => {
      const bound = { "/n/x": ["q", "z"], flag: true, level: 5, __proto__: null };
      done(await role("r", { bound_claims: bound }));
      const good = { n: { x: "z" }, flag: true, level: 5 };
      assert.equal((await logIn(tokenOf(claims(good)))).status, 200);
      assert.equal((await logIn(tokenOf(claims({ ...good, n: { x: ["a", "q"] } })))).status, 200);
      const mismatch = (name: string) =>
        `error validating claims: claim ${JSON.stringify(name)} does not match any associated bound claim values`;
      for (const [name, more] of [
        ["/n/x", { n: { x: "zz" } }],
        ["/n/x", { n: { x: [] } }],
        ["flag", { flag: "true" }],
        ["level", { level: "5" }],
        ["level", { level: 5.5 }],
      ] as const) {
        refused(await logIn(tokenOf(claims({ ...good, ...more }))), 400, mismatch(name));
      }
      refused(
        await logIn(tokenOf(claims({ ...good, n: {} }))),
        400,
        'error validating claims: claim "/n/x" is missing',
      );
      for (const name of ["/constructor/name", "/list/length", "/list/01", "/list/2"]) {
        done(await role("r", { bound_claims: { [name]: ["Object", 2, "b"] } }));
        const missing = `error validating claims: claim "${name}" is missing`;
        refused(await logIn(tokenOf(claims({ list: ["a", "b"] }))), 400, missing);
      }
      done(await role("r", { bound_claims: { "/list/1": "b" } }));
      assert.equal((await logIn(tokenOf(claims({ list: ["a", "b"] })))).status, 200);
      done(await role("r", { bound_claims_type: "glob", bound_claims: { repo: ["a*b*c", "x"] } }));
      for (const [repo, status] of [
        ["abc", 200],
        ["a-b-c", 200],
        ["x", 200],
        ["ac", 400],
        ["abcd", 400],
        ["xx", 400],
        ["ab", 400],
      ] as const) {
        assert.equal((await logIn(tokenOf(claims({ repo })))).status, status, repo);
      }
    });

    it("name users by a claim of text, also by a pointer", async () => {
      done(await role("r", { user_claim: "/a/b~1c", user_claim_json_pointer: true, groups_claim: "groups" }));
      const good = { a: { "b/c": "ada" }, groups: ["g"] };
      assert.equal((await logIn(tokenOf(claims(good)))).status, 200);
      const wrong: readonly (readonly [object, string])[] = [
        [{ a: undefined }, 'claim "/a/b~1c" not found in token'],
        [{ a: { "b/c": 5 } }, 'claim "/a/b~1c" could not be converted to string'],
        [{ a: { "b/c": "" } }, "missing name in alias"],
        [{ groups: undefined }, 'failed to fetch groups: "groups" claim not found in token'],
        [{ groups: {} }, '"groups" claim could not be converted to string list'],
        [{ groups: [5] }, "value 5 in groups claim could not be parsed as string"],
      ];
      for (const [more, error] of wrong) refused(await logIn(tokenOf(claims({ ...good, ...more }))), 400, error);
      done(await role("plain", { user_claim: "/a" }));
      refused(await logIn(tokenOf(claims({ a: "ada" })), "plain"), 400, 'claim "/a" not found in token');
      done(await role("proto", { user_claim: "constructor" }));
      refused(await logIn(tokenOf(claims()), "proto"), 400, 'claim "constructor" not found in token');
      done(await role("mapped", { claim_mappings: { flag: "f" } }));
      refused(await logIn(tokenOf(claims({ flag: true })), "mapped"), 400, "error converting claim 'flag' to string");
    });

    it("count the caller among the external groups of its groups claim", async () => {
      done(await t.call("POST", "sys/policies/acl/jwt-group", { policy: 'path "a" {}' }));
      const group = { name: `jwt ${mount}`, type: "external", policies: ["jwt-group"] };
      const { id } = dataOf(await t.call("POST", "identity/group", group));
      const accessor = (await t.test.core.mounts.match(mount))!.mount.accessor;
      const alias = { name: "team", mount_accessor: accessor, canonical_id: id };
      dataOf(await t.call("POST", "identity/group-alias", alias));
      done(await role("r", { groups_claim: "groups" }));
      const identityPolicies = async (groups: readonly string[]) =>
        (await logIn(tokenOf(claims({ groups })))).json.auth.identity_policies;
      assert.deepEqual(await identityPolicies(["team", "other"]), ["jwt-group"]);
      assert.equal(await identityPolicies(["other"]), undefined);
    });

    it("give tokens that are renewed while their role is there", async () => {
      done(await role("gone"));
      const { client_token: token } = (await logIn(tokenOf(claims()), "gone")).json.auth;
      const renew = () => t.call("POST", "auth/token/renew", { token });
      assert.equal((await renew()).status, 200);
      done(await t.call("DELETE", `${mount}/role/gone`));
      refused(
        await renew(),
        400,
        '1 error occurred:\n\t* failed to renew entry: role "gone" does not exist during renewal\n\n',
      );
    });

    it("need a role, which the mount may name", async () => {
      refused(await callOpen(t, `${mount}/login`, { jwt: "x" }), 400, "missing role");
      refused(await logIn("x", "none"), 400, 'role "none" could not be found');
      done(await t.call("POST", `${mount}/config`, { jwt_validation_pubkeys: pem, default_role: "R" }));
      done(await role("r"));
      refused(await callOpen(t, `${mount}/login`, {}), 400, "missing token");
      assert.equal((await callOpen(t, `${mount}/login`, { jwt: tokenOf(claims()) })).status, 200);
    });

    it("are refused from other networks", async () => {
      done(await role("r", { token_bound_cidrs: "10.0.0.0/8" }));
      refused(await logIn(tokenOf(claims())), 403, "permission denied");
      assert.equal((await logIn(tokenOf(claims()), "r", "10.0.0.1")).status, 200);
    });

    it("by browser are refused", async () => {
      const text = "OIDC login is not configured for this mount";
      refused(await callOpen(t, `${mount}/oidc/auth_url`, { role: "r" }), 400, text);
      refused(await t.call("GET", `${mount}/oidc/callback?state=x&code=y`, undefined, {}), 400, text);
    });

    it("alone need no permission", async () => {
      done(await role("r"));
      const { json } = await logIn(tokenOf(claims()));
      const headers = { "X-Vault-Token": json.auth.client_token };
      for (const path of ["config", "role/r"]) {
        refused(await t.call("POST", `${mount}/${path}`, {}, headers), 403, permissionDenied);
        refused(await t.call("GET", `${mount}/${path}`, undefined, headers), 403, permissionDenied);
      }
    });
  });
});

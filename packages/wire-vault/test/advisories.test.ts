// The security advisories of Vault and OpenBao, 2024 to 2026, that concern what Coffer has of them: each has a test, here or
// in the file of its subject. Not listed: PKI, SSH, LDAP, AWS, TOTP, databases, plugins, raft, agents, namespaces, inline
// authentication and login MFA, none of which is there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { callOpen, dataOf, done, mountAuth, refused } from "./auth-methods.ts";
import { openTokenTest, type TokenTest } from "./token-client.ts";

/** Advisory, file from here, and the name of the test in it. */
const elsewhere: readonly (readonly [string, string, string])[] = [
  [
    "CVE-2024-2048 and CVE-2025-6037: certificates that are trusted themselves",
    "cert",
    "log in that one certificate, and none with its key",
  ],
  ["CVE-2024-5798: the audience of JSON Web Tokens", "jwt", "need a role that binds the audience, when there is one"],
  [
    "CVE-2024-8365, CVE-2025-62513 and CVE-2025-62705: secrets in audit devices",
    "audit-devices",
    "have each request before it is done and each answer, with HMACs for every text",
  ],
  [
    "CVE-2025-5999, of tokens",
    "tokens",
    "never makes root of anything but root, in whatever case and with whatever space it is written",
  ],
  [
    "CVE-2025-6000: audit files anywhere",
    "audit-devices",
    "write only below their folder, whatever the path and its links",
  ],
  [
    "CVE-2025-6000: audit files that run",
    "audit-devices",
    "refuse options that would write secrets, programs or nothing",
  ],
  ["CVE-2025-6004, of users", "userpass", "knows a user by every spelling of the name"],
  ["CVE-2025-6004, of AppRole", "userpass", "is of the role id, with or without spaces around it"],
  [
    "CVE-2025-6010 and CVE-2025-6011: which users there are",
    "userpass",
    "do the same work and say the same for names that nobody has",
  ],
  ["CVE-2025-6203: complex JSON", "kv-advisories", "depth is bounded, breadth costs what it weighs"],
  ["CVE-2026-3605: dots in paths", "kv-advisories", "dots and doubled or encoded slashes reach no other path"],
  [
    "CVE-2026-5807 and CVE-2025-52894: who begins and cancels generations of root tokens and new shares",
    "../../../apps/server/test/seal-shares",
    "and nobody begins, follows or cancels anything without a token",
  ],
  [
    "CVE-2026-39388: renewals with another certificate",
    "login-renewals",
    "with the certificate of the login, while its role takes it",
  ],
  [
    "GHSA-xp3c-3jw3-4vcr: lists past a denial",
    "kv-advisories",
    "a list does not slip past a denial, with or without a slash at its end",
  ],
  [
    "GHSA-59w7-v8rr-pr4p: wildcards and slashes from identities",
    "policy-advisories",
    "by a value in a template that is a wildcard, a path or dots",
  ],
  ["Page sizes that policies bound", "kv-advisories", "limit=0 does not lift a policy's page size"],
  ["Answers that are unwrapped twice", "wrapping", "gives the answer to one of many who ask at once"],
];

describe("advisories", () => {
  for (const [advisory, file, name] of elsewhere) {
    it(`${advisory}: has its test`, async () => {
      const text = await readFile(new URL(`${file}.test.ts`, import.meta.url), "utf8");
      assert.ok(text.includes(`${name}`), `${file}.test.ts has no test called "${name}"`);
    });
  }

  describe("of their own", () => {
    let t: TokenTest;
    before(async () => {
      t = await openTokenTest();
      for (const type of ["approle", "userpass"]) await mountAuth(t, type);
    });
    after(async () => {
      assert.deepEqual(t.test.bugs, []);
      await t.close();
    });

    it("CVE-2024-9180, CVE-2025-5999 and CVE-2025-64761: no identity and no login has the policy root, however it is written", async () => {
      done(await t.call("POST", "auth/userpass/users/ada", { password: "p", token_policies: "reader" }));
      const { auth } = (await callOpen(t, "auth/userpass/login/ada", { password: "p" })).json;
      for (const root of ["root", "ROOT", "Root", " root", "root ", "\troot\n", "rOOt\u00a0"]) {
        for (const [path, by] of [
          ["identity/entity", {}],
          ["identity/entity/name/mallory", {}],
          [`identity/entity/id/${auth.entity_id}`, {}],
          ["identity/group", { member_entity_ids: [auth.entity_id] }],
          ["identity/group/name/mallories", { member_entity_ids: [auth.entity_id] }],
          ["identity/group", { type: "external" }],
        ] as const) {
          refused(await t.call("POST", path, { ...by, policies: [root] }), 400, "policies cannot contain root");
          refused(await t.call("POST", path, { ...by, policies: `a,${root}` }), 400, "policies cannot contain root");
        }
        await t.call("POST", "auth/userpass/users/eve", { password: "p", token_policies: [root] });
        const login = await callOpen(t, "auth/userpass/login/eve", { password: "p" });
        assert.equal(login.status, 400, login.text);
      }
      assert.equal((await t.as(auth.client_token, "GET", "sys/mounts")).status, 403);
    });

    it("CVE-2025-4166 and CVE-2025-52893: what is wrong with a request is told without its secrets", async () => {
      const secret = "Mark-0a1b2c3d4e5f";
      const requests: readonly (readonly [string, unknown])[] = [
        ["auth/userpass/users/ada", { password: { a: secret } }],
        ["auth/userpass/users/ada", { password: [secret, [secret]] }],
        ["auth/userpass/login/ada", { password: { a: secret } }],
        ["auth/userpass/login/ada", `{"password":"${secret}"`],
        ["auth/approle/login", { role_id: { a: secret }, secret_id: [{ a: secret }] }],
        ["auth/approle/role/web/custom-secret-id", { secret_id: { a: secret } }],
        ["auth/token/create", { id: { a: secret } }],
        ["auth/token/lookup", { token: { a: secret } }],
        ["sys/wrapping/unwrap", { token: secret }],
        ["sys/unseal", { key: { a: secret } }],
        ["sys/unseal", { key: secret }],
        ["transit/encrypt/a", { plaintext: { a: secret } }],
        ["transit/keys/a/import", { ciphertext: { a: secret } }],
        ["transit/restore/a", { backup: secret }],
      ];
      for (const [path, body] of requests) {
        const { status, text } = await t.call("POST", path, body);
        assert.ok(status >= 400 && status < 500, `${path}: ${status} ${text}`);
        assert.ok(!text.includes(secret), `${path}: ${text}`);
      }
    });

    it("GHSA-8w8f-r2xv-4q4j: a derived RSA key is refused, and the mount goes on", async () => {
      for (const type of ["rsa-2048", "rsa-3072", "rsa-4096"]) {
        const { status } = await t.call("POST", "transit/keys/derived", { type, derived: true });
        assert.equal(status, 400);
      }
      assert.equal((await t.call("GET", "transit/keys/derived")).status, 404);
      assert.equal((await t.call("POST", "transit/keys/derived", { type: "aes256-gcm96", derived: true })).status, 200);
    });

    it("CVE-2026-45808 and CVE-2026-40264: leases and accessors of others are ended and renewed with permission alone", async () => {
      const own = await t.make({ policies: ["default"] });
      const other = await t.make({ policies: ["default"] });
      const lease = `auth/token/create/h${"0".repeat(64)}`;
      for (const [path, body] of [
        ["sys/leases/revoke", { lease_id: lease }],
        ["sys/revoke", { lease_id: lease }],
        [`sys/revoke/${lease}`, {}],
        ["sys/leases/revoke-prefix/auth", {}],
        ["sys/revoke-prefix/auth", {}],
        ["sys/leases/revoke-force/auth", {}],
        ["sys/revoke-force/auth", {}],
        ["auth/token/revoke-accessor", { accessor: other.accessor }],
        ["auth/token/renew-accessor", { accessor: other.accessor }],
        ["auth/token/revoke", { token: other.client_token }],
      ] as const) {
        assert.equal((await t.as(own.client_token, "POST", path, body)).status, 403, path);
      }
      assert.ok(await t.works(other.client_token));
      await t.policy("revoker", 'path "sys/*" { capabilities = ["create", "update"] }');
      const update = await t.make({ policies: ["revoker"] });
      for (const path of ["sys/leases/revoke-prefix/auth", "sys/revoke-prefix/auth", "sys/leases/revoke-force/auth"]) {
        assert.equal((await t.as(update.client_token, "POST", path, {})).status, 403, path);
      }
      assert.ok(await t.works(other.client_token));
    });

    it("a user who is gone or another one is not met again under the same name", async () => {
      done(await t.call("POST", "auth/userpass/users/bob", { password: "p", token_policies: "reader" }));
      const { auth } = (await callOpen(t, "auth/userpass/login/bob", { password: "p" })).json;
      done(await t.call("POST", `identity/entity/id/${auth.entity_id}`, { policies: ["maker"] }));
      done(await t.call("DELETE", `identity/entity/id/${auth.entity_id}`));
      assert.equal((await t.as(auth.client_token, "LIST", "auth/token/roles")).status, 403);
      const again = (await callOpen(t, "auth/userpass/login/BOB", { password: "p" })).json.auth;
      assert.notEqual(again.entity_id, auth.entity_id);
      assert.deepEqual(again.identity_policies ?? [], []);
      assert.equal((await t.as(auth.client_token, "GET", "auth/token/lookup-self")).status, 403);
      dataOf(await t.as(again.client_token, "GET", "auth/token/lookup-self"));
    });
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeTestCertificate, type TestCertificate, wireRequest } from "@coffer/testkit";
import { callOpen, dataOf, done, mountAuth, refused } from "./auth-methods.ts";
import { openTokenTest, type TokenTest } from "./token-client.ts";
import type { VaultAnswer } from "./vault-client.ts";

const failed = (problem: string) => `1 error occurred:\n\t* failed to renew entry: ${problem}\n\n`;

// Whoever was taken out of an auth method must not stay in by renewing what an earlier login gave.
describe("tokens of logins are renewed", () => {
  let t: TokenTest;
  before(async () => {
    t = await openTokenTest();
    for (const type of ["approle", "cert", "userpass"]) await mountAuth(t, type);
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const renewals = (token: string, accessor: string): readonly (() => Promise<VaultAnswer>)[] => [
    () => t.as(token, "POST", "auth/token/renew-self", {}),
    () => t.call("POST", "auth/token/renew", { token }),
    () => t.call("POST", "auth/token/renew-accessor", { accessor }),
  ];

  async function refusedEveryWay({ client_token, accessor }: Readonly<Record<string, string>>, problem: string) {
    for (const renew of renewals(client_token!, accessor!)) refused(await renew(), 400, failed(problem));
  }

  it("while their role of AppRole is there, for what it gives now", async () => {
    const role = (body: object) =>
      t.call("POST", "auth/approle/role/web", {
        bind_secret_id: false,
        token_bound_cidrs: "127.0.0.1/32",
        ...body,
      });
    done(await role({ token_period: "1h" }));
    const { role_id } = dataOf(await t.call("GET", "auth/approle/role/web/role-id"));
    const { auth } = (await callOpen(t, "auth/approle/login", { role_id })).json;
    done(await role({ token_period: "30m" }));
    for (const renew of renewals(auth.client_token, auth.accessor)) {
      assert.equal((await renew()).json.auth.lease_duration, 1800);
    }
    done(await t.call("DELETE", "auth/approle/role/web"));
    await refusedEveryWay(auth, 'role "web" does not exist during renewal');
  });

  it("while their user is there, with the same policies", async () => {
    done(await t.call("POST", "auth/userpass/users/Ada", { password: "p", token_policies: "reader" }));
    const { auth } = (await callOpen(t, "auth/userpass/login/ada", { password: "p" })).json;
    for (const renew of renewals(auth.client_token, auth.accessor)) assert.equal((await renew()).status, 200);
    done(await t.call("POST", "auth/userpass/users/ada", { token_policies: "READER,default" }));
    assert.equal((await t.as(auth.client_token, "POST", "auth/token/renew-self", {})).status, 200);
    done(await t.call("POST", "auth/userpass/users/ada", { token_policies: "other" }));
    await refusedEveryWay(auth, "policies have changed, not renewing");
    done(await t.call("DELETE", "auth/userpass/users/ada"));
    await refusedEveryWay(auth, 'role "ada" does not exist during renewal');
  });

  it("with the certificate of the login, while its role takes it (CVE-2026-39388)", async () => {
    const nowMs = t.test.clock.nowMs();
    const times = { notBeforeMs: nowMs - 3_600_000, notAfterMs: nowMs + 86_400_000 };
    const root = makeTestCertificate({ name: "root", ...times, isCa: true, keyUsage: 0x04 });
    const leaf = (name: string) => makeTestCertificate({ name, ...times, isCa: false, keyUsage: 0x80, issuer: root });
    const pem = `-----BEGIN CERTIFICATE-----\n${root.der.toString("base64")}\n-----END CERTIFICATE-----\n`;
    done(await t.call("POST", "auth/cert/certs/web", { certificate: pem, token_policies: "reader" }));
    const ada = leaf("ada");
    const shows = (one: TestCertificate) => ({ peerCertificates: [one.der] });
    const { auth } = (await callOpen(t, "auth/cert/login", {}, undefined, shows(ada))).json;
    const renewWith = async (path: string, token: string, body: object, one: TestCertificate) => {
      const request = wireRequest({
        method: "POST",
        path: `/v1/auth/token/${path}`,
        headers: { "X-Vault-Token": token },
        body,
      });
      return JSON.parse((await t.wire({ ...request, ...shows(one) })).body.toString());
    };
    const { client_token: token, accessor } = auth;
    const root_token = t.test.root.token;
    const ways = [
      ["renew-self", token, {}],
      ["renew", root_token, { token }],
      ["renew-accessor", root_token, { accessor }],
    ] as const;
    const other = "client identity during renewal not matching client identity used during login";
    for (const [path, by, body] of ways) {
      assert.equal((await renewWith(path, by, body, ada)).auth.lease_duration, 2_764_800);
      assert.deepEqual((await renewWith(path, by, body, leaf("ada"))).errors, [failed(other)]);
    }
    await refusedEveryWay(auth, other);
    done(await t.call("POST", "auth/cert/certs/web", { allowed_common_names: "bob" }));
    for (const [path, by, body] of ways) {
      assert.deepEqual((await renewWith(path, by, body, ada)).errors, [
        "no chain matching all constraints could be found for this login certificate",
      ]);
    }
  });
});

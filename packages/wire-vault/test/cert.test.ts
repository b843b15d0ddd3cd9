import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { der, makeTestCertificate, type TestCertificate, type TestCertificateFields } from "@coffer/testkit";
import { callOpen, dataOf, done, mountAuth, refused } from "./auth-methods.ts";
import { openVaultTest, type VaultTest } from "./vault-client.ts";

const dayMs = 86_400_000;
const unmatched = "no chain matching all constraints could be found for this login certificate";
const untrusted = "invalid certificate or no client certificate supplied";
const text = (value: string, tag: number) => der(tag, Buffer.from(value));
const pemOf = (...certificates: readonly TestCertificate[]) =>
  certificates
    .map(({ der: bytes }) => `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64")}\n-----END CERTIFICATE-----\n`)
    .join("");

describe("TLS certificates", () => {
  let t: VaultTest;
  let mount: string;
  let mounts = 0;
  let root: TestCertificate;

  before(async () => {
    t = await openVaultTest();
    root = make("root", undefined, { isCa: true, keyUsage: 0x04 });
  });
  beforeEach(async () => {
    mounts += 1;
    mount = `auth/cert-${mounts}`;
    await mountAuth(t, "cert", `cert-${mounts}`);
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  function make(name: string, issuer?: TestCertificate, more: Partial<TestCertificateFields> = {}): TestCertificate {
    const nowMs = t.test.clock.nowMs();
    const times = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + dayMs };
    const base = { name, ...times, isCa: false, keyUsage: 0x80, ...more };
    return makeTestCertificate(issuer === undefined ? base : { ...base, issuer });
  }
  const trust = (name: string, certificate: string, more: object = {}) =>
    t.call("POST", `${mount}/certs/${name}`, { certificate, token_policies: "deploy", ...more });
  const logIn = (presented: readonly TestCertificate[], name?: string, from?: string) =>
    callOpen(t, `${mount}/login`, { name }, from, { peerCertificates: presented.map(({ der: bytes }) => bytes) });

  it("log in whom a trusted authority vouches for", async () => {
    done(await trust("Web", pemOf(root)));
    const answer = await logIn([make("ada", root)]);
    assert.equal(answer.status, 200, answer.text);
    const { policies, metadata, client_token } = answer.json.auth;
    assert.deepEqual(policies, ["default", "deploy"]);
    assert.deepEqual([metadata.cert_name, metadata.common_name], ["web", "ada"]);
    assert.match(metadata.serial_number, /^[0-9]+$/);
    const found = await t.test.core.identities.findToken(client_token);
    assert.equal(found?.token?.displayName, `${mount.slice("auth/".length)}-web`);
    assert.equal((await logIn([make("ada", root)], "WEB")).status, 200);
    const middle = make("middle", root, { isCa: true, keyUsage: 0x04 });
    assert.equal((await logIn([make("bob", middle), middle])).status, 200);
  });

  it("log in nobody else", async () => {
    done(await trust("web", pemOf(root)));
    refused(await logIn([]), 400, "no client certificate found");
    refused(await callOpen(t, `${mount}/login`, {}), 400, "no client certificate found");
    refused(await logIn([make("ada")]), 400, untrusted);
    refused(await logIn([make("ada", make("root", undefined, { isCa: true, keyUsage: 0x04 }))]), 400, untrusted);
    refused(await logIn([make("ada", root)], "other"), 400, untrusted);
    refused(await logIn([make("ada", root, { notAfterMs: t.test.clock.nowMs() - 1 })]), 400, untrusted);
    refused(await logIn([{ ...root, der: Buffer.from("x") }]), 400, untrusted);
    refused(await logIn([make("", root)]), 400, "missing name in alias");
    done(await trust("web", pemOf(root), { token_bound_cidrs: "10.0.0.0/8" }));
    refused(await logIn([make("ada", root)]), 403, "permission denied");
    assert.equal((await logIn([make("ada", root)], "", "10.0.0.1")).status, 200);
  });

  it("that are trusted themselves log in that one certificate, and none with its key", async () => {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const own = make("ada", undefined, { keys });
    done(await trust("ada", pemOf(own)));
    assert.equal((await logIn([own])).status, 200);
    const renamed = make("root-user", undefined, { keys });
    refused(await logIn([renamed]), 400, untrusted);
    const issued = make("bob", own);
    refused(await logIn([issued, own]), 400, untrusted);
    t.test.clock.advance(2 * dayMs);
    refused(await logIn([own]), 400, untrusted);
    root = make("root", undefined, { isCa: true, keyUsage: 0x04 });
  });

  it("must have the names, units and extensions that their entry wants", async () => {
    const ada = () =>
      make("ada", root, {
        units: ["eng"],
        more: [
          {
            oid: "551d11",
            value: der(0x30, text("ada@x.example", 0x81), text("ada.x.example", 0x82), text("spiffe://x/ada", 0x86)),
          },
          { oid: "2a0305", value: text("hello", 0x0c) },
        ],
      });
    const cases: readonly (readonly [object, boolean])[] = [
      [{ allowed_names: "x,ada" }, true],
      [{ allowed_names: "*.x.example" }, true],
      [{ allowed_names: "ada@*" }, true],
      [{ allowed_names: "bob" }, false],
      [{ allowed_common_names: "a*" }, true],
      [{ allowed_common_names: "ada.x.example" }, false],
      [{ allowed_dns_sans: "*.x.example" }, true],
      [{ allowed_dns_sans: "ada" }, false],
      [{ allowed_email_sans: "*@x.example" }, true],
      [{ allowed_email_sans: "ada" }, false],
      [{ allowed_uri_sans: "spiffe://x/*" }, true],
      [{ allowed_uri_sans: "spiffe://y/*" }, false],
      [{ allowed_organizational_units: "eng" }, true],
      [{ allowed_organizational_units: "ops" }, false],
      [{ required_extensions: "1.2.3.5:hel*" }, true],
      [{ required_extensions: ["1.2.3.5:hello", "1.2.3.6:*"] }, false],
      [{ required_extensions: "1.2.3.5:x" }, false],
      [{ allowed_common_names: "ada", allowed_organizational_units: "ops" }, false],
    ];
    for (const [constraints, isIn] of cases) {
      done(await t.call("DELETE", `${mount}/certs/web`));
      done(await trust("web", pemOf(root), constraints));
      const answer = await logIn([ada()]);
      if (isIn) assert.equal(answer.status, 200, JSON.stringify(constraints));
      else refused(answer, 400, unmatched);
    }
    done(await trust("other", pemOf(root), { allowed_metadata_extensions: "1.2.3.5,1.2.3.6" }));
    assert.equal((await logIn([ada()])).json.auth.metadata["1-2-3-5"], "hello");
  });

  it("are of the entry that trusts them, and of no other", async () => {
    const second = make("second", undefined, { isCa: true, keyUsage: 0x04 });
    done(await trust("a", pemOf(root), { allowed_common_names: "ada" }));
    done(await trust("b", pemOf(second)));
    assert.equal((await logIn([make("ada", second)])).json.auth.metadata.cert_name, "b");
    refused(await logIn([make("ada", second)], "a"), 400, untrusted);
    refused(await logIn([make("bob", root)]), 400, unmatched);
  });

  it("have entries, shown as Vault does", async () => {
    const certificate = pemOf(root);
    done(await trust("Web", certificate, { allowed_names: "a,b", ttl: 60, lease: 5 }));
    assert.deepEqual(dataOf(await t.call("GET", `${mount}/certs/WEB`)), {
      allowed_common_names: null,
      allowed_dns_sans: null,
      allowed_email_sans: null,
      allowed_metadata_extensions: null,
      allowed_names: ["a", "b"],
      allowed_organizational_units: null,
      allowed_uri_sans: null,
      certificate,
      display_name: "web",
      ocsp_ca_certificates: "",
      ocsp_enabled: false,
      ocsp_fail_open: false,
      ocsp_query_all_servers: false,
      ocsp_servers_override: null,
      required_extensions: null,
      token_bound_cidrs: [],
      token_explicit_max_ttl: 0,
      token_max_ttl: 0,
      token_no_default_policy: false,
      token_num_uses: 0,
      token_period: 0,
      token_policies: ["deploy"],
      token_strictly_bind_ip: false,
      token_ttl: 60,
      token_type: "default",
      ttl: 60,
    });
    done(await t.call("POST", `${mount}/certs/web`, { display_name: "shown" }));
    assert.equal(dataOf(await t.call("GET", `${mount}/certs/web`)).display_name, "shown");
    assert.deepEqual(dataOf(await t.call("LIST", `${mount}/certs`)), { keys: ["web"] });
    done(await t.call("DELETE", `${mount}/certs/WEB`));
    refused(await t.call("GET", `${mount}/certs/web`), 404);
  });

  it("are refused in the original's words, and what cannot be checked is refused", async () => {
    refused(await trust("bad", "x"), 400, "failed to parse certificate");
    refused(await t.call("POST", `${mount}/certs/bad`, {}), 400, "failed to parse certificate");
    const server = { oid: "551d25", value: der(0x30, der(0x06, Buffer.from("2b06010505070301", "hex"))) };
    const noClient = pemOf(make("server", undefined, { more: [server] }));
    refused(
      await trust("bad", noClient),
      400,
      "nonCA certificates should have TLS client authentication set as an extended key usage",
    );
    refused(
      await trust("bad", pemOf(root), { required_extensions: "x" }),
      400,
      "required_extensions must be of the form OID:VALUE",
    );
    refused(
      await trust("bad", pemOf(root), { ocsp_enabled: true }),
      400,
      "OCSP is not supported: leave out ocsp_enabled",
    );
    refused(
      await t.call("POST", `${mount}/crls/x`, { crl: "x" }),
      400,
      "certificate revocation lists are not supported",
    );
  });

  it("are compared with so many entries, unless one is named", async () => {
    done(await trust("web", pemOf(root)));
    const { core } = t.test;
    const found = await core.mounts.match(mount);
    const area = `cert/${found?.mount.uuid}/cert`;
    const max = limits.certRoles.value;
    const names = Array.from({ length: max }, (_, index) => `c${index}`);
    await core.commit(names.map((name) => core.vaultEntries.insert(area, name, {})));
    refused(await logIn([make("ada", root)]), 400, `a mount with more than ${max} certificates needs the name of one`);
    assert.equal((await logIn([make("ada", root)], "web")).status, 200);
  });
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { OperatorError } from "@coffer/server/config";
import type { Invocation } from "./command.ts";
import { openKeyServices } from "./key-services.ts";
import { playServer } from "./testing.ts";

const home = mkdtempSync(join(tmpdir(), "coffer-key-services-"));
after(() => rmSync(home, { recursive: true }));
mkdirSync(join(home, ".coffer"));

function invocation(environment: Record<string, string>, flags: Record<string, string> = {}): Invocation {
  const given = new Map(Object.entries(flags).map(([name, text]) => [name, [text]]));
  return { environment, homeDirectory: home, workingDirectory: home, args: [], flags: given, positionals: [] };
}

const keys = { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };

/** AWS's loaders read the process's own variables. */
async function withVariables(variables: Record<string, string>, act: () => Promise<void>): Promise<void> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    await act();
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

describe("key services", () => {
  it("take the endpoint and region from options, then variables; KMS's own variable first", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: { ok: true } }));
    const variables = {
      ...keys,
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL_KMS: url,
      AWS_REGION: "eu-west-1",
    };
    await withVariables(variables, async () => {
      await (await openKeyServices(invocation(variables))).kms().call("ListKeys", {});
      await (await openKeyServices(invocation(variables, { region: "ap-south-1" }))).kms().call("ListKeys", {});
      await (
        await openKeyServices(
          invocation({ ...variables, AWS_ENDPOINT_URL_KMS: "http://127.0.0.1:1" }, { endpoint: url }),
        )
      )
        .kms("us-west-2")
        .call("ListKeys", {});
    });
    const regions = requests.map(
      ({ headers }) => /Credential=AKIAEXAMPLE\/\d+\/([^/]+)\/kms\//.exec(headers.authorization ?? "")?.[1],
    );
    assert.deepEqual(regions, ["eu-west-1", "ap-south-1", "us-west-2"]);
  });

  it("take endpoint, region and credentials from a profile, also one with a process", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: {} }));
    const config = join(home, "config");
    const process = `${globalThis.process.execPath} -p '${JSON.stringify(JSON.stringify({ Version: 1, AccessKeyId: "AKIAPROCESS", SecretAccessKey: "s", SessionToken: "a-session" }))}'`;
    writeFileSync(
      config,
      `[profile work]\nregion = eu-central-1\nservices = mine\ncredential_process = ${process}\n[services mine]\nkms =\n  endpoint_url = ${url}\n`,
    );
    const variables = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(home, "none") };
    await withVariables(variables, async () => {
      await (await openKeyServices(invocation(variables, { profile: "work" }))).kms().call("ListKeys", {});
    });
    assert.match(requests[0]?.headers.authorization ?? "", /Credential=AKIAPROCESS\/\d+\/eu-central-1\/kms\//);
    assert.equal(requests[0]?.headers["x-amz-security-token"], "a-session");
  });

  it("take what a server on this machine wrote, unless AWS's variables name something else", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: {} }));
    const stored = {
      accessKeyId: "AKIASTORED",
      secretAccessKey: "s",
      endpoint: url,
      region: "us-east-1",
      token: "hvs.x",
    };
    writeFileSync(join(home, ".coffer", "credentials.json"), JSON.stringify(stored));
    const none = { AWS_CONFIG_FILE: join(home, "none"), AWS_SHARED_CREDENTIALS_FILE: join(home, "none") };
    await withVariables({ ...none, ...keys }, async () => {
      await (await openKeyServices(invocation(none))).kms().call("ListKeys", {});
      await (await openKeyServices(invocation({ ...none, ...keys, AWS_ENDPOINT_URL: url }))).kms().call("ListKeys", {});
    });
    const ids = requests.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? "")?.[1]);
    assert.deepEqual(ids, ["AKIASTORED", "AKIAEXAMPLE"]);
  });

  it("need a Vault server's address and token, and say so", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: { data: { ciphertext: "vault:v1:x" } } }));
    const refuses = async (environment: Record<string, string>, text: RegExp) => {
      const services = await openKeyServices(invocation(environment));
      assert.throws(
        () => services.transit(),
        (error) => error instanceof OperatorError && text.test(error.message),
      );
    };
    rmSync(join(home, ".coffer", "credentials.json"), { force: true });
    await refuses({}, /VAULT_ADDR.*COFFER_ENDPOINT/);
    await refuses({ COFFER_ENDPOINT: url, VAULT_TOKEN: "t" }, /VAULT_ADDR/);
    await refuses({ VAULT_ADDR: url }, /VAULT_TOKEN/);
    await refuses({ VAULT_ADDR: url, VAULT_TOKEN: "t", VAULT_SKIP_VERIFY: "1" }, /VAULT_SKIP_VERIFY is not honoured/);
    for (const name of ["VAULT_CLIENT_CERT", "VAULT_TLS_SERVER_NAME", "VAULT_PROXY_ADDR"])
      await refuses({ VAULT_ADDR: url, VAULT_TOKEN: "t", [name]: "x" }, new RegExp(`${name} is not honoured`));
    for (const name of ["VAULT_CACERT", "VAULT_CAPATH"])
      await refuses({ VAULT_ADDR: url, VAULT_TOKEN: "t", [name]: "nothing" }, /cannot read nothing: ENOENT/);
    await refuses({ VAULT_ADDR: url, VAULT_TOKEN: "t", VAULT_CACERT_BYTES: "x" }, /no certificates in PEM/);
    writeFileSync(join(home, ".vault-token"), "hvs.file\n");
    const services = await openKeyServices(invocation({ VAULT_ADDR: url, VAULT_NAMESPACE: "team" }));
    await services.transit("other/").encrypt({ key: "k", plaintext: Uint8Array.of(1) });
    assert.equal(requests[0]?.url, "/v1/other/encrypt/k");
    assert.equal(requests[0]?.headers["x-vault-token"], "hvs.file");
    assert.equal(requests[0]?.headers["x-vault-namespace"], "team");
  });

  it("send Coffer's token to its server's Transit, where no Vault server is named", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: { data: { ciphertext: "vault:v1:x" } } }));
    const stored = join(home, "token-only.json");
    writeFileSync(stored, JSON.stringify({ endpoint: url, token: "hvs.stored" }));
    const input = { key: "k", plaintext: Uint8Array.of(1) };
    for (const environment of [
      { COFFER_CREDENTIALS_FILE: stored },
      { COFFER_CREDENTIALS_FILE: stored, COFFER_TOKEN: "hvs.variable" },
      { COFFER_ENDPOINT: url, COFFER_TOKEN: "hvs.variable" },
      { COFFER_CREDENTIALS_FILE: stored, VAULT_ADDR: url, VAULT_TOKEN: "hvs.vault" },
    ]) {
      await (await openKeyServices(invocation(environment))).transit().encrypt(input);
    }
    const tokens = requests.map(({ headers }) => headers["x-vault-token"]);
    assert.deepEqual(tokens, ["hvs.stored", "hvs.variable", "hvs.variable", "hvs.vault"]);
  });

  it("take one file with all it says: Coffer's, unless the profile has an endpoint", async (t) => {
    const { url, requests } = await playServer(t, () => ({ body: {} }));
    const gone = "http://127.0.0.1:1";
    const [config, stored] = [join(home, "one-config"), join(home, "one-stored.json")];
    const environment = { COFFER_CREDENTIALS_FILE: stored };
    const call = async (more: Record<string, string> = {}) =>
      (await openKeyServices(invocation({ ...environment, ...more }))).kms().call("ListKeys", {});
    const given = (profileUrl: string | undefined, storedUrl: string) => {
      const endpoint = profileUrl === undefined ? "" : `endpoint_url = ${profileUrl}\n`;
      writeFileSync(
        config,
        `[default]\nregion = eu-west-1\n${endpoint}aws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n`,
      );
      const credentials = { accessKeyId: "AKIASTORED", secretAccessKey: "s", region: "us-east-2" };
      writeFileSync(stored, JSON.stringify({ ...credentials, endpoint: storedUrl }));
    };
    const { loadSharedConfigFiles } = await import("@smithy/core/config");
    const withFiles = (act: () => Promise<unknown>) =>
      withVariables({ AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(home, "none") }, async () => {
        await loadSharedConfigFiles({ ignoreCache: true });
        await act();
      });
    given(undefined, url);
    await withFiles(() => call());
    await withFiles(() => call({ AWS_REGION: "ap-south-1" }));
    given(gone, url);
    await withFiles(() => call({ COFFER_ENDPOINT: url }));
    await withFiles(() => call({ AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true", AWS_ENDPOINT_URL: gone }));
    given(url, gone);
    await withFiles(() => call());
    const scopes = requests.map(({ headers }) =>
      /Credential=([^/]+)\/\d+\/([^/]+)/
        .exec(headers.authorization ?? "")
        ?.slice(1)
        .join(" "),
    );
    assert.deepEqual(scopes, [
      "AKIASTORED us-east-2",
      "AKIASTORED ap-south-1",
      "AKIAPROFILE eu-west-1",
      "AKIASTORED us-east-2",
      "AKIAPROFILE eu-west-1",
    ]);
  });

  it("say what is missing: a server or region, credentials, an endpoint that is asked for", async () => {
    const none = { AWS_CONFIG_FILE: join(home, "none"), AWS_SHARED_CREDENTIALS_FILE: join(home, "none") };
    const environment = { ...none, AWS_EC2_METADATA_DISABLED: "true", COFFER_CREDENTIALS_FILE: join(home, "none") };
    await withVariables(environment, async () => {
      const open = (more: Record<string, string> = {}) => openKeyServices(invocation({ ...environment, ...more }));
      const services = await open();
      assert.throws(() => services.kms(), /no key server is named: give --endpoint URL.*AWS_REGION/);
      assert.doesNotThrow(() => services.kms("eu-west-1"));
      const byToken = await open({ COFFER_ENDPOINT: "http://127.0.0.1:1", COFFER_TOKEN: "hvs.x" });
      await assert.rejects(
        byToken.kms().call("ListKeys", {}),
        /no credentials: .*Set AWS_ACCESS_KEY_ID.*create-access-key user\/NAME/,
      );
      await assert.rejects(open({ AWS_USE_FIPS_ENDPOINT: "true" }), /AWS_USE_FIPS_ENDPOINT is not honoured.*kms-fips/);
      await open({ AWS_USE_FIPS_ENDPOINT: "true", AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    });
  });

  it("name the file that cannot be read", async () => {
    await assert.rejects(
      openKeyServices(invocation({}, { "ca-file": "/nonexistent.pem" })),
      /cannot read \/nonexistent\.pem: ENOENT/,
    );
    for (const text of ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
      writeFileSync(join(home, "ca.pem"), text);
      await assert.rejects(openKeyServices(invocation({ AWS_CA_BUNDLE: "ca.pem" })), /ca\.pem holds no certificates/);
    }
  });
});

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
    await refuses({}, /VAULT_ADDR/);
    await refuses({ VAULT_ADDR: url }, /VAULT_TOKEN/);
    await refuses({ VAULT_ADDR: url, VAULT_TOKEN: "t", VAULT_SKIP_VERIFY: "1" }, /VAULT_SKIP_VERIFY is not honoured/);
    writeFileSync(join(home, ".vault-token"), "hvs.file\n");
    const services = await openKeyServices(invocation({ VAULT_ADDR: url, VAULT_NAMESPACE: "team" }));
    await services.transit("other/").encrypt({ key: "k", plaintext: Uint8Array.of(1) });
    assert.equal(requests[0]?.url, "/v1/other/encrypt/k");
    assert.equal(requests[0]?.headers["x-vault-token"], "hvs.file");
    assert.equal(requests[0]?.headers["x-vault-namespace"], "team");
  });

  it("name the file that cannot be read", async () => {
    await assert.rejects(
      openKeyServices(invocation({}, { "ca-file": "/nonexistent.pem" })),
      /cannot read \/nonexistent\.pem: ENOENT/,
    );
  });
});

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { KMS } from "@aws-sdk/client-kms";
import {
  EnvelopeError,
  type EnvelopeErrorCode,
  type KmsCaller,
  type KmsClient,
  type KmsClientOptions,
  kmsClient,
  transitClient,
} from "@coffer/envelope";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../src/http/fixtures/${name}`, import.meta.url));

function failsAs(code: EnvelopeErrorCode, serviceCode: string | undefined, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.deepEqual([error.code, error.serviceCode], [code, serviceCode]);
    assert.match(error.message, text);
    return true;
  };
}

describe("clients of key services", () => {
  const folder = temporaryFolder("envelope-clients");
  let server: ServerUnderTest;
  let kms: KmsCaller;

  const clientOf = (change: Partial<KmsClientOptions> = {}) =>
    kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials, ...change });
  const run = (args: readonly string[], environment: Record<string, string>): Promise<ProgramResult> =>
    runProgram(cofferPath, args, { environment: { HOME: folder, ...environment }, workingDirectory: folder });
  const generate = ["datakey", "--key", "alias/clients", "--without-plaintext"];
  const admin = async (...args: string[]): Promise<string> => {
    const { endpoint, token } = server.credentials;
    const { status, stdout, stderr } = await run(["admin", ...args, "--json"], {
      COFFER_ENDPOINT: endpoint,
      COFFER_TOKEN: token,
    });
    assert.equal(status, 0, stderr);
    return stdout;
  };

  before(async () => {
    server = await ServerUnderTest.start();
    kms = clientOf();
    const { KeyMetadata } = await kms.call("CreateKey", {});
    const { KeyId: TargetKeyId } = KeyMetadata as { KeyId: string };
    await kms.call("CreateAlias", { AliasName: "alias/clients", TargetKeyId });
    await fetch(`${server.url}/v1/sys/mounts/transit`, {
      method: "POST",
      headers: { "X-Vault-Token": server.credentials.token },
      body: '{"type":"transit"}',
    });
  });
  after(() => server?.kill());

  it("AWS's own client is one", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const theirs = new KMS({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey },
    });
    const EncryptionContext = { purpose: "test" };
    for (const [writer, reader] of [
      [theirs, kms],
      [kms, theirs],
    ] as const satisfies readonly (readonly [KmsClient, KmsClient])[]) {
      const made = await writer.generateDataKey({ KeyId: "alias/clients", NumberOfBytes: 32, EncryptionContext });
      const opened = await reader.decrypt({
        CiphertextBlob: made.CiphertextBlob!,
        KeyId: made.KeyId!,
        EncryptionContext,
      });
      assert.deepEqual(Buffer.from(opened.Plaintext!), Buffer.from(made.Plaintext!));
      assert.equal(opened.KeyId, made.KeyId);
    }
    theirs.destroy();
  });

  it("say what is wrong with credentials and keys", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const call = (credentials: KmsClientOptions["credentials"]) => clientOf({ credentials }).call("ListKeys", {});
    await assert.rejects(
      call({ accessKeyId: "AKIANOBODY0000000000", secretAccessKey }),
      failsAs("ServiceRefused", "UnrecognizedClientException", /Check the access key id/),
    );
    await assert.rejects(
      call({ accessKeyId, secretAccessKey: "another" }),
      failsAs("ServiceRefused", "InvalidSignatureException", /Check the secret access key/),
    );
    await assert.rejects(
      call({ accessKeyId, secretAccessKey, sessionToken: "no session" }),
      failsAs("ServiceRefused", "UnrecognizedClientException", /ListKeys was refused/),
    );
    await assert.rejects(
      kms.generateDataKey({ KeyId: "alias/nothing", NumberOfBytes: 32 }),
      failsAs("ServiceRefused", "NotFoundException", /Check the key, its region and its account/),
    );
    const transit = transitClient({ address: server.url, token: "hvs.wrong" });
    await assert.rejects(
      transit.generateDataKey({ key: "clients", bits: 256 }),
      failsAs("ServiceRefused", undefined, /status 403: .*Check the token and its policies/),
    );
  });

  it("name the request of a denial, which coffer explain explains", async () => {
    await admin("create-user", "nobody");
    const made = JSON.parse(await admin("create-access-key", "user/nobody"));
    const environment = {
      ...awsEnvironment(server),
      AWS_ACCESS_KEY_ID: made.access_key_id,
      AWS_SECRET_ACCESS_KEY: made.secret_access_key,
    };
    const { status, stdout, stderr } = await run(generate, environment);
    assert.deepEqual([status, stdout], [1, ""]);
    const requestId = /AccessDeniedException: .*coffer explain ([\w-]+) /.exec(stderr)?.[1];
    assert.ok(requestId, stderr);
    assert.equal(stderr.split(requestId).length, 2, "named once");
    const { endpoint, token } = server.credentials;
    const explained = await run(["explain", requestId], { COFFER_ENDPOINT: endpoint, COFFER_TOKEN: token });
    assert.equal(explained.status, 0, explained.stderr);
    assert.match(explained.stdout, /GenerateDataKeyWithoutPlaintext/);
  });

  it("a profile's endpoint, and credentials of a process", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const given = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey };
    writeFileSync(join(folder, "given.json"), JSON.stringify(given));
    mkdirSync(join(folder, ".aws"), { recursive: true });
    writeFileSync(
      join(folder, ".aws", "config"),
      `[profile process]\nregion = us-east-1\nendpoint_url = ${server.url}\ncredential_process = cat ${join(folder, "given.json")}\n`,
    );
    for (const [args, environment] of [
      [["--profile", "process"], {}],
      [[], { AWS_PROFILE: "process" }],
    ] as const) {
      const { status, stderr } = await run([...generate, ...args], environment);
      assert.equal(status, 0, stderr);
    }
    const { status, stderr } = await run([...generate, "--profile", "none"], { AWS_ENDPOINT_URL: server.url });
    assert.equal(status, 1);
    assert.match(stderr, /have no profile "none"/);
  });

  it("Coffer's token opens Transit keys where nothing else is named", async () => {
    writeFileSync(join(folder, "plain"), "a secret");
    const { endpoint, token } = server.credentials;
    const environment = { COFFER_ENDPOINT: endpoint, COFFER_TOKEN: token };
    const encrypted = await run(["encrypt", "--vault-key", "clients", "plain", "-o", "sealed"], environment);
    assert.equal(encrypted.status, 0, encrypted.stderr);
    const { stdout, stderr } = await run(["decrypt", "--vault-key", "clients", "sealed", "-o", "-"], environment);
    assert.equal(stdout, "a secret", stderr);
  });

  it("TLS of an authority that is named, and no other", async (t) => {
    const args = [`--tls-cert-file=${fixture("localhost-cert.pem")}`, `--tls-key-file=${fixture("localhost-key.pem")}`];
    const secure = await ServerUnderTest.start({ args });
    t.after(() => secure.kill());
    const environment = { ...awsEnvironment(secure), AWS_ENDPOINT_URL: `https://localhost:${secure.port}` };
    const list = ["datakey", "--key", "alias/nothing"];
    const untrusted = await run(list, environment);
    assert.match(untrusted.stderr, /does not answer \(\w*(CERT|SIGNED|VERIFY)\w*\)\. Check its certificate/);
    for (const [more, variables] of [
      [["--ca-file", fixture("localhost-cert.pem")], {}],
      [[], { AWS_CA_BUNDLE: fixture("localhost-cert.pem") }],
    ] as const) {
      const { stderr } = await run([...list, ...more], { ...environment, ...variables });
      assert.match(stderr, /NotFoundException/);
    }
    const vault = { VAULT_ADDR: environment.AWS_ENDPOINT_URL, VAULT_TOKEN: "hvs.wrong" };
    const encrypt = ["encrypt", "--vault-key", "clients", "plain", "-o", "never"];
    assert.match((await run(encrypt, vault)).stderr, /Check its certificate/);
    const trusted = await run(encrypt, { ...vault, VAULT_CACERT: fixture("localhost-cert.pem") });
    assert.match(trusted.stderr, /status 403/);
  });

  it("a server that is gone", async () => {
    const gone = await ServerUnderTest.start({ dev: true });
    const endpoint = gone.url;
    await gone.kill();
    const told = failsAs("ServiceUnavailable", undefined, /does not answer \(ECONNREFUSED\)\. Check the endpoint/);
    await assert.rejects(clientOf({ endpoint, maxAttempts: 2 }).call("ListKeys", {}), told);
    const transit = transitClient({ address: endpoint, token: "hvs.x", maxAttempts: 1 });
    await assert.rejects(transit.decrypt({ key: "k", ciphertext: "vault:v1:x" }), told);
  });
});

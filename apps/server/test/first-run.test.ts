import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ListKeysCommand } from "@aws-sdk/client-kms";
import { component } from "@coffer/testkit";
import { kmsClient } from "./aws-clients.ts";
import { awsParts, PythonClients, vaultParts } from "./python-clients.ts";
import { restBody } from "./rest-client.ts";
import { runProgram, runShell, temporaryFolder } from "./run-program.ts";
import { type Credentials, cofferPath, ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const aws = component("aws-cli");
const curl = component("curl");

/** The lines below `# TITLE` up to the next empty line. */
function pasteBlock(server: ServerUnderTest, title: string): string {
  const start = server.out.findIndex((line) => line === `# ${title}` || line.startsWith(`# ${title} `));
  assert.ok(start >= 0, `the banner has a block for ${title}`);
  const end = server.out.indexOf("", start);
  return server.out.slice(start + 1, end).join("\n");
}

function shellVariable(block: string, name: string): string {
  const value = new RegExp(`\\b${name}=(\\S+)`).exec(block)?.[1];
  assert.ok(value, `the block sets ${name}`);
  return value;
}

describe("the first start", () => {
  const folder = temporaryFolder("first");
  const credentialsFile = join(folder, "secrets", "credentials.json");
  let server: ServerUnderTest;
  let credentials: Credentials;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2, dataDir: join(folder, "data"), credentialsFile });
    await server.line(/^Not yet fit for production/);
    credentials = server.credentials;
  });
  after(() => server?.kill());

  const clientPath = () => [dirname(python.available ? python.path : ""), process.env["PATH"]].join(":");
  const paste = (...titles: readonly string[]) =>
    runShell(titles.map((title) => pasteBlock(server, title)).join("\n"), { environment: { PATH: clientPath() } });

  it("says where it listens before it says anything else", () => {
    assert.deepEqual(
      server.out.slice(0, 2),
      server.urls.map((url) => `listening on ${url}`),
    );
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.notEqual(server.url, server.vaultUrl);
  });

  it("prints the account root's credentials", () => {
    const text = server.out.join("\n");
    for (const value of [credentials.accessKeyId, credentials.secretAccessKey, credentials.token]) {
      assert.ok(text.includes(value));
    }
    assert.match(text, /shown once/);
    assert.ok(!server.err.join("\n").includes(credentials.secretAccessKey));
  });

  it("writes the same credentials to the file that was asked for, for its owner alone", () => {
    assert.deepEqual(Object.keys(credentials).sort(), [
      "accessKeyId",
      "account",
      "endpoint",
      "region",
      "secretAccessKey",
      "token",
    ]);
    assert.deepEqual(
      [credentials.account, credentials.region, credentials.endpoint],
      ["000000000000", "us-east-1", server.url],
    );
    assert.match(credentials.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
    assert.match(credentials.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
    assert.equal(statSync(credentialsFile).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(credentialsFile)).mode & 0o777, 0o700);
  });

  it("keeps the data directory to its owner", () => {
    assert.equal(statSync(join(folder, "data")).mode & 0o777, 0o700);
  });

  it("the block for curl works when pasted", { skip: curl.available ? false : curl.reason }, async () => {
    const { status, stdout, stderr } = await paste("curl");
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes('"id":"demo"'), stdout);
    assert.ok(stdout.includes('"ciphertext":"'), stdout);
    assert.ok(!stdout.includes("urn:coffer:error"), stdout);
  });

  it("the blocks for the AWS CLI and boto3 work when pasted", {
    skip: aws.available ? false : aws.reason,
  }, async () => {
    const { status, stdout, stderr } = await paste("AWS CLI", "boto3");
    assert.equal(status, 0, stderr);
    const demo = await restBody(server, "GET", "/keys/demo");
    const [cli, boto] = [stdout.slice(0, stdout.lastIndexOf("arn:")), stdout.slice(stdout.lastIndexOf("arn:"))];
    assert.match(JSON.parse(cli).KeyId, /^arn:aws:kms:us-east-1:000000000000:key\//);
    assert.equal(boto.trim(), JSON.parse(cli).KeyId);
    assert.equal(demo.version, 1);
  });

  it("what the blocks for Vault and SOPS do works with hvac and boto3", {
    skip: python.available ? false : python.reason,
  }, async (t) => {
    assert.ok(python.available);
    const clients = new PythonClients(python.path);
    t.after(() => clients.close());
    const vaultBlock = pasteBlock(server, "Vault client");
    assert.match(vaultBlock, /^vault secrets enable transit$/m);
    assert.match(vaultBlock, /^vault write transit\/encrypt\/demo plaintext=/m);
    const vault = [shellVariable(vaultBlock, "VAULT_ADDR"), shellVariable(vaultBlock, "VAULT_TOKEN")] as const;
    assert.deepEqual(vault, vaultParts(server));
    await clients.vault(vault, "sys.enable_secrets_engine", { backend_type: "transit" });
    const input = { name: "demo", plaintext: Buffer.from("hello").toString("base64") };
    const { data } = await clients.vault(vault, "secrets.transit.encrypt_data", input);
    assert.match(data.ciphertext, /^vault:v1:/);

    // SOPS calls Encrypt and Decrypt with what --kms names.
    const KeyId = /--kms (\S+)/.exec(pasteBlock(server, "SOPS"))?.[1];
    const kms = awsParts(server, "kms");
    const sealed = await clients.aws(kms, "encrypt", { KeyId, Plaintext: Buffer.from("data key") });
    const opened = await clients.aws(kms, "decrypt", { CiphertextBlob: sealed.CiphertextBlob });
    assert.equal(opened.Plaintext.toString(), "data key");
  });

  it("says what is missing for production and how to get it", () => {
    const advice = server.out.slice(server.out.indexOf("Not yet fit for production:")).join("\n");
    for (const command of ["--tls-cert-file", "--seal-key-file", "admin create-user"]) {
      assert.ok(advice.includes(command), command);
    }
  });
});

describe("later starts", () => {
  const folder = temporaryFolder("later");

  it("print no credentials, and know everything from before, also after a kill", async () => {
    const options = { dataDir: join(folder, "data"), credentialsFile: join(folder, "credentials.json") };
    await using first = await ServerUnderTest.start(options);
    const { credentials } = first;
    const sealedBy = async (server: ServerUnderTest, name: string) => {
      await restBody(server, "POST", "/keys", { key_id: name });
      const { ciphertext } = await restBody(server, "POST", "/encrypt", { key_id: name, plaintext: name });
      return { key_id: name, ciphertext };
    };
    const sealed = [await sealedBy(first, "first")];
    assert.equal(await first.stop(), 0);
    const stored = readFileSync(options.credentialsFile, "utf8");
    for (const name of ["second", "third", "fourth"]) {
      await using server = await ServerUnderTest.start(options);
      for (const body of sealed) {
        assert.equal((await restBody(server, "POST", "/decrypt", body)).plaintext, body.key_id);
      }
      sealed.push(await sealedBy(server, name));
      const kms = kmsClient(server, credentials);
      assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, sealed.length);
      kms.destroy();
      await server.kill();
      const text = [...server.out, ...server.err].join("\n");
      assert.ok(!text.includes(credentials.secretAccessKey) && !text.includes(credentials.token));
      assert.doesNotMatch(text, /AKIA|hvs\./);
      assert.equal(readFileSync(options.credentialsFile, "utf8"), stored);
    }
  });

  it("a second server on the same data directory is refused, and says why", async () => {
    const dataDir = join(folder, "shared");
    await using first = await ServerUnderTest.start({ dataDir });
    const second = await runProgram(cofferPath, ["server", `--data-dir=${dataDir}`, "--listen=127.0.0.1:0"]);
    assert.equal(second.status, 1);
    assert.equal(second.stdout, "");
    assert.equal(second.stderr.trim().split("\n").length, 1, second.stderr);
    assert.match(second.stderr, /^coffer: .*in use/);
    await restBody(first, "POST", "/keys", { key_id: "still-there" });
  });

  it("nothing listens when the credentials file cannot be written", async () => {
    const inTheWay = join(folder, "file");
    writeFileSync(inTheWay, "");
    const dataDir = join(folder, "unannounced");
    const { status, stdout, stderr } = await runProgram(cofferPath, [
      "server",
      `--data-dir=${dataDir}`,
      "--listen=127.0.0.1:0",
      `--credentials-file=${join(inTheWay, "credentials.json")}`,
    ]);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^coffer: cannot write the credentials file .*root-credential/);
  });

  it("a key file that others may read is refused", async () => {
    const dataDir = join(folder, "open");
    await using server = await ServerUnderTest.start({ dataDir });
    assert.equal(await server.stop(), 0);
    const keyFile = join(dataDir, "seal", "keyfile");
    assert.ok(existsSync(keyFile));
    mkdirSync(join(folder, "keys"), { mode: 0o700 });
    const copy = join(folder, "keys", "keyfile");
    writeFileSync(copy, readFileSync(keyFile), { mode: 0o644 });
    const args = ["server", `--data-dir=${dataDir}`, "--listen=127.0.0.1:0", `--seal-key-file=${copy}`];
    const { status, stdout, stderr } = await runProgram(cofferPath, args);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /^coffer: .* has mode 0644, .* chmod 600 /);
  });
});

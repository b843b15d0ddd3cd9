import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CreateKeyCommand, DescribeKeyCommand, ListKeysCommand, NotFoundException } from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import vault from "node-vault";
import { type AwsChoice, kmsClient, stsClient } from "./aws-clients.ts";
import { createKey } from "./aws-keys.ts";
import { makeUser } from "./rest-client.ts";
import { runProgram } from "./run-program.ts";
import { cofferPath, ServerUnderTest } from "./server-under-test.ts";

describe("dev mode", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  async function whoIs(
    accessKeyId: string,
    secretAccessKey: string,
    more: AwsChoice = {},
  ): Promise<string | undefined> {
    const sts = stsClient(server, { accessKeyId, secretAccessKey, ...more });
    try {
      return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
    } finally {
      sts.destroy();
    }
  }

  it("says what it is, on every start", async () => {
    await server.line(/^DEV MODE: everything is in memory/);
    const text = server.out.join("\n");
    for (const words of [
      `curl ${server.url}/keys`,
      "aws kms",
      `VAULT_ADDR=${server.vaultUrl} VAULT_TOKEN=root-token`,
    ]) {
      assert.ok(text.includes(words), words);
    }
  });

  it("takes any credentials as the account root", async () => {
    assert.equal(await whoIs("test", "test"), "arn:aws:iam::000000000000:root");
    assert.equal(await whoIs("AKIAIOSFODNN7EXAMPLE", "anything"), "arn:aws:iam::000000000000:root");
    const temporary = await whoIs("ASIAIOSFODNN7EXAMPLE", "anything", { sessionToken: "of somewhere else" });
    assert.equal(temporary, "arn:aws:iam::000000000000:root");
  });

  it("takes a 12-digit access key id as that account's root, with keys of its own", async () => {
    assert.equal(await whoIs("111122223333", "x"), "arn:aws:iam::111122223333:root");
    const [one, other] = ["111122223333", "444455556666"].map((accessKeyId) => kmsClient(server, { accessKeyId })) as [
      ReturnType<typeof kmsClient>,
      ReturnType<typeof kmsClient>,
    ];
    const { KeyMetadata: key } = await one.send(new CreateKeyCommand({}));
    assert.equal(key?.AWSAccountId, "111122223333");
    assert.deepEqual((await other.send(new ListKeysCommand({}))).Keys, []);
    await assert.rejects(other.send(new DescribeKeyCommand({ KeyId: key?.KeyId })), NotFoundException);
    await assert.rejects(other.send(new DescribeKeyCommand({ KeyId: key?.Arn })), { name: "AccessDeniedException" });
    one.destroy();
    other.destroy();
  });

  it("takes known credentials as whose they are", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    assert.equal(await whoIs(accessKeyId, secretAccessKey), "arn:aws:iam::000000000000:root");
    await assert.rejects(whoIs(accessKeyId, "wrong"), { name: "SignatureDoesNotMatch" });
    const alice = await makeUser(server, "alice", ["kms:ListKeys"]);
    assert.equal(await whoIs(alice.accessKeyId, alice.secretAccessKey), alice.arn);
    const kms = kmsClient(server, alice);
    await kms.send(new ListKeysCommand({}));
    await assert.rejects(createKey(kms), { name: "AccessDeniedException" });
    kms.destroy();
  });

  it("takes REST calls without a token, Vault calls with root-token only", async () => {
    const made = await fetch(`${server.url}/keys`, { method: "POST", body: '{"key_id":"free"}' });
    assert.equal(made.status, 201);
    const wrong = await fetch(`${server.url}/keys`, { headers: { authorization: "Bearer wrong" } });
    assert.equal(wrong.status, 401);
    const root = vault({ endpoint: server.vaultUrl, token: "root-token" });
    await root.mount({ mount_point: "transit", type: "transit" });
    assert.deepEqual((await root.transitListKeys()).data.keys, ["free"]);
    const stranger = vault({ endpoint: server.vaultUrl, token: "x" });
    await assert.rejects(stranger.transitListKeys(), /permission denied/);
  });

  it("speaks every API on every address", async () => {
    for (const url of server.urls) {
      assert.equal((await fetch(`${url}/health`)).status, 200);
      assert.equal((await fetch(`${url}/v1/sys/health`)).status, 200);
      assert.equal((await fetch(url)).status, 200);
    }
  });

  it("does not listen beyond this machine", async () => {
    const { status, stdout, stderr } = await runProgram(cofferPath, ["server", "--dev", "--listen=0.0.0.0:0"]);
    assert.notEqual(status, 0);
    assert.equal(stdout, "");
    assert.match(stderr, /^coffer: .*loopback/i);
  });

  it("ends with 0 on SIGTERM, and leaves nothing behind", async () => {
    await using other = await ServerUnderTest.start({ dev: true });
    assert.equal(await other.stop(), 0);
    assert.deepEqual(other.leftBehind, []);
  });
});

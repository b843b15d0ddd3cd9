import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { AwsCli } from "./aws-cli-client.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const aws = component("aws-cli");

describe("AWS CLI", { skip: aws.available ? false : aws.reason }, () => {
  let server: ServerUnderTest;
  let cli: AwsCli;
  before(async () => {
    assert.ok(aws.available);
    server = await ServerUnderTest.start();
    cli = new AwsCli(aws.path, server);
  });
  after(() => server?.kill());

  async function roundTrip(keyId: string, ...options: string[]): Promise<string> {
    const plaintext = Buffer.from([0, 255, ...Buffer.from(" hello\n")]);
    const input = cli.file("plaintext", plaintext);
    const sealed = await cli.kms("encrypt", "--key-id", keyId, "--plaintext", input, ...options);
    const blob = cli.file("ciphertext", Buffer.from(sealed.CiphertextBlob, "base64"));
    const opened = await cli.kms("decrypt", "--ciphertext-blob", blob, ...options);
    assert.deepEqual(Buffer.from(opened.Plaintext, "base64"), plaintext);
    assert.equal(opened.KeyId, sealed.KeyId);
    return sealed.KeyId;
  }

  it("create-key, create-alias, encrypt, decrypt, list-keys, list-aliases", async () => {
    const { KeyMetadata: key } = await cli.kms("create-key", "--description", "from the CLI");
    assert.deepEqual([key.Description, key.KeyState], ["from the CLI", "Enabled"]);
    await cli.kms("create-alias", "--alias-name", "alias/cli", "--target-key-id", key.KeyId);
    assert.equal(await roundTrip("alias/cli", "--encryption-context", "customer=42,order=7"), key.Arn);
    const { Keys } = await cli.kms("list-keys");
    assert.deepEqual(Keys, [{ KeyId: key.KeyId, KeyArn: key.Arn }]);
    const aliases = await cli.kms("list-aliases", "--query", "Aliases[].[AliasName, TargetKeyId]");
    assert.deepEqual(aliases, [["alias/cli", key.KeyId]]);
  });

  for (const region of ["ap-northeast-2", "us-west-2"]) {
    it(`the same in ${region}, which has keys of its own`, async () => {
      // As flags, in place of the variables.
      const at = ["--region", region, "--endpoint-url", server.url];
      const { KeyMetadata: key } = await cli.kms("create-key", ...at);
      assert.ok(key.Arn.startsWith(`arn:aws:kms:${region}:`));
      assert.equal(await roundTrip(key.KeyId, ...at), key.Arn);
      assert.deepEqual((await cli.kms("list-keys", ...at)).Keys, [{ KeyId: key.KeyId, KeyArn: key.Arn }]);
      const elsewhere = await cli.run(["kms", "describe-key", "--key-id", key.Arn]);
      assert.notEqual(elsewhere.status, 0);
      assert.match(elsewhere.stderr, /\(NotFoundException\)/);
    });
  }

  it("shows errors as AWS's", async () => {
    for (const [environment, code] of [
      [{ AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" }, "UnrecognizedClientException"],
      [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "InvalidSignatureException"],
    ] as const) {
      assert.match(await cli.refused(code, ["list-keys"], environment), /operation: \S/);
    }
  });

  it("tells who calls", async () => {
    const { status, stdout, stderr } = await cli.run(["sts", "get-caller-identity"]);
    assert.equal(status, 0, stderr);
    const { account } = server.credentials;
    assert.deepEqual(JSON.parse(stdout), { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });
  });
});

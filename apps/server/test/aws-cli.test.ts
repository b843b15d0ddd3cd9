import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const aws = component("aws-cli");

describe("AWS CLI", { skip: aws.available ? false : aws.reason }, () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("aws-cli");
  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(() => server?.kill());

  function run(args: readonly string[], environment: Record<string, string> = {}): Promise<ProgramResult> {
    assert.ok(aws.available);
    const { accessKeyId, secretAccessKey, region } = server.credentials;
    return runProgram(aws.path, args, {
      environment: {
        AWS_ENDPOINT_URL: server.url,
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_DEFAULT_OUTPUT: "json",
        ...environment,
      },
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  async function kms(...args: string[]): Promise<any> {
    const { status, stdout, stderr } = await run(["kms", ...args]);
    assert.equal(status, 0, stderr);
    return stdout === "" ? undefined : JSON.parse(stdout);
  }

  /** Bytes travel in files: the first major version of the CLI takes text as it is, the second as base64. */
  function file(name: string, content: Buffer | string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return `fileb://${path}`;
  }

  async function roundTrip(keyId: string, ...options: string[]): Promise<string> {
    const plaintext = Buffer.from([0, 255, ...Buffer.from(" hello\n")]);
    const input = file("plaintext", plaintext);
    const sealed = await kms("encrypt", "--key-id", keyId, "--plaintext", input, ...options);
    const blob = file("ciphertext", Buffer.from(sealed.CiphertextBlob, "base64"));
    const opened = await kms("decrypt", "--ciphertext-blob", blob, ...options);
    assert.deepEqual(Buffer.from(opened.Plaintext, "base64"), plaintext);
    assert.equal(opened.KeyId, sealed.KeyId);
    return sealed.KeyId;
  }

  it("create-key, create-alias, encrypt, decrypt, list-keys, list-aliases", async () => {
    const { KeyMetadata: key } = await kms("create-key", "--description", "from the CLI");
    assert.deepEqual([key.Description, key.KeyState], ["from the CLI", "Enabled"]);
    await kms("create-alias", "--alias-name", "alias/cli", "--target-key-id", key.KeyId);
    assert.equal(await roundTrip("alias/cli", "--encryption-context", "customer=42,order=7"), key.Arn);
    const { Keys } = await kms("list-keys");
    assert.deepEqual(Keys, [{ KeyId: key.KeyId, KeyArn: key.Arn }]);
    const aliases = await kms("list-aliases", "--query", "Aliases[].[AliasName, TargetKeyId]");
    assert.deepEqual(aliases, [["alias/cli", key.KeyId]]);
  });

  for (const region of ["ap-northeast-2", "us-west-2"]) {
    it(`the same in ${region}, which has keys of its own`, async () => {
      // As flags, in place of the variables.
      const at = ["--region", region, "--endpoint-url", server.url];
      const { KeyMetadata: key } = await kms("create-key", ...at);
      assert.ok(key.Arn.startsWith(`arn:aws:kms:${region}:`));
      assert.equal(await roundTrip(key.KeyId, ...at), key.Arn);
      assert.deepEqual((await kms("list-keys", ...at)).Keys, [{ KeyId: key.KeyId, KeyArn: key.Arn }]);
      const elsewhere = await run(["kms", "describe-key", "--key-id", key.Arn]);
      assert.notEqual(elsewhere.status, 0);
      assert.match(elsewhere.stderr, /\(NotFoundException\)/);
    });
  }

  it("shows errors as AWS's", async () => {
    for (const [environment, code] of [
      [{ AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" }, "UnrecognizedClientException"],
      [{ AWS_SECRET_ACCESS_KEY: "wrong" }, "InvalidSignatureException"],
    ] as const) {
      const { status, stderr } = await run(["kms", "list-keys"], environment);
      assert.notEqual(status, 0);
      assert.match(stderr, new RegExp(`An error occurred \\(${code}\\) when calling the ListKeys operation: \\S`));
    }
  });

  it("tells who calls", async () => {
    const { status, stdout, stderr } = await run(["sts", "get-caller-identity"]);
    assert.equal(status, 0, stderr);
    const { account } = server.credentials;
    assert.deepEqual(JSON.parse(stdout), { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });
  });
});

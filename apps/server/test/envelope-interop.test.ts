import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { buildClient, CommitmentPolicy, getClient, KMS, KmsKeyringNode } from "@aws-crypto/client-node";
import {
  decrypt,
  encrypt,
  type Keyring,
  type KmsCaller,
  kmsClient,
  kmsDiscoveryKeyring,
  kmsKeyring,
} from "@coffer/envelope";
import { component, type PythonJob, runPythonJobs } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
/** The AWS Encryption CLI, which needs another version of its SDK than the one in .venv. */
const awsEncryptionCli = process.env["AWS_ENCRYPTION_CLI"];

const contexts: readonly Record<string, string>[] = [{}, { customer: "42", ключ: "значение", B: "2", a: "1" }];
const content = Buffer.from("a report, ".repeat(1000));
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/** Messages of `@coffer/envelope` and of AWS's libraries, under keys of one server. */
describe("envelopes under keys of a server", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  let arns: readonly string[] = [];
  let keyring: Keyring;

  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    const newKey = async () => ((await kms.call("CreateKey", {}))["KeyMetadata"] as { Arn: string }).Arn;
    arns = [await newKey(), await newKey()];
    keyring = kmsKeyring({ keyIds: arns, client: kms });
  });
  after(() => server?.kill());

  /** Each of our keyrings that should open a message of these keys. */
  async function opens(message: Uint8Array, context: Record<string, string>): Promise<void> {
    const keyrings = [
      keyring,
      ...arns.map((keyId) => kmsKeyring({ keyId, client: kms })),
      kmsDiscoveryKeyring({ client: kms }),
    ];
    for (const one of keyrings) {
      const decrypted = await decrypt(message, { keyring: one, context, commitment: "optional" });
      assert.deepEqual(Buffer.from(decrypted.plaintext), content);
      assert.deepEqual({ ...decrypted.context }, context);
    }
  }

  describe("AWS Encryption SDK for Python", { skip: python.available ? false : python.reason }, () => {
    const run = (jobs: readonly PythonJob[]) => {
      assert.ok(python.available);
      return runPythonJobs(python.path, jobs, awsEnvironment(server));
    };

    it("what it writes we read", async () => {
      const keys = arns.map((arn) => ({ type: "kms", arn }) as const);
      const jobs = contexts.flatMap((context) =>
        [0x0578, 0x0478, 0x0378, 0x0214, 0x0014].map(
          (suite) => ({ do: "encrypt", suite, frame_bytes: 4096, keys, context, plaintext: base64(content) }) as const,
        ),
      );
      for (const [index, { ok, message }] of run(jobs).entries()) {
        assert.ok(ok, message);
        await opens(Buffer.from(ok, "base64"), jobs[index]!.context);
      }
    });

    it("what we write it reads: by either key, and by whichever the message names", async () => {
      const readers = [...arns.map((arn) => ({ type: "kms", arn }) as const), { type: "kms-discovery" } as const];
      for (const context of contexts) {
        const message = base64(await encrypt(content, { keyring, context, sign: true }));
        for (const { ok, message: told } of run(
          readers.map((key) => ({ do: "decrypt", keys: [key], message, strict: true })),
        )) {
          assert.equal(ok?.plaintext, base64(content), told);
          assert.deepEqual(ok.context, context);
        }
      }
    });
  });

  it("AWS Encryption SDK for JavaScript", async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const options = { endpoint: server.url, credentials: { accessKeyId, secretAccessKey } };
    // Their types of members that may be absent differ.
    const clientProvider = getClient(KMS as never, options);
    const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
    const [generatorKeyId = "", ...keyIds] = arns;
    const all = new KmsKeyringNode({ clientProvider, generatorKeyId, keyIds });
    const readers = [
      all,
      ...arns.map((arn) => new KmsKeyringNode({ clientProvider, keyIds: [arn] })),
      new KmsKeyringNode({ clientProvider, discovery: true }),
    ];
    for (const context of contexts) {
      const { result } = await client.encrypt(all, content, { encryptionContext: context });
      await opens(result, context);
      const ours = await encrypt(content, { keyring, context, sign: true });
      for (const reader of readers) {
        const { plaintext, messageHeader } = await client.decrypt(reader, ours);
        assert.deepEqual(Buffer.from(plaintext), content);
        const { "aws-crypto-public-key": _, ...stored } = messageHeader.encryptionContext;
        assert.deepEqual(stored, context);
      }
    }
  });

  it("AWS Encryption CLI", {
    skip: awsEncryptionCli === undefined ? "AWS_ENCRYPTION_CLI names no program." : false,
  }, async () => {
    const folder = temporaryFolder("encryption-cli");
    const [original, theirs, ours, back] = ["report", "theirs", "ours", "back"].map((name) => join(folder, name));
    writeFileSync(original!, content);
    const cli = async (...args: readonly string[]): Promise<ProgramResult> => {
      const common = ["--suppress-metadata", "--encryption-context", "customer=42", "purpose=test"];
      const result = await runProgram(awsEncryptionCli!, [...args, ...common], { environment: awsEnvironment(server) });
      assert.equal(result.status, 0, result.stderr);
      return result;
    };
    const context = { customer: "42", purpose: "test" };
    await cli("--encrypt", "-i", original!, "-o", theirs!, "--wrapping-keys", ...arns.map((arn) => `key=${arn}`));
    await opens(readFileSync(theirs!), context);
    for (const sign of [false, true]) {
      writeFileSync(ours!, await encrypt(content, { keyring, context, sign }));
      for (const by of [...arns.map((arn) => `key=${arn}`), "discovery=true"]) {
        await cli("--decrypt", "-i", ours!, "-o", back!, "--wrapping-keys", by);
        assert.deepEqual(readFileSync(back!), content);
      }
    }
  });
});

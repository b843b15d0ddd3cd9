import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { awsParts, PythonClients, PythonError, pythonScript } from "./python-clients.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");

describe("boto3", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  let clients: PythonClients;
  before(async () => {
    assert.ok(python.available);
    server = await ServerUnderTest.start();
    clients = new PythonClients(python.path);
  });
  after(async () => {
    clients?.close();
    await server?.kill();
  });

  const kms = (operation: string, input = {}) => clients.aws(awsParts(server, "kms"), operation, input);

  async function createKey(): Promise<{ KeyId: string; Arn: string }> {
    return (await kms("create_key")).KeyMetadata;
  }

  async function raises(call: Promise<unknown>, code: string, status: number, className = "ClientError") {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof PythonError, String(error));
      assert.deepEqual([error.code, error.status, error.className], [code, status, className]);
      return true;
    });
  }

  it("envelope encryption: a data key, AES-GCM here, the data key decrypted there", async () => {
    assert.ok(python.available);
    const { KeyId, Arn } = await createKey();
    const { status, stdout, stderr } = await runProgram(python.path, [pythonScript("envelope.py"), KeyId], {
      environment: awsEnvironment(server),
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split("\n"), [
      `the report came back under ${Arn}`,
      "another context was refused",
      "a changed report was refused",
    ]);
  });

  it("asymmetric, HMAC, imported, multi-Region and shared keys, with cryptography on the other side", async () => {
    assert.ok(python.available);
    const environment = awsEnvironment(server);
    const { status, stdout, stderr } = await runProgram(python.path, [pythonScript("keys.py")], { environment });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split("\n"), [
      "signatures verify here and there",
      "one shared secret on both sides",
      "ML-DSA and ML-KEM as in cryptography",
      "a MAC is of its message alone",
      "a data key pair is a pair",
      "imported keys are those that were here",
      "a replica opens what the primary sealed",
      "grants are given, listed, revoked and retired",
    ]);
  });

  it("encrypts, decrypts and re-encrypts bytes that are no text", async () => {
    const [{ KeyId }, other] = [await createKey(), await createKey()];
    const Plaintext = Buffer.from([0, 255, 128, 10, 13, 34]);
    const EncryptionContext = { a: "1", b: "2" };
    const { CiphertextBlob } = await kms("encrypt", { KeyId, Plaintext, EncryptionContext });
    const opened = await kms("decrypt", { CiphertextBlob, EncryptionContext: { b: "2", a: "1" } });
    assert.deepEqual(opened.Plaintext, Plaintext);
    const moved = await kms("re_encrypt", {
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: other.KeyId,
    });
    assert.deepEqual((await kms("decrypt", { CiphertextBlob: moved.CiphertextBlob })).Plaintext, Plaintext);
    const { Plaintext: random } = await kms("generate_random", { NumberOfBytes: 1024 });
    assert.equal(random.length, 1024);
  });

  it("pages through listings", async () => {
    const { KeyId } = await createKey();
    const names = Array.from({ length: 5 }, (_, index) => `alias/boto/${index}`);
    for (const AliasName of names) await kms("create_alias", { AliasName, TargetKeyId: KeyId });
    const parts = awsParts(server, "kms");
    const aliases = await clients.awsPages(parts, "list_aliases", 2, { KeyId });
    assert.deepEqual(
      aliases.map(({ Aliases }) => Aliases.length),
      [2, 2, 1],
    );
    assert.deepEqual(
      aliases.flatMap(({ Aliases }) => Aliases.map(({ AliasName }: { AliasName: string }) => AliasName)).sort(),
      names,
    );
    const keys = await clients.awsPages(parts, "list_keys", 1);
    const ids = keys.flatMap(({ Keys }) => Keys.map((key: { KeyId: string }) => key.KeyId));
    assert.ok(ids.includes(KeyId));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(keys.length, ids.length);
  });

  it("reads dates as dates", async () => {
    const { KeyId } = await createKey();
    const before = new Date((await kms("describe_key", { KeyId })).KeyMetadata.CreationDate);
    const { DeletionDate } = await kms("schedule_key_deletion", { KeyId, PendingWindowInDays: 30 });
    assert.ok(new Date(DeletionDate).getTime() >= before.getTime() + 30 * 86_400_000);
  });

  it("raises ClientErrors with AWS's codes", async () => {
    const KeyId = "00000000-0000-4000-8000-000000000000";
    await raises(kms("describe_key", { KeyId }), "NotFoundException", 400, "NotFoundException");
    await raises(kms("generate_random", { NumberOfBytes: 2048 }), "ValidationException", 400);
    const disabled = await createKey();
    await kms("disable_key", { KeyId: disabled.KeyId });
    const encrypting = kms("encrypt", { KeyId: disabled.KeyId, Plaintext: Buffer.from("x") });
    await raises(encrypting, "DisabledException", 400, "DisabledException");
    const garbage = kms("decrypt", { CiphertextBlob: Buffer.from("no ciphertext of ours") });
    await raises(garbage, "InvalidCiphertextException", 400, "InvalidCiphertextException");
    const stranger = awsParts(server, "kms", { ...server.credentials, accessKeyId: "AKIAIOSFODNN7EXAMPLE" });
    await raises(clients.aws(stranger, "list_keys"), "UnrecognizedClientException", 400);
    const forger = awsParts(server, "kms", { ...server.credentials, secretAccessKey: "wrong" });
    await raises(clients.aws(forger, "list_keys"), "InvalidSignatureException", 400);
  });

  it("uses two regions apart", async () => {
    const parts = (region: string) => awsParts(server, "kms", { ...server.credentials, region });
    const { Arn } = (await clients.aws(parts("ap-northeast-2"), "create_key")).KeyMetadata;
    assert.match(Arn, /^arn:aws:kms:ap-northeast-2:/);
    assert.equal((await clients.aws(parts("ap-northeast-2"), "describe_key", { KeyId: Arn })).KeyMetadata.Arn, Arn);
    const elsewhere = clients.aws(parts("us-west-2"), "describe_key", { KeyId: Arn });
    await raises(elsewhere, "NotFoundException", 400, "NotFoundException");
  });

  it("tells who calls, also by a URL with the signature in it", async () => {
    const { account } = server.credentials;
    const parts = awsParts(server, "sts");
    assert.equal((await clients.aws(parts, "get_caller_identity")).Arn, `arn:aws:iam::${account}:root`);
    const url = await clients.awsPresign(parts, "get_caller_identity");
    assert.ok(url.includes("X-Amz-Signature="));
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), new RegExp(`<Arn>arn:aws:iam::${account}:root</Arn>`));
    const forged = await fetch(
      url.replace(/X-Amz-Signature=./, (match) => `${match.slice(0, -1)}${match.endsWith("0") ? 1 : 0}`),
    );
    assert.equal(forged.status, 403);
    assert.match(await forged.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
  });
});

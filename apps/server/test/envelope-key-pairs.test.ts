import assert from "node:assert/strict";
import { after, before, describe, it, mock } from "node:test";
import { KMS } from "@aws-sdk/client-kms";
import {
  decrypt,
  EnvelopeError,
  type EnvelopeErrorCode,
  encrypt,
  type Keyring,
  type KmsCaller,
  kmsClient,
  multiKeyring,
} from "@coffer/envelope";
import {
  type DataKeyPair,
  dataKeyPairKeyring,
  generateDataKeyPair,
  kmsRsaKeyring,
  rawRsaKeyring,
  type WrappedPrivateKey,
} from "@coffer/envelope/rsa";
import { component } from "@coffer/testkit";
import { awsEnvironment } from "./aws-environment.ts";
import { pythonScript } from "./python-clients.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");
const context = { customer: "42" };
const named = { namespace: "tests", name: "pair" } as const;

function refusedAs(code: EnvelopeErrorCode, text: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof EnvelopeError && error.code === code && text.test(error.message);
}

async function opens(message: Uint8Array, keyring: Keyring): Promise<void> {
  assert.equal(Buffer.from((await decrypt(message, { keyring, context })).plaintext).toString(), "a secret");
}

describe("RSA pairs of a server", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  let arn = "";
  const calls: string[] = [];

  const newKey = async (input: Record<string, unknown> = {}) =>
    ((await kms.call("CreateKey", input))["KeyMetadata"] as { Arn: string }).Arn;

  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    kms = kmsClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: server.credentials,
      fetch: (url, init) => {
        calls.push(init.headers["x-amz-target"] ?? "?");
        return fetch(url, { ...init, body: init.body ?? null });
      },
    });
    arn = await newKey();
    await kms.call("CreateAlias", { AliasName: "alias/pairs", TargetKeyId: arn });
  });
  after(() => server?.kill());

  describe("data key pairs", () => {
    let pair: DataKeyPair;
    const pairContext = { purpose: "pair" };
    const wrapped = (change: Partial<WrappedPrivateKey> = {}): WrappedPrivateKey => ({
      ...pair,
      client: kms,
      context: pairContext,
      ...change,
    });
    const reader = (change: Partial<WrappedPrivateKey> = {}) =>
      dataKeyPairKeyring({ ...named, wrappedPrivateKey: wrapped(change) });
    const writer = () => dataKeyPairKeyring({ ...named, publicKey: pair.publicKey });

    before(async () => {
      pair = await generateDataKeyPair({ client: kms, keyId: "alias/pairs", spec: "RSA_2048", context: pairContext });
    });

    it("encrypts without a call, and decrypts any number of messages with one", async () => {
      assert.equal(pair.keyId, arn);
      calls.length = 0;
      const messages = await Promise.all(
        Array.from({ length: 20 }, () => encrypt("a secret", { keyring: writer(), context })),
      );
      assert.deepEqual(calls, []);
      const keyring = reader();
      await Promise.all(messages.map((message) => opens(message, keyring)));
      for (const message of messages) await opens(message, keyring);
      assert.deepEqual(calls, ["TrentService.Decrypt"]);
    });

    it("asks again once the private key was kept for its time", async (t) => {
      mock.timers.enable({ apis: ["Date"], now: Date.now() });
      t.after(() => mock.timers.reset());
      const message = await encrypt("a secret", { keyring: writer(), context });
      const keyring = reader({ maxAgeMs: 1000 });
      calls.length = 0;
      await opens(message, keyring);
      mock.timers.tick(999);
      await opens(message, keyring);
      assert.equal(calls.length, 1);
      mock.timers.tick(1);
      await opens(message, keyring);
      assert.equal(calls.length, 2);
    });

    it("the private key, from wherever, reads them as raw RSA", async () => {
      const message = await encrypt("a secret", { keyring: writer(), context });
      const { Plaintext } = await kms.decrypt({
        KeyId: arn,
        CiphertextBlob: pair.privateKeyCiphertext,
        EncryptionContext: pairContext,
      });
      await opens(message, rawRsaKeyring({ ...named, privateKey: Plaintext!, padding: "oaep-sha256" }));
    });

    it("a pair of AWS's own client", async () => {
      const { accessKeyId, secretAccessKey } = server.credentials;
      const credentials = { accessKeyId, secretAccessKey };
      const client = new KMS({ endpoint: server.url, region: "us-east-1", credentials });
      const theirs = await generateDataKeyPair({ client, keyId: arn });
      const keyring = dataKeyPairKeyring({
        ...named,
        publicKey: theirs.publicKey,
        wrappedPrivateKey: { ...theirs, client },
      });
      await opens(await encrypt("a secret", { keyring, context }), keyring);
      client.destroy();
    });

    it("refusals say why, and another keyring may still succeed; what failed is asked anew", async () => {
      const both = multiKeyring([reader({ context: {} }), reader()]);
      const message = await encrypt("a secret", { keyring: writer(), context });
      await opens(message, both);
      const refused = (keyring: Keyring, text: RegExp) =>
        assert.rejects(decrypt(message, { keyring, context }), refusedAs("KeyUnavailable", text));
      await refused(reader({ context: {} }), /InvalidCiphertext/);
      await refused(writer(), /has no private key/);
      await refused(reader({ keyId: await newKey() }), /IncorrectKey/);
      const lying = {
        ...kms,
        decrypt: async (input: Parameters<typeof kms.decrypt>[0]) => ({
          ...(await kms.decrypt(input)),
          KeyId: `${arn}0`,
        }),
      };
      await refused(reader({ client: lying }), /another key/);
      const keyring = reader();
      await kms.call("DisableKey", { KeyId: arn });
      await refused(keyring, /DisabledException/);
      await kms.call("EnableKey", { KeyId: arn });
      await opens(message, keyring);
    });
  });

  describe("an RSA key of KMS", () => {
    let rsaArn = "";
    let publicKey = new Uint8Array();
    before(async () => {
      rsaArn = await newKey({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
      publicKey = (await kms.call("GetPublicKey", { KeyId: rsaArn }))["PublicKey"] as Uint8Array<ArrayBuffer>;
    });

    it("the public key encrypts without a call, the server decrypts", async () => {
      for (const encryptionAlgorithm of ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] as const) {
        calls.length = 0;
        const options = { keyId: rsaArn, encryptionAlgorithm };
        const message = await encrypt("a secret", { keyring: kmsRsaKeyring({ ...options, publicKey }), context });
        assert.deepEqual(calls, []);
        await opens(message, kmsRsaKeyring({ ...options, client: kms }));
        assert.deepEqual(calls, ["TrentService.Decrypt"]);
      }
    });

    it("another context, another key, a lying server and signed messages are refused", async () => {
      const keyring = kmsRsaKeyring({ keyId: rsaArn, publicKey, client: kms });
      const message = await encrypt("x", { keyring, context, requiredContextNames: ["customer"] });
      await decrypt(message, { keyring, context });
      await assert.rejects(
        decrypt(message, { keyring, context: { customer: "43" } }),
        refusedAs("KeyUnavailable", /does not unwrap it/),
      );
      await assert.rejects(
        decrypt(message, { keyring: kmsRsaKeyring({ keyId: arn, client: kms }), context }),
        refusedAs("KeyUnavailable", /none of its/),
      );
      const lying = {
        ...kms,
        decrypt: async (input: Parameters<typeof kms.decrypt>[0]) => ({ ...(await kms.decrypt(input)), KeyId: arn }),
      };
      await assert.rejects(
        decrypt(message, { keyring: kmsRsaKeyring({ keyId: rsaArn, client: lying }), context }),
        refusedAs("KeyUnavailable", /another key/),
      );
      await assert.rejects(
        encrypt("x", { keyring, sign: true }),
        refusedAs("InvalidInput", /not for messages that are signed/),
      );
      const sealed = kmsRsaKeyring({ keyId: rsaArn, client: kms });
      await assert.rejects(encrypt("x", { keyring: sealed }), refusedAs("InvalidInput", /only decrypts/));
      for (const keyId of ["alias/pairs", rsaArn.replace(/key.*/, "alias/pairs"), ""]) {
        assert.throws(() => kmsRsaKeyring({ keyId, client: kms }), refusedAs("InvalidInput", /ARN/));
      }
    });

    it("beside AWS's own", { skip: python.available ? false : python.reason }, async () => {
      assert.ok(python.available);
      const keyring = kmsRsaKeyring({ keyId: rsaArn, publicKey, client: kms });
      const message = await encrypt("a secret", { keyring, context });
      const { status, stdout, stderr } = await runProgram(python.path, [pythonScript("kms_rsa.py")], {
        environment: awsEnvironment(server),
        input: JSON.stringify({
          arn: rsaArn,
          public_key: Buffer.from(publicKey).toString("base64"),
          endpoint: server.url,
          message: Buffer.from(message).toString("base64"),
          context,
        }),
      });
      assert.equal(status, 0, stderr);
      const told = JSON.parse(stdout) as { plaintext: string; message: string };
      assert.equal(Buffer.from(told.plaintext, "base64").toString(), "a secret");
      await opens(Buffer.from(told.message, "base64"), keyring);
    });
  });
});

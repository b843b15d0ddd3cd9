import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient } from "@coffer/envelope";
import { awsEnvironment } from "./aws-environment.ts";
import { type ProgramResult, runProgram, temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const coffer = join(import.meta.dirname, "../../../bin/coffer");

describe("coffer datakey, keypair, sign and verify", () => {
  const folder = temporaryFolder("cli-keys");
  let server: ServerUnderTest;
  let kms: KmsCaller;

  const run = (...args: string[]): Promise<ProgramResult> =>
    runProgram(coffer, args, { environment: awsEnvironment(server), workingDirectory: folder });
  const succeed = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(...args);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
    return stdout.trim();
  };
  const fail = async (text: RegExp, ...args: string[]): Promise<void> => {
    const { status, stdout, stderr } = await run(...args);
    assert.notEqual(status, 0);
    assert.equal(stdout, "");
    assert.match(stderr, text);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  };
  const newKey = async (alias: string, input: Record<string, unknown> = {}) => {
    const { KeyMetadata } = await kms.call("CreateKey", input);
    await kms.call("CreateAlias", { AliasName: alias, TargetKeyId: (KeyMetadata as { KeyId: string }).KeyId });
  };

  before(async () => {
    server = await ServerUnderTest.start();
    kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    await newKey("alias/orders");
    writeFileSync(join(folder, "large"), randomBytes(100_000));
    writeFileSync(join(folder, "small"), "a message");
  });
  after(() => server?.kill());

  it("datakey: both forms of one key, bound to its context", async () => {
    const [plaintext = "", wrapped = ""] = (
      await succeed("datakey", "--key", "alias/orders", "--context", "table=a=b")
    ).split("\n");
    const opened = await kms.decrypt({
      KeyId: "alias/orders",
      CiphertextBlob: Buffer.from(wrapped, "base64"),
      EncryptionContext: { table: "a=b" },
    });
    assert.equal(Buffer.from(opened.Plaintext ?? []).toString("base64"), plaintext);
    assert.equal(Buffer.from(plaintext, "base64").length, 32);
    const json = JSON.parse(
      await succeed("datakey", "--key", "alias/orders", "--spec", "AES_128", "--without-plaintext", "--json"),
    );
    assert.deepEqual(Object.keys(json), ["key", "wrapped"]);
    const small = await kms.decrypt({ KeyId: "alias/orders", CiphertextBlob: Buffer.from(json.wrapped, "base64") });
    assert.equal(small.Plaintext?.length, 16);
    await fail(/^coffer: name the wrapping key/, "datakey");
    await fail(/is not NAME=VALUE/, "datakey", "--key", "alias/orders", "--context", "novalue");
    await fail(/--spec is AES_256 or AES_128/, "datakey", "--key", "alias/orders", "--spec", "AES_512");
    await fail(/NotFoundException.*Request \S+: 'coffer explain' tells why/, "datakey", "--key", "alias/nothing");
  });

  it("keypair: a public key, and the private one under the server's key alone", async () => {
    await succeed(
      "keypair",
      "--key",
      "alias/orders",
      "--spec",
      "ECC_NIST_P256",
      "--context",
      "device=7",
      "-o",
      "device",
    );
    const CiphertextBlob = readFileSync(join(folder, "device.key.wrapped"));
    const { Plaintext = new Uint8Array() } = await kms.decrypt({
      KeyId: "alias/orders",
      CiphertextBlob,
      EncryptionContext: { device: "7" },
    });
    const privateKey = createPrivateKey({ key: Buffer.from(Plaintext), format: "der", type: "pkcs8" });
    const pem = createPublicKey(privateKey).export({ format: "pem", type: "spki" });
    assert.equal(readFileSync(join(folder, "device.pub.pem"), "utf8"), pem);
    await fail(/device\.key\.wrapped is there already/, "keypair", "--key", "alias/orders", "-o", "device");
    await fail(/name the files with -o NAME/, "keypair", "--key", "alias/orders");
  });

  it("sign and verify: files of any size, by their digest or whole", async () => {
    const keys = [
      ["alias/p256", "ECC_NIST_P256"],
      ["alias/rsa", "RSA_2048"],
      ["alias/ed25519", "ECC_NIST_EDWARDS25519"],
    ] as const;
    for (const [key, KeySpec] of keys) {
      await newKey(key, { KeySpec, KeyUsage: "SIGN_VERIFY" });
      const file = "large";
      const signature = `${KeySpec}.sig`;
      await succeed("sign", "--key", key, file, "-o", signature);
      assert.equal(await succeed("verify", "--key", key, "--signature", signature, file), "the signature is right");
      const base64 = `${KeySpec}.base64`;
      writeFileSync(join(folder, base64), `${await succeed("sign", "--key", key, file)}\n`);
      assert.deepEqual(
        JSON.parse(await succeed("verify", "--key", key, "--signature", base64, "--json", file)).valid,
        true,
      );
      const wrong = await run("verify", "--key", key, "--signature", signature, "small");
      assert.deepEqual([wrong.status, wrong.stdout.trim()], [1, "the signature is wrong"]);
    }
    const whole = ["--key", "alias/ed25519", "--algorithm", "ED25519_SHA_512"];
    await succeed("sign", ...whole, "small", "-o", "whole.sig");
    assert.equal(await succeed("verify", ...whole, "--signature", "whole.sig", "small"), "the signature is right");
    await fail(/large has more than 4096 bytes/, "sign", ...whole, "large");
    await fail(/--algorithm is one of/, "sign", "--key", "alias/rsa", "--algorithm", "MD5", "small");
    await fail(/cannot read nothing: ENOENT/, "sign", "--key", "alias/rsa", "nothing");
    await fail(/name the file to sign/, "sign", "--key", "alias/rsa");
    await fail(/name the signature/, "verify", "--key", "alias/rsa", "small");
    await fail(/GetPublicKey was refused/, "sign", "--key", "alias/orders", "small");
  });

  it("verify offline: by the public key alone, with no server", async () => {
    const offline = async (...args: string[]) => {
      const environment = { AWS_ENDPOINT_URL: "http://127.0.0.1:2" };
      return runProgram(coffer, ["verify", ...args], { environment, workingDirectory: folder });
    };
    for (const [name, KeySpec, algorithms] of [
      ["off-ec", "ECC_NIST_P384", ["ECDSA_SHA_384"]],
      ["off-rsa", "RSA_2048", ["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_512"]],
      ["off-ed", "ECC_NIST_EDWARDS25519", ["ED25519_SHA_512"]],
      ["off-ml", "ML_DSA_44", ["ML_DSA_SHAKE_256"]],
    ] as const) {
      await newKey(`alias/${name}`, { KeySpec, KeyUsage: "SIGN_VERIFY" });
      const { PublicKey } = await kms.call("GetPublicKey", { KeyId: `alias/${name}` });
      const key = createPublicKey({ key: Buffer.from(PublicKey as Uint8Array), format: "der", type: "spki" });
      writeFileSync(join(folder, `${name}.pem`), key.export({ format: "pem", type: "spki" }));
      for (const algorithm of algorithms) {
        const signature = `${algorithm}.off`;
        await succeed("sign", "--key", `alias/${name}`, "--algorithm", algorithm, "small", "-o", signature);
        const args = ["--public-key", `${name}.pem`, "--algorithm", algorithm, "--signature", signature];
        assert.deepEqual(await offline(...args, "small"), {
          status: 0,
          stdout: "the signature is right\n",
          stderr: "",
        });
        assert.equal((await offline(...args, "large")).status, 1, algorithm);
      }
    }
    const wrongKey = ["--public-key", "off-ec.pem", "--algorithm", "RSASSA_PSS_SHA_256", "--signature"];
    assert.match(
      (await offline(...wrongKey, "RSASSA_PSS_SHA_256.off", "small")).stderr,
      /is not one of RSASSA_PSS_SHA_256/,
    );
    const noKey = await offline(
      "--public-key",
      "small",
      "--algorithm",
      "ECDSA_SHA_384",
      "--signature",
      "small",
      "small",
    );
    assert.deepEqual([noKey.status, noKey.stdout], [1, ""]);
    assert.match(noKey.stderr, /^coffer: small: it is no public key/);
    assert.equal((await offline("--public-key", "off-ec.pem", "--signature", "small", "small")).status, 2);
  });

  it("a server that is not there is named", async () => {
    await fail(
      /^coffer: .*127\.0\.0\.1:2 does not answer \(ECONNREFUSED\)/,
      "datakey",
      "--key",
      "alias/orders",
      "--endpoint",
      "http://127.0.0.1:2",
    );
  });
});

import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { findSigningAlgorithm, keySpecs, publicKeyOf } from "@coffer/crypto";
import type { OperationName } from "../src/kms/codec.ts";
import { type AwsTest, base64, type Json, openAws } from "./aws-client.ts";

/** The members of KeyMetadata that list a usage's algorithms. */
const listings: Readonly<Record<string, string>> = {
  ENCRYPT_DECRYPT: "EncryptionAlgorithms",
  SIGN_VERIFY: "SigningAlgorithms",
  GENERATE_VERIFY_MAC: "MacAlgorithms",
  KEY_AGREEMENT: "KeyAgreementAlgorithms",
  ENCAPSULATE_DECAPSULATE: "EncapsulationAlgorithms",
};

/** Every spec with a usage, but for symmetric encryption keys, which have tests of their own. */
const rows = [...keySpecs.values()].flatMap((row) =>
  [...row.algorithms].flatMap(([usage, algorithms]) =>
    row.spec === "SYMMETRIC_DEFAULT"
      ? []
      : [{ spec: row.spec as string, kind: row.kind, usage: usage as string, algorithms }],
  ),
);
const using = (usage: string) => rows.filter((row) => row.usage === usage);

/** A message of a type that an algorithm takes. */
function messageOf(algorithm: string, type: string): Buffer {
  const bytes = findSigningAlgorithm(algorithm)?.messageTypes.get(type as "RAW");
  return bytes === undefined
    ? Buffer.from("the message")
    : createHash("shake256", { outputLength: bytes }).update("x").digest();
}

describe("AWS KMS asymmetric and HMAC keys", () => {
  let aws: AwsTest;
  const made = new Map<string, Promise<Json>>();

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  /** The metadata of the one key of a spec and usage. */
  function keyOf(spec: string, usage: string): Promise<Json & { KeyId: string; Arn: string }> {
    const name = `${spec} ${usage}`;
    const key =
      made.get(name) ??
      aws.ok("CreateKey", { KeySpec: spec, KeyUsage: usage }).then((answer) => answer["KeyMetadata"] as Json);
    made.set(name, key);
    return key as Promise<Json & { KeyId: string; Arn: string }>;
  }

  /** Expects an error, and its message where one is recorded from AWS. */
  async function refuses(
    operation: OperationName,
    request: object,
    { type, message }: { readonly type: string; readonly message?: string },
  ): Promise<void> {
    const { status, json } = await aws.call(operation, request);
    assert.deepEqual([status, json["__type"]], [400, type], JSON.stringify(json));
    if (message !== undefined) assert.equal(json["message"], message);
  }

  async function publicKeyOfKey(KeyId: string): Promise<KeyObject> {
    const { PublicKey } = await aws.ok("GetPublicKey", { KeyId });
    return createPublicKey({ key: Buffer.from(String(PublicKey), "base64"), format: "der", type: "spki" });
  }

  for (const { spec, usage, algorithms, kind } of rows) {
    it(`makes and describes ${spec} for ${usage}`, async () => {
      const key = await keyOf(spec, usage);
      const { KeyMetadata } = await aws.ok("DescribeKey", { KeyId: key.KeyId });
      assert.deepEqual(KeyMetadata, key);
      assert.deepEqual([key["KeySpec"], key["CustomerMasterKeySpec"], key["KeyUsage"]], [spec, spec, usage]);
      for (const [of, member] of Object.entries(listings)) {
        assert.deepEqual(key[member], of === usage ? algorithms : undefined, member);
      }
      assert.equal("CurrentKeyMaterialId" in key, false);
      if (kind === "pair") {
        const answer = await aws.ok("GetPublicKey", { KeyId: key.KeyId });
        assert.deepEqual((answer as Json)[listings[usage]!], algorithms);
        assert.deepEqual([answer["KeyId"], answer["KeySpec"], answer["KeyUsage"]], [key.Arn, spec, usage]);
        assert.equal((await publicKeyOfKey(key.KeyId)).type, "public");
      } else {
        await refuses("GetPublicKey", { KeyId: key.KeyId }, { type: "UnsupportedOperationException" });
      }
      for (const operation of ["EnableKeyRotation", "RotateKeyOnDemand"] as const) {
        await refuses(operation, { KeyId: key.KeyId }, { type: "UnsupportedOperationException" });
      }
      const { KeyRotationEnabled } = await aws.ok("GetKeyRotationStatus", { KeyId: key.KeyId });
      assert.equal(KeyRotationEnabled, false);
    });
  }

  for (const { spec, algorithms } of using("SIGN_VERIFY")) {
    for (const SigningAlgorithm of algorithms) {
      const types = [...(findSigningAlgorithm(SigningAlgorithm)?.messageTypes.keys() ?? [])];
      it(`signs and verifies with ${spec} by ${SigningAlgorithm}: ${types.join(", ")}`, async () => {
        const { KeyId, Arn } = await keyOf(spec, "SIGN_VERIFY");
        assert.ok(types.length > 0);
        for (const MessageType of types) {
          const Message = messageOf(SigningAlgorithm, MessageType).toString("base64");
          const request = { KeyId, SigningAlgorithm, Message, ...(MessageType === "RAW" ? {} : { MessageType }) };
          const signed = await aws.ok("Sign", request);
          assert.deepEqual(Object.keys(signed).sort(), ["KeyId", "Signature", "SigningAlgorithm"]);
          assert.deepEqual([signed["KeyId"], signed["SigningAlgorithm"]], [Arn, SigningAlgorithm]);
          const Signature = String(signed["Signature"]);
          const valid = { KeyId: Arn, SignatureValid: true, SigningAlgorithm };
          assert.deepEqual(await aws.ok("Verify", { ...request, Signature }), valid);
          const spoilt = Buffer.from(Signature, "base64");
          spoilt[spoilt.length - 1]! ^= 1;
          const invalid = { type: "KMSInvalidSignatureException" };
          await refuses("Verify", { ...request, Signature: spoilt.toString("base64") }, invalid);
          const other = Buffer.from(Message, "base64");
          other[0]! ^= 1;
          await refuses("Verify", { ...request, Signature, Message: other.toString("base64") }, invalid);
          await refuses("Verify", { ...request, Signature: base64("x") }, invalid);
        }
      });
      it(`refuses what ${SigningAlgorithm} of ${spec} does not take`, async () => {
        const { KeyId } = await keyOf(spec, "SIGN_VERIFY");
        for (const MessageType of ["RAW", "DIGEST", "EXTERNAL_MU"]) {
          const request = { KeyId, SigningAlgorithm, MessageType, Message: base64("x".repeat(21)) };
          const refused = !types.includes(MessageType as "RAW");
          if (refused) await refuses("Sign", request, { type: "ValidationException" });
          else if (MessageType !== "RAW") {
            const message = `Digest is invalid length for algorithm ${SigningAlgorithm}.`;
            await refuses("Sign", request, { type: "ValidationException", message });
            await refuses("Verify", { ...request, Signature: base64("x") }, { type: "ValidationException", message });
          }
        }
        const other = algorithms.includes("ECDSA_SHA_256") ? "RSASSA_PSS_SHA_256" : "ECDSA_SHA_256";
        await refuses(
          "Sign",
          { KeyId, SigningAlgorithm: other, Message: base64("x") },
          {
            type: "InvalidKeyUsageException",
            message: `Algorithm ${other} is incompatible with key spec ${spec}.`,
          },
        );
      });
    }
  }

  for (const { spec, algorithms } of using("GENERATE_VERIFY_MAC")) {
    it(`makes and checks MACs with ${spec}`, async () => {
      const { KeyId, Arn } = await keyOf(spec, "GENERATE_VERIFY_MAC");
      const MacAlgorithm = algorithms[0]!;
      const request = { KeyId, MacAlgorithm, Message: base64("the message") };
      const answer = await aws.ok("GenerateMac", request);
      assert.deepEqual(Object.keys(answer).sort(), ["KeyId", "Mac", "MacAlgorithm"]);
      assert.equal(Buffer.from(String(answer["Mac"]), "base64").length, Number(spec.slice(5)) / 8);
      const valid = { KeyId: Arn, MacValid: true, MacAlgorithm };
      assert.deepEqual(await aws.ok("VerifyMac", { ...request, Mac: answer["Mac"] }), valid);
      const invalid = { type: "KMSInvalidMacException" };
      await refuses("VerifyMac", { ...request, Mac: base64("x".repeat(32)) }, invalid);
      await refuses("VerifyMac", { ...request, Mac: answer["Mac"], Message: base64("another") }, invalid);
      const truncated = Buffer.from(String(answer["Mac"]), "base64").subarray(1).toString("base64");
      await refuses("VerifyMac", { ...request, Mac: truncated }, invalid);
      const other = MacAlgorithm === "HMAC_SHA_256" ? "HMAC_SHA_512" : "HMAC_SHA_256";
      const message = `Algorithm ${other} is incompatible with key spec ${spec}.`;
      await refuses("GenerateMac", { ...request, MacAlgorithm: other }, { type: "InvalidKeyUsageException", message });
    });
  }

  for (const { spec } of using("KEY_AGREEMENT")) {
    it(`agrees on a secret with ${spec}, from both sides`, async () => {
      const mine = await keyOf(spec, "KEY_AGREEMENT");
      const other = (await aws.ok("CreateKey", { KeySpec: spec, KeyUsage: "KEY_AGREEMENT" }))["KeyMetadata"] as Json;
      const derive = async (KeyId: unknown, peer: unknown) => {
        const { PublicKey } = await aws.ok("GetPublicKey", { KeyId: peer });
        return aws.ok("DeriveSharedSecret", { KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey });
      };
      const [here, there] = [await derive(mine.KeyId, other["KeyId"]), await derive(other["KeyId"], mine.KeyId)];
      assert.equal(here["SharedSecret"], there["SharedSecret"]);
      assert.ok(String(here["SharedSecret"]).length > 40);
      assert.deepEqual(here, {
        KeyId: mine.Arn,
        SharedSecret: here["SharedSecret"],
        KeyAgreementAlgorithm: "ECDH",
        KeyOrigin: "AWS_KMS",
      });
      const foreign = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey.export({
        format: "der",
        type: "spki",
      });
      for (const PublicKey of [foreign.toString("base64"), base64("no key")]) {
        const request = { KeyId: mine.KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey };
        await refuses("DeriveSharedSecret", request, { type: "ValidationException" });
      }
    });
  }

  for (const { spec } of using("ENCAPSULATE_DECAPSULATE")) {
    it(`encapsulates and decapsulates with ${spec}`, async () => {
      const { KeyId, Arn } = await keyOf(spec, "ENCAPSULATE_DECAPSULATE");
      const EncapsulationAlgorithm = "ML_KEM";
      const sent = await aws.ok("Encapsulate", { KeyId, EncapsulationAlgorithm });
      const { SharedSecret, SharedSecretCiphertextBlob } = sent;
      assert.deepEqual(sent, { KeyId: Arn, SharedSecret, SharedSecretCiphertextBlob, EncapsulationAlgorithm });
      assert.equal(Buffer.from(String(SharedSecret), "base64").length, 32);
      const opened = { KeyId: Arn, SharedSecret, EncapsulationAlgorithm };
      const request = { KeyId, EncapsulationAlgorithm, SharedSecretCiphertextBlob };
      assert.deepEqual(await aws.ok("Decapsulate", request), opened);
      const again = await aws.ok("Encapsulate", { KeyId, EncapsulationAlgorithm });
      assert.notEqual(again["SharedSecret"], SharedSecret);
      const spoilt = Buffer.from(String(SharedSecretCiphertextBlob), "base64");
      spoilt[0]! ^= 1;
      const rejected = await aws.ok("Decapsulate", {
        ...request,
        SharedSecretCiphertextBlob: spoilt.toString("base64"),
      });
      assert.notEqual(rejected["SharedSecret"], SharedSecret);
      const short = { ...request, SharedSecretCiphertextBlob: base64("short") };
      await refuses("Decapsulate", short, { type: "InvalidCiphertextException" });
    });
  }

  for (const { spec, algorithms } of using("ENCRYPT_DECRYPT")) {
    for (const EncryptionAlgorithm of algorithms) {
      it(`encrypts and decrypts with ${spec} by ${EncryptionAlgorithm}`, async () => {
        const { KeyId, Arn } = await keyOf(spec, "ENCRYPT_DECRYPT");
        const request = { KeyId, EncryptionAlgorithm };
        const sent = await aws.ok("Encrypt", { ...request, Plaintext: base64("secret") });
        assert.deepEqual([sent["KeyId"], sent["EncryptionAlgorithm"]], [Arn, EncryptionAlgorithm]);
        const CiphertextBlob = String(sent["CiphertextBlob"]);
        const opened = { KeyId: Arn, Plaintext: base64("secret"), EncryptionAlgorithm };
        assert.deepEqual(await aws.ok("Decrypt", { ...request, CiphertextBlob }), opened);
        const EncryptionContext = { a: "b" };
        const refused = { type: "ValidationException" };
        await refuses("Encrypt", { ...request, Plaintext: base64("x"), EncryptionContext }, refused);
        await refuses("Decrypt", { ...request, CiphertextBlob, EncryptionContext }, refused);
        await refuses("Decrypt", { EncryptionAlgorithm, CiphertextBlob }, refused);
        const spoilt = Buffer.from(CiphertextBlob, "base64");
        spoilt[9]! ^= 1;
        const invalid = { type: "InvalidCiphertextException" };
        await refuses("Decrypt", { ...request, CiphertextBlob: spoilt.toString("base64") }, invalid);
        await refuses("Decrypt", { ...request, CiphertextBlob: base64("x") }, invalid);
        await refuses(
          "Encrypt",
          { KeyId, Plaintext: base64("x") },
          {
            type: "InvalidKeyUsageException",
            message: `Algorithm SYMMETRIC_DEFAULT is incompatible with key spec ${spec}.`,
          },
        );
        await refuses("GenerateDataKey", { KeyId, KeySpec: "AES_256" }, { type: "InvalidKeyUsageException" });
      });
    }
  }

  it("refuses a plaintext that is too long for RSA in AWS's words", async () => {
    const { KeyId } = await keyOf("RSA_2048", "ENCRYPT_DECRYPT");
    for (const [EncryptionAlgorithm, max] of [
      ["RSAES_OAEP_SHA_1", 214],
      ["RSAES_OAEP_SHA_256", 190],
    ] as const) {
      await aws.ok("Encrypt", { KeyId, EncryptionAlgorithm, Plaintext: base64("x".repeat(max)) });
      await refuses(
        "Encrypt",
        { KeyId, EncryptionAlgorithm, Plaintext: base64("x".repeat(max + 1)) },
        {
          type: "ValidationException",
          message: `Algorithm ${EncryptionAlgorithm} and key spec RSA_2048 cannot encrypt data larger than ${max} bytes.`,
        },
      );
    }
  });

  it("moves a ciphertext between RSA and symmetric keys", async () => {
    const rsa = await keyOf("RSA_2048", "ENCRYPT_DECRYPT");
    const symmetric = await aws.createKey();
    const algorithm = "RSAES_OAEP_SHA_256";
    const first = await aws.ok("Encrypt", { KeyId: rsa.KeyId, EncryptionAlgorithm: algorithm, Plaintext: base64("x") });
    const moved = await aws.ok("ReEncrypt", {
      CiphertextBlob: first["CiphertextBlob"],
      SourceKeyId: rsa.KeyId,
      SourceEncryptionAlgorithm: algorithm,
      DestinationKeyId: symmetric.KeyId,
      DestinationEncryptionContext: { a: "b" },
    });
    assert.deepEqual([moved["SourceKeyId"], moved["KeyId"]], [rsa.Arn, symmetric.Arn]);
    assert.deepEqual(
      [moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]],
      [undefined, symmetric.CurrentKeyMaterialId],
    );
    const opened = await aws.ok("Decrypt", { CiphertextBlob: moved["CiphertextBlob"], EncryptionContext: { a: "b" } });
    assert.equal(opened["Plaintext"], base64("x"));
  });

  it("wants a usage for every key but symmetric ones, and one that fits", async () => {
    for (const KeySpec of ["RSA_2048", "HMAC_256", "ECC_NIST_P256"]) {
      await refuses(
        "CreateKey",
        { KeySpec },
        {
          type: "ValidationException",
          message: "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        },
      );
    }
    await refuses(
      "CreateKey",
      { KeySpec: "RSA_2048", KeyUsage: "KEY_AGREEMENT" },
      {
        type: "ValidationException",
        message: "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048",
      },
    );
  });

  it("refuses a key of another usage in AWS's words", async () => {
    const { KeyId, Arn } = await keyOf("ECC_NIST_P256", "SIGN_VERIFY");
    const calls = [
      ["Encrypt", { Plaintext: base64("x") }],
      ["GenerateMac", { Message: base64("x"), MacAlgorithm: "HMAC_SHA_256" }],
      ["DeriveSharedSecret", { KeyAgreementAlgorithm: "ECDH", PublicKey: base64("x") }],
      ["Encapsulate", { EncapsulationAlgorithm: "ML_KEM" }],
      ["GenerateDataKeyPair", { KeyPairSpec: "RSA_2048" }],
    ] as const;
    for (const [operation, request] of calls) {
      await refuses(
        operation,
        { KeyId, ...request },
        {
          type: "InvalidKeyUsageException",
          message: `${Arn} key usage is SIGN_VERIFY which is not valid for ${operation}.`,
        },
      );
    }
  });

  for (const { spec, usage } of rows.filter(({ kind }) => kind === "pair")) {
    it(`gives out data key pairs of ${spec} (${usage})`, async () => {
      const key = await aws.createKey();
      const request = { KeyId: key.KeyId, KeyPairSpec: spec, EncryptionContext: { a: "b" } };
      if (spec.startsWith("ML_DSA")) {
        // The model has no data key pairs of ML-DSA.
        await refuses("GenerateDataKeyPair", request, { type: "ValidationException" });
        return;
      }
      const pair = await aws.ok("GenerateDataKeyPair", request);
      assert.deepEqual(
        [pair["KeyId"], pair["KeyPairSpec"], pair["KeyMaterialId"]],
        [key.Arn, spec, key.CurrentKeyMaterialId],
      );
      const opened = await aws.ok("Decrypt", {
        CiphertextBlob: pair["PrivateKeyCiphertextBlob"],
        EncryptionContext: { a: "b" },
      });
      assert.equal(opened["Plaintext"], pair["PrivateKeyPlaintext"]);
      const der = Buffer.from(String(pair["PrivateKeyPlaintext"]), "base64");
      const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
      const spki = publicKeyOf(privateKey).export({ format: "der", type: "spki" });
      assert.equal(spki.toString("base64"), pair["PublicKey"]);
      const without = await aws.ok("GenerateDataKeyPairWithoutPlaintext", request);
      assert.equal("PrivateKeyPlaintext" in without, false);
      assert.notEqual(without["PublicKey"], pair["PublicKey"]);
    });
  }

  it("obeys the conditions of a policy: algorithm and message type", async () => {
    const { KeyId, Arn } = await keyOf("RSA_2048", "SIGN_VERIFY");
    const deny = (Condition: object, Action: string) =>
      aws.ok("PutKeyPolicy", {
        KeyId,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "kms:*", Resource: "*" },
            { Effect: "Deny", Principal: "*", Action, Resource: "*", Condition },
          ],
        }),
      });
    const signing = (SigningAlgorithm: string, more: object = {}) => ({
      KeyId,
      SigningAlgorithm,
      Message: base64("x"),
      ...more,
    });
    await deny({ StringEquals: { "kms:SigningAlgorithm": "RSASSA_PSS_SHA_256" } }, "kms:Sign");
    await refuses("Sign", signing("RSASSA_PSS_SHA_256"), { type: "AccessDeniedException" });
    await aws.ok("Sign", signing("RSASSA_PSS_SHA_384"));
    await deny({ StringEquals: { "kms:MessageType": "RAW" } }, "kms:Sign");
    await refuses("Sign", signing("RSASSA_PSS_SHA_384"), { type: "AccessDeniedException" });
    const digest = createHash("sha384").update("x").digest("base64");
    await aws.ok("Sign", signing("RSASSA_PSS_SHA_384", { MessageType: "DIGEST", Message: digest }));
    assert.match(Arn, /^arn:/);
  });
});

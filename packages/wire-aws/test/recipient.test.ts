import assert from "node:assert/strict";
import {
  constants,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  privateDecrypt,
} from "node:crypto";
import { after, before, describe, it } from "node:test";
import { ManualClock, NitroHardware } from "@coffer/testkit";
import { type AwsTest, base64, type CallOptions, type Json, openAws } from "./aws-client.ts";

const context = { purpose: "enclave" };
const image = NitroHardware.pcr(0).toString("hex");

describe("Recipient", () => {
  const hardware = new NitroHardware(new ManualClock().nowMs());
  let aws: AwsTest;
  let keyId: string;
  let blob: string;

  before(async () => {
    aws = await openAws({ attestationRoots: [hardware.root.der] });
    keyId = (await aws.createKey()).KeyId;
    blob = await aws.encrypt(keyId, "the plaintext", { EncryptionContext: context });
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  const recipient = (changes?: Parameters<NitroHardware["document"]>[1]) => ({
    KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256",
    AttestationDocument: hardware.document(aws.test.clock.nowMs(), changes).toString("base64"),
  });

  /** Opens an answer by the fixed places of its fields, as the AWS Nitro Enclaves SDK for C reads them. */
  function open(ciphertext: unknown): Buffer {
    const bytes = Buffer.from(String(ciphertext), "base64");
    const keyAt = bytes.indexOf(Buffer.from("04820100", "hex")) + 4;
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const wrapped = bytes.subarray(keyAt, keyAt + 256);
    const key = privateDecrypt({ key: hardware.privateKey, padding, oaepHash: "sha256" }, wrapped);
    const ivAt = bytes.indexOf(Buffer.from("60864801650304012a0410", "hex"), keyAt) + 11;
    const contentAt = ivAt + 16 + 2;
    const isLong = bytes[contentAt + 1]! > 0x80;
    const from = contentAt + (isLong ? 2 + (bytes[contentAt + 1]! & 0x7f) : 2);
    const decipher = createDecipheriv("aes-256-cbc", key, bytes.subarray(ivAt, ivAt + 16));
    return Buffer.concat([decipher.update(bytes.subarray(from, bytes.length - 10)), decipher.final()]);
  }

  it("Decrypt answers to the enclave alone", async () => {
    const input = { CiphertextBlob: blob, EncryptionContext: context };
    const answer = await aws.ok("Decrypt", { ...input, Recipient: recipient() });
    assert.deepEqual(Object.keys(answer).sort(), [
      "CiphertextForRecipient",
      "EncryptionAlgorithm",
      "KeyId",
      "KeyMaterialId",
    ]);
    assert.equal(open(answer.CiphertextForRecipient).toString(), "the plaintext");
    const plain = await aws.ok("Decrypt", input);
    assert.equal(plain.Plaintext, base64("the plaintext"));
    assert.equal(plain.CiphertextForRecipient, undefined);
  });

  it("GenerateDataKey gives the enclave what its ciphertext holds", async () => {
    const answer = await aws.ok("GenerateDataKey", { KeyId: keyId, KeySpec: "AES_256", Recipient: recipient() });
    assert.equal(answer.Plaintext, undefined);
    const { Plaintext } = await aws.ok("Decrypt", { CiphertextBlob: answer.CiphertextBlob });
    assert.equal(open(answer.CiphertextForRecipient).toString("base64"), Plaintext);
  });

  it("GenerateRandom gives the enclave as much as was asked for", async () => {
    const answer = await aws.ok("GenerateRandom", { NumberOfBytes: 1000, Recipient: recipient() });
    assert.deepEqual(Object.keys(answer), ["CiphertextForRecipient"]);
    assert.equal(open(answer.CiphertextForRecipient).length, 1000);
  });

  for (const KeyPairSpec of ["RSA_4096", "ECC_NIST_P256", "ML_KEM_768"]) {
    it(`GenerateDataKeyPair gives the enclave the private key of ${KeyPairSpec}`, async () => {
      const answer = await aws.ok("GenerateDataKeyPair", { KeyId: keyId, KeyPairSpec, Recipient: recipient() });
      assert.equal("PrivateKeyPlaintext" in answer, false);
      const { Plaintext } = await aws.ok("Decrypt", { CiphertextBlob: answer.PrivateKeyCiphertextBlob });
      assert.equal(open(answer.CiphertextForRecipient).toString("base64"), Plaintext);
      const der = open(answer.CiphertextForRecipient);
      const publicKey = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
      assert.equal(publicKey.export({ format: "der", type: "spki" }).toString("base64"), answer.PublicKey);
    });
  }

  it("DeriveSharedSecret gives the enclave what the other side derives", async () => {
    const key = await aws.createKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" });
    const peer = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const PublicKey = peer.publicKey.export({ format: "der", type: "spki" }).toString("base64");
    const request = { KeyId: key.KeyId, KeyAgreementAlgorithm: "ECDH", PublicKey, Recipient: recipient() };
    const answer = await aws.ok("DeriveSharedSecret", request);
    assert.equal("SharedSecret" in answer, false);
    const own = await aws.ok("GetPublicKey", { KeyId: key.KeyId });
    const publicKey = createPublicKey({
      key: Buffer.from(String(own.PublicKey), "base64"),
      format: "der",
      type: "spki",
    });
    const secret = diffieHellman({ privateKey: peer.privateKey, publicKey });
    assert.deepEqual(open(answer.CiphertextForRecipient), secret);
  });

  it("works without KeyEncryptionAlgorithm, and with no other than the one that there is", async () => {
    const { AttestationDocument } = recipient();
    await aws.ok("GenerateRandom", { NumberOfBytes: 1, Recipient: { AttestationDocument } });
    const answer = await aws.call("GenerateRandom", {
      NumberOfBytes: 1,
      Recipient: { AttestationDocument, KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_1" },
    });
    assert.equal(answer.json["__type"], "ValidationException");
    for (const Recipient of [{}, { KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256" }]) {
      await aws.fails(
        "GenerateRandom",
        { NumberOfBytes: 1, Recipient },
        { type: "ValidationException", message: "Recipient has no AttestationDocument." },
      );
    }
  });

  it("refuses a document that is not genuine or current alike for every key, and before it looks for one", async () => {
    const forged = new NitroHardware(aws.test.clock.nowMs()).document(aws.test.clock.nowMs()).toString("base64");
    const old = hardware.document(aws.test.clock.nowMs() - 300_001).toString("base64");
    const noKey = recipient({ payload: { public_key: null } }).AttestationDocument;
    const stranger = await aws.createUser("recipient-stranger");
    const missing = "00000000-0000-4000-8000-000000000000";
    for (const [AttestationDocument, message] of [
      [base64("x"), /CBOR/],
      [forged, /trusted root/],
      [old, /expired/],
      [noKey, /public_key/],
    ] as const) {
      const Recipient = { KeyEncryptionAlgorithm: "RSAES_OAEP_SHA_256", AttestationDocument };
      for (const KeyId of [keyId, missing]) {
        const input = { KeyId, KeySpec: "AES_256", Recipient };
        for (const as of [aws.root, stranger]) {
          await aws.fails("GenerateDataKey", input, { type: "ValidationException", message }, { as });
        }
      }
    }
  });

  it("policies ask for the image and the registers of a verified document", async () => {
    const enclave = (condition: Json) => ({
      Effect: "Allow",
      Action: ["kms:Decrypt", "kms:GenerateRandom"],
      Resource: "*",
      Condition: { StringEqualsIgnoreCase: condition },
    });
    const pcr = (index: number) => NitroHardware.pcr(index).toString("hex");
    const input = { CiphertextBlob: blob, EncryptionContext: context };
    const tpm = { payload: { pcrs: undefined, nitrotpm_pcrs: new Map([[4, NitroHardware.pcr(4)]]) } };
    const prefix = "kms:RecipientAttestation:";
    const cases: readonly (readonly [Json, ReturnType<typeof recipient> | undefined, boolean])[] = [
      [{ [`${prefix}ImageSha384`]: image.toUpperCase() }, recipient(), true],
      [{ [`${prefix}PCR0`]: image, [`${prefix}PCR8`]: pcr(8) }, recipient(), true],
      [{ [`${prefix}NitroTPMPCR4`]: pcr(4) }, recipient(tpm), true],
      [{ [`${prefix}ImageSha384`]: image }, undefined, false],
      [{ [`${prefix}ImageSha384`]: pcr(1) }, recipient(), false],
      [{ [`${prefix}PCR5`]: pcr(5) }, recipient(), false],
      [{ [`${prefix}NitroTPMPCR4`]: pcr(4) }, recipient(), false],
      [{ [`${prefix}PCR4`]: pcr(4) }, recipient(tpm), false],
      [
        { [`${prefix}ImageSha384`]: image },
        recipient({ payload: { pcrs: new Map([[0, NitroHardware.pcr(1)]]) } }),
        false,
      ],
    ];
    for (const [index, [condition, Recipient, allowed]] of cases.entries()) {
      const as = await aws.createUser(`enclave-${index}`, enclave(condition));
      const more = Recipient === undefined ? {} : { Recipient };
      const options: CallOptions = { as };
      for (const [operation, own] of [
        ["Decrypt", input],
        ["GenerateRandom", { NumberOfBytes: 8 }],
      ] as const) {
        const { status, json } = await aws.call(operation, { ...own, ...more }, options);
        const told = JSON.stringify([operation, condition, json]);
        assert.equal(status === 200 ? "allowed" : json["__type"], allowed ? "allowed" : "AccessDeniedException", told);
      }
    }
  });

  it("a dry run verifies the document and encrypts nothing", async () => {
    const input = { CiphertextBlob: blob, EncryptionContext: context, DryRun: true };
    const dryRun = { type: "DryRunOperationException", message: /DryRun/ };
    await aws.fails("Decrypt", { ...input, Recipient: recipient() }, dryRun);
    const Recipient = { AttestationDocument: base64("x") };
    await aws.fails("Decrypt", { ...input, Recipient }, { type: "ValidationException", message: /CBOR/ });
  });

  it("the audit record names the enclave, and nothing of what it was given", async () => {
    const stranger = await aws.createUser("audited-stranger");
    await aws.ok("Decrypt", { CiphertextBlob: blob, EncryptionContext: context, Recipient: recipient() });
    await aws.call("Decrypt", { CiphertextBlob: blob, Recipient: recipient() }, { as: stranger });
    await aws.call("Decrypt", { CiphertextBlob: blob, Recipient: { AttestationDocument: base64("x") } });
    const records = (await aws.test.auditEvents()).slice(-3);
    const pcrs = [1, 2, 3, 4, 8].map((index) => [
      `attestationDocumentEnclavePCR${index}`,
      NitroHardware.pcr(index).toString("hex"),
    ]);
    const expected = {
      attestationDocumentModuleId: "i-0123456789abcdef0-enc0123456789abcdef",
      attestationDocumentEnclaveImageDigest: image,
      ...Object.fromEntries(pcrs),
    };
    const told = records.map((record) => (record["additionalEventData"] as Json)["recipient"]);
    assert.deepEqual(told, [expected, expected, undefined]);
    assert.deepEqual(
      records.map((record) => record["errorCode"]),
      [undefined, "AccessDenied", "ValidationException"],
    );
    const text = JSON.stringify(records);
    for (const secret of ["the plaintext", base64("the plaintext"), hardware.publicKey.toString("base64")]) {
      assert.ok(!text.includes(secret));
    }
  });
});

import assert from "node:assert/strict";
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  sign,
  verify,
} from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  DecapsulateCommand,
  DecryptCommand,
  DeriveSharedSecretCommand,
  DryRunOperationException,
  EncryptCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  InvalidKeyUsageException,
  type KeySpec,
  type KMSClient,
  KMSInvalidMacException,
  KMSInvalidSignatureException,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
  VerifyMacCommand,
} from "@aws-sdk/client-kms";
import { kmsClient } from "./aws-clients.ts";
import { createKey } from "./aws-keys.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const message = Buffer.from("the message");

/** Algorithms with what `node:crypto` calls them. No digest: it is part of the algorithm. */
const signers: readonly (readonly [KeySpec, SigningAlgorithmSpec, string | null, object?])[] = [
  ["ECC_NIST_P256", "ECDSA_SHA_256", "sha256"],
  ["ECC_NIST_P384", "ECDSA_SHA_384", "sha384"],
  ["ECC_NIST_P521", "ECDSA_SHA_512", "sha512"],
  ["ECC_SECG_P256K1", "ECDSA_SHA_256", "sha256"],
  ["ECC_NIST_EDWARDS25519", "ED25519_SHA_512", null],
  ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", "sha512"],
  ["RSA_2048", "RSASSA_PSS_SHA_256", "sha256", { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }],
  ["ML_DSA_65", "ML_DSA_SHAKE_256", null],
];

describe("AWS SDK for JavaScript: asymmetric and HMAC keys, with node:crypto on the other side", () => {
  let server: ServerUnderTest;
  let kms: KMSClient;
  before(async () => {
    server = await ServerUnderTest.start();
    kms = kmsClient(server);
  });
  after(async () => {
    kms?.destroy();
    await server?.kill();
  });

  async function publicKeyOf(KeyId: string): Promise<KeyObject> {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    return spki(PublicKey);
  }

  function spki(bytes: Uint8Array | undefined): KeyObject {
    return createPublicKey({ key: Buffer.from(bytes ?? []), format: "der", type: "spki" });
  }

  for (const [spec, SigningAlgorithm, digest, options = {}] of signers) {
    it(`signs with ${spec} and ${SigningAlgorithm}`, async () => {
      const { KeyId, Arn } = await createKey(kms, { KeySpec: spec, KeyUsage: "SIGN_VERIFY" });
      const signed = await kms.send(new SignCommand({ KeyId, Message: message, SigningAlgorithm }));
      assert.equal(signed.KeyId, Arn);
      const Signature = Buffer.from(signed.Signature ?? []);
      const key = { key: await publicKeyOf(KeyId), ...options };
      assert.equal(verify(digest, message, key, Signature), true);
      const answer = await kms.send(new VerifyCommand({ KeyId, Message: message, Signature, SigningAlgorithm }));
      assert.equal(answer.SignatureValid, true);
      const other = new VerifyCommand({ KeyId, Message: Buffer.from("another"), Signature, SigningAlgorithm });
      await assert.rejects(kms.send(other), KMSInvalidSignatureException);
      if (digest !== null) {
        const Message = createHash(digest).update(message).digest();
        const given = { KeyId, Message, MessageType: "DIGEST", SigningAlgorithm } as const;
        const ofDigest = await kms.send(new SignCommand(given));
        assert.equal(verify(digest, message, key, Buffer.from(ofDigest.Signature ?? [])), true);
      }
    });
  }

  it("makes MACs that no other message has", async () => {
    const { KeyId, Arn } = await createKey(kms, { KeySpec: "HMAC_384", KeyUsage: "GENERATE_VERIFY_MAC" });
    const input = { KeyId, Message: message, MacAlgorithm: "HMAC_SHA_384" } as const;
    const made = await kms.send(new GenerateMacCommand(input));
    assert.deepEqual([made.Mac?.length, made.KeyId, made.MacAlgorithm], [48, Arn, "HMAC_SHA_384"]);
    assert.equal((await kms.send(new VerifyMacCommand({ ...input, Mac: made.Mac }))).MacValid, true);
    const other = new VerifyMacCommand({ ...input, Message: Buffer.from("another"), Mac: made.Mac });
    await assert.rejects(kms.send(other), KMSInvalidMacException);
  });

  it("decrypts what node:crypto encrypted with the RSA public key", async () => {
    const { KeyId } = await createKey(kms, { KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
    const key = { key: await publicKeyOf(KeyId), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const here = publicEncrypt(key, message);
    const there = await kms.send(new EncryptCommand({ KeyId, Plaintext: message, EncryptionAlgorithm }));
    for (const CiphertextBlob of [here, there.CiphertextBlob]) {
      const { Plaintext } = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
      assert.deepEqual(Buffer.from(Plaintext ?? []), message);
    }
  });

  it("agrees on a secret with a pair that is here", async () => {
    const { KeyId } = await createKey(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" });
    const ours = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { SharedSecret } = await kms.send(
      new DeriveSharedSecretCommand({
        KeyId,
        KeyAgreementAlgorithm: "ECDH",
        PublicKey: ours.publicKey.export({ format: "der", type: "spki" }),
      }),
    );
    const here = diffieHellman({ privateKey: ours.privateKey, publicKey: await publicKeyOf(KeyId) });
    assert.deepEqual(Buffer.from(SharedSecret ?? []), here);
  });

  it("decapsulates what node:crypto encapsulated to the ML-KEM public key", async () => {
    const { KeyId } = await createKey(kms, { KeySpec: "ML_KEM_768", KeyUsage: "ENCAPSULATE_DECAPSULATE" });
    const { sharedKey, ciphertext } = encapsulate(await publicKeyOf(KeyId));
    const { SharedSecret } = await kms.send(
      new DecapsulateCommand({ KeyId, SharedSecretCiphertextBlob: ciphertext, EncapsulationAlgorithm: "ML_KEM" }),
    );
    assert.deepEqual(Buffer.from(SharedSecret ?? []), sharedKey);
  });

  it("makes data key pairs whose private key is a pair with the public one", async () => {
    const { KeyId, Arn } = await createKey(kms);
    const EncryptionContext = { device: "7" };
    for (const KeyPairSpec of ["ECC_NIST_P256", "RSA_2048"] as const) {
      const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec, EncryptionContext }));
      assert.deepEqual([pair.KeyId, pair.KeyPairSpec], [Arn, KeyPairSpec]);
      const privateKey = createPrivateKey({
        key: Buffer.from(pair.PrivateKeyPlaintext ?? []),
        format: "der",
        type: "pkcs8",
      });
      assert.ok(verify("sha256", message, spki(pair.PublicKey), sign("sha256", message, privateKey)));
      const CiphertextBlob = pair.PrivateKeyCiphertextBlob;
      const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
      assert.deepEqual(opened.Plaintext, pair.PrivateKeyPlaintext);
    }
    const blind = await kms.send(
      new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId, KeyPairSpec: "ECC_NIST_P384" }),
    );
    assert.equal("PrivateKeyPlaintext" in blind, false);
    assert.equal(spki(blind.PublicKey).asymmetricKeyDetails?.namedCurve, "secp384r1");
  });

  it("throws the SDK's classes for dry runs and wrong usages", async () => {
    const { KeyId } = await createKey(kms, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
    const input = { KeyId, Message: message, SigningAlgorithm: "ECDSA_SHA_256" } as const;
    await assert.rejects(kms.send(new SignCommand({ ...input, DryRun: true })), DryRunOperationException);
    await assert.rejects(kms.send(new EncryptCommand({ KeyId, Plaintext: message })), InvalidKeyUsageException);
    const wrong = new SignCommand({ ...input, SigningAlgorithm: "ECDSA_SHA_384" });
    await assert.rejects(kms.send(wrong), InvalidKeyUsageException);
  });
});

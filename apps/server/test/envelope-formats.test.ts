import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient, kmsKeyring, multiKeyring, rawAesKeyring } from "@coffer/envelope";
import { ageIdentity, ageRecipient, rewrapAge } from "@coffer/envelope/age";
import { decryptJwe, encryptJwe, jweContentKey } from "@coffer/envelope/jwe";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { CompactEncrypt, compactDecrypt } from "jose";
import { ServerUnderTest } from "./server-under-test.ts";

const context = { customer: "42" };
const raw = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("JWE and age under a server's keys", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  const newKey = async (input: Record<string, unknown> = {}) => {
    const { KeyMetadata } = await kms.call("CreateKey", input);
    return (KeyMetadata as { Arn: string }).Arn;
  };
  let keyring: ReturnType<typeof kmsKeyring>;
  let other: ReturnType<typeof kmsKeyring>;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    kms = kmsClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    keyring = kmsKeyring({ keyId: await newKey(), client: kms });
    other = kmsKeyring({ keyId: await newKey(), client: kms });
  });
  after(() => server?.kill());

  it("a JWE is read by us, and by jose with the content key", async () => {
    const jwe = await encryptJwe("a secret", { keyring: multiKeyring([keyring, raw]), context, type: "note" });
    for (const reader of [keyring, raw]) {
      const read = await decryptJwe(jwe, { keyring: reader, context });
      assert.deepEqual([text(read.plaintext), read.context, read.header["typ"]], ["a secret", context, "note"]);
    }
    const { plaintext } = await compactDecrypt(jwe, (header) => jweContentKey({ ...header }, { keyring, context }));
    assert.equal(text(plaintext), "a secret");
    await assert.rejects(decryptJwe(jwe, { keyring: other }), { code: "KeyUnavailable" });
    await assert.rejects(decryptJwe(jwe, { keyring, context: { customer: "43" } }), { code: "ContextMismatch" });
    await assert.rejects(decryptJwe(jwe, { keyring, context: { more: "x" } }), { code: "ContextMismatch" });
    await assert.rejects(decryptJwe(jwe, {}), { code: "PolicyRefused" });
  });

  it("a JWE that anybody made for an RSA key of the server", async () => {
    const keyId = await newKey({ KeySpec: "RSA_3072", KeyUsage: "ENCRYPT_DECRYPT" });
    const { PublicKey } = await kms.call("GetPublicKey", { KeyId: keyId });
    const publicKey = createPublicKey({ key: Buffer.from(PublicKey as Uint8Array), format: "der", type: "spki" });
    const jwe = await new CompactEncrypt(Buffer.from("a secret"))
      .setProtectedHeader({ alg: "RSA-OAEP-256", enc: "A256GCM" })
      .encrypt(publicKey);
    assert.equal(text((await decryptJwe(jwe, { rsa: { client: kms, keyId } })).plaintext), "a secret");
    const another = await newKey({ KeySpec: "RSA_3072", KeyUsage: "ENCRYPT_DECRYPT" });
    await assert.rejects(decryptJwe(jwe, { rsa: { client: kms, keyId: another } }), { name: "EnvelopeError" });
    await assert.rejects(decryptJwe(jwe, { keyring }), { code: "PolicyRefused" });
  });

  it("a JWE that was changed, or is none", async () => {
    const jwe = await encryptJwe("a secret", { keyring: raw, context });
    const parts = jwe.split(".");
    const changed = (part: number, make: (text: string) => string) =>
      parts.map((value, index) => (index === part ? make(value) : value)).join(".");
    const flip = (value: string) => (value.startsWith("A") ? "B" : "A") + value.slice(1);
    for (const part of [2, 3, 4])
      await assert.rejects(decryptJwe(changed(part, flip), { keyring: raw }), { code: "DecryptionFailed" });
    const withHeader = (change: Record<string, unknown>) =>
      changed(0, (value) =>
        Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(value, "base64url").toString()), ...change })).toString(
          "base64url",
        ),
      );
    await assert.rejects(decryptJwe(withHeader({ typ: "other" }), { keyring: raw }), { code: "DecryptionFailed" });
    await assert.rejects(decryptJwe(withHeader({ coffer_context: { customer: "43" } }), { keyring: raw }), {
      code: "KeyUnavailable",
    });
    for (const [name, value] of [
      ["zip", "DEF"],
      ["crit", ["x"]],
      ["b64", false],
      ["enc", "A128GCM"],
      ["alg", "none"],
    ] as const) {
      await assert.rejects(
        decryptJwe(withHeader({ [name]: value }), { keyring: raw }),
        { code: "PolicyRefused" },
        name,
      );
    }
    const none = [
      "",
      "a.b.c",
      changed(1, () => "AAAA"),
      changed(2, () => ""),
      `${jwe}.AA`,
      withHeader({ coffer_edk: [] }),
      changed(0, () => "bm90"),
      changed(4, (value) => `${value}=`),
    ];
    for (const one of none) await assert.rejects(decryptJwe(one, { keyring: raw }), { code: "MessageMalformed" }, one);
  });

  it("an age file for a key of the server, beside an X25519 recipient", async () => {
    const identity = await generateX25519Identity();
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    encrypter.addRecipient(ageRecipient({ keyring, context }));
    const file = await encrypter.encrypt("a secret");
    const opens = async (bytes: Uint8Array, by: Parameters<Decrypter["addIdentity"]>[0]) => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(by);
      return decrypter.decrypt(bytes, "text");
    };
    assert.equal(await opens(file, identity), "a secret");
    assert.equal(await opens(file, ageIdentity({ keyring, context })), "a secret");
    await assert.rejects(opens(file, ageIdentity({ keyring: other })));
    await assert.rejects(opens(file, ageIdentity({ keyring, context: { customer: "43" } })), {
      code: "ContextMismatch",
    });

    const rewrapped = await rewrapAge(file, ageIdentity({ keyring }), [
      ageRecipient({ keyring: multiKeyring([other, raw]), context }),
    ]);
    for (const reader of [other, raw])
      assert.equal(await opens(rewrapped, ageIdentity({ keyring: reader, context })), "a secret");
    await assert.rejects(opens(rewrapped, identity));
    await assert.rejects(opens(rewrapped, ageIdentity({ keyring })));
    const body = (bytes: Uint8Array) =>
      Buffer.from(bytes).subarray(Buffer.from(bytes).indexOf("\n", Buffer.from(bytes).indexOf("\n--- ") + 1));
    assert.deepEqual(body(rewrapped), body(file));

    const damaged = Buffer.from(file);
    damaged[damaged.indexOf("X25519")]! ^= 1;
    await assert.rejects(rewrapAge(damaged, ageIdentity({ keyring }), [ageRecipient({ keyring: raw })]), {
      code: "DecryptionFailed",
    });
    await assert.rejects(rewrapAge(file, ageIdentity({ keyring: other }), [ageRecipient({ keyring: raw })]), {
      code: "KeyUnavailable",
    });
    await assert.rejects(rewrapAge(file, ageIdentity({ keyring }), []), { code: "InvalidInput" });
    for (const cut of [0, 10, 30, 120]) {
      await assert.rejects(rewrapAge(file.subarray(0, cut), ageIdentity({ keyring }), []), {
        code: "MessageMalformed",
      });
    }
  });
});

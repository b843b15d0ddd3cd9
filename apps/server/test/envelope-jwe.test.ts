import assert from "node:assert/strict";
import { createPublicKey, type KeyObject } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type KmsCaller, kmsClient, kmsKeyring, rawAesKeyring } from "@coffer/envelope";
import { decryptJwe, encryptJwe, encryptJweForRsa, jweContentKey } from "@coffer/envelope/jwe";
import {
  CompactEncrypt,
  compactDecrypt,
  FlattenedEncrypt,
  GeneralEncrypt,
  generalDecrypt,
  generateKeyPair,
} from "jose";
import { ServerUnderTest } from "./server-under-test.ts";

const raw = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const secret = Buffer.from("a secret");
const rsaHeader = { alg: "RSA-OAEP-256", enc: "A256GCM" };

interface RsaKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  readonly object: KeyObject;
}

describe("JWE for RSA keys of a server, and in JSON", () => {
  let server: ServerUnderTest;
  let kms: KmsCaller;
  const keys: RsaKey[] = [];
  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
    kms = kmsClient({ endpoint: server.url, region: "us-east-1", credentials: server.credentials });
    for (const KeySpec of ["RSA_3072", "RSA_4096", "RSA_2048"]) {
      const { KeyMetadata } = await kms.call("CreateKey", { KeySpec, KeyUsage: "ENCRYPT_DECRYPT" });
      const { Arn: keyId } = KeyMetadata as { Arn: string };
      const publicKey = (await kms.call("GetPublicKey", { KeyId: keyId }))["PublicKey"] as Uint8Array;
      const object = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
      keys.push({ keyId, publicKey, object });
    }
  });
  after(() => server?.kill());

  const reads = async (jwe: string, ...which: number[]) => {
    const rsa = which.map((index) => ({ client: kms, keyId: keys[index]!.keyId }));
    return text((await decryptJwe(jwe, { rsa })).plaintext);
  };
  /** Counts what it is asked. */
  const counted = () => {
    const asked: string[] = [];
    const decrypt: typeof kms.decrypt = (input) => {
      asked.push(input.KeyId);
      return kms.decrypt(input);
    };
    return { client: { decrypt }, asked };
  };

  it("ours are opened by us, and by jose with a private key", async () => {
    const compact = await encryptJweForRsa("a secret", { keys: [keys[0]!], type: "note" });
    assert.equal(await reads(compact, 0), "a secret");
    assert.equal(await reads(compact, 1, 0), "a secret");
    const general = await encryptJweForRsa(secret, { keys: keys.slice(0, 2) });
    for (const index of [0, 1]) assert.equal(await reads(general, index), "a secret");
    await assert.rejects(reads(general, 2), { code: "KeyUnavailable" });
    const pairs = await Promise.all([1, 2].map(() => generateKeyPair("RSA-OAEP-256", { extractable: true })));
    const theirs = await Promise.all(
      pairs.map(async ({ publicKey }, index) => ({
        publicKey: new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
        keyId: `pair ${index}`,
      })),
    );
    const forOne = await encryptJweForRsa("a secret", { keys: theirs.slice(0, 1) });
    const { plaintext, protectedHeader } = await compactDecrypt(forOne, pairs[0]!.privateKey);
    assert.deepEqual([text(plaintext), protectedHeader["kid"]], ["a secret", "pair 0"]);
    const forBoth = JSON.parse(await encryptJweForRsa("a secret", { keys: theirs }));
    for (const { privateKey } of pairs)
      assert.equal(text((await generalDecrypt(forBoth, privateKey)).plaintext), "a secret");
  });

  it("those of jose: compact, flattened and general, whatever else their headers say", async () => {
    const compact = await new CompactEncrypt(secret)
      .setProtectedHeader({ ...rsaHeader, kid: "another name", "x5t#S256": "AA", iat: 1 })
      .encrypt(keys[0]!.object);
    assert.equal(await reads(compact, 0), "a secret");
    const flattened = await new FlattenedEncrypt(secret)
      .setProtectedHeader({ enc: "A256GCM" })
      .setSharedUnprotectedHeader({ alg: "RSA-OAEP-256" })
      .setUnprotectedHeader({ kid: keys[0]!.keyId })
      .setAdditionalAuthenticatedData(Buffer.from("more"))
      .encrypt(keys[0]!.object);
    assert.equal(await reads(JSON.stringify(flattened), 0), "a secret");
    const { aad: _, ...without } = flattened;
    await assert.rejects(reads(JSON.stringify(without), 0), { code: "DecryptionFailed" });
    const encrypt = new GeneralEncrypt(secret).setProtectedHeader(rsaHeader);
    for (const { object, keyId } of keys) encrypt.addRecipient(object).setUnprotectedHeader({ kid: keyId });
    const general = JSON.stringify(await encrypt.encrypt());
    for (const index of keys.keys()) assert.equal(await reads(general, index), "a secret");
    const named = counted();
    await decryptJwe(general, { rsa: { client: named.client, keyId: keys[2]!.keyId } });
    assert.deepEqual(named.asked, [keys[2]!.keyId]);
  });

  it("that were changed", async () => {
    const general = JSON.parse(await encryptJweForRsa("a secret", { keys: keys.slice(0, 2) }));
    const flip = (value: string) => (value.startsWith("A") ? "B" : "A") + value.slice(1);
    const protectedOther = Buffer.from(JSON.stringify({ ...rsaHeader, typ: "x" })).toString("base64url");
    for (const changed of [
      { iv: flip(general.iv) },
      { ciphertext: flip(general.ciphertext) },
      { tag: flip(general.tag) },
      { aad: "AAAA" },
      { protected: protectedOther },
    ]) {
      await assert.rejects(reads(JSON.stringify({ ...general, ...changed }), 0), { code: "DecryptionFailed" });
    }
    const [first, second] = general.recipients;
    const swapped = [{ ...first, encrypted_key: second.encrypted_key }];
    await assert.rejects(reads(JSON.stringify({ ...general, recipients: swapped }), 0), { code: "KeyUnavailable" });
    const protectedAlone = (header: object) => ({
      ...general,
      protected: Buffer.from(JSON.stringify(header)).toString("base64url"),
    });
    for (const bad of [
      [],
      { ...general, recipients: [] },
      { ...general, recipients: {} },
      { ...general, recipients: [null] },
      { ...general, recipients: [{ header: [] }] },
      { ...general, recipients: [{ encrypted_key: 1 }] },
      { ...general, recipients: [{ encrypted_key: "=" }] },
      { ...general, recipients: [{ ...first, header: { enc: "A256GCM" } }] },
      { ...general, encrypted_key: first.encrypted_key },
      { ...general, unprotected: "x" },
      { ...general, unprotected: { enc: "A256GCM" } },
      { ...general, aad: "a.b" },
      { ...general, aad: 1 },
      { ...general, tag: undefined },
      { ...general, tag: general.tag.slice(0, 16) },
      { ...general, iv: `${general.iv}AAAA` },
      { ...general, protected: "=" },
    ]) {
      const json = JSON.stringify(bad);
      await assert.rejects(reads(json, 0), { code: "MessageMalformed" }, json.slice(0, 300));
    }
    await assert.rejects(reads('{"', 0), { code: "MessageMalformed" });
    for (const header of [
      { ...rsaHeader, alg: "RSA1_5" },
      { ...rsaHeader, alg: "dir" },
      { ...rsaHeader, enc: "A128CBC-HS256" },
      { ...rsaHeader, zip: "DEF" },
      { ...rsaHeader, crit: ["x"] },
      { ...rsaHeader, b64: false },
    ]) {
      const one = { ...protectedAlone(header), recipients: [{ header: {} }] };
      await assert.rejects(reads(JSON.stringify(one), 0), { code: "PolicyRefused" }, JSON.stringify(header));
    }
    const unprotected = { ...general, recipients: [{ ...first, header: { zip: "DEF" } }] };
    await assert.rejects(reads(JSON.stringify(unprotected), 0), { code: "PolicyRefused" });
    const many = { ...general, recipients: Array.from({ length: 33 }, () => first) };
    await assert.rejects(reads(JSON.stringify(many), 0), { code: "LimitExceeded" });
  });

  it("a content key of another length is damage, and another key's answer is not believed", async () => {
    const wrapped = async (bytes: number) =>
      (
        await kms.encrypt({
          ...{ KeyId: keys[0]!.keyId, Plaintext: new Uint8Array(bytes), EncryptionAlgorithm: "RSAES_OAEP_SHA_256" },
        })
      ).CiphertextBlob!;
    const compact = (await encryptJweForRsa("a secret", { keys: [keys[0]!] })).split(".");
    for (const bytes of [16, 31, 33, 32]) {
      const key = Buffer.from(await wrapped(bytes)).toString("base64url");
      await assert.rejects(reads(compact.with(1, key).join("."), 0), { code: "DecryptionFailed" });
    }
    const lying: { decrypt: typeof kms.decrypt } = {
      decrypt: async (input) => ({ ...(await kms.decrypt(input)), KeyId: keys[1]!.keyId }),
    };
    const rsa = { client: lying, keyId: keys[0]!.keyId };
    await assert.rejects(decryptJwe(compact.join("."), { rsa }), { code: "KeyUnavailable" });
    await assert.rejects(decryptJwe(compact.join("."), { ...{ rsa: [] }, keyring: raw }), { code: "PolicyRefused" });
    await assert.rejects(
      decryptJwe(compact.join("."), { rsa: { client: kms, keyId: keys[0]!.keyId }, context: { a: "b" } }),
      { code: "ContextMismatch" },
    );
  });

  it("refuse what nobody could read", async () => {
    await assert.rejects(encryptJweForRsa("x", { keys: [] }), { code: "InvalidInput" });
    const tooMany = Array.from({ length: 33 }, () => keys[0]!);
    await assert.rejects(encryptJweForRsa("x", { keys: tooMany }), { code: "InvalidInput" });
    await assert.rejects(encryptJweForRsa("x", { keys: [{ keyId: "a", publicKey: "none" }] }), {
      code: "InvalidInput",
    });
    await assert.rejects(encryptJweForRsa([1] as unknown as string, { keys }), { code: "InvalidInput" });
    await assert.rejects(encryptJwe([1] as unknown as string, { keyring: raw }), { code: "InvalidInput" });
  });

  it("a header that names keys of the server does so in what is authenticated", async () => {
    const { KeyMetadata } = await kms.call("CreateKey", {});
    const { Arn } = KeyMetadata as { Arn: string };
    const keyring = kmsKeyring({ keyId: Arn, client: kms });
    const parts = (await encryptJwe("a secret", { keyring })).split(".");
    const header = JSON.parse(Buffer.from(parts[0]!, "base64url").toString());
    assert.equal(header.kid, Arn);
    const [, , iv, ciphertext, tag] = parts;
    const flattened = (members: object) => JSON.stringify({ iv, ciphertext, tag, ...members });
    const read = await decryptJwe(flattened({ protected: parts[0] }), { keyring });
    assert.equal(text(read.plaintext), "a secret");
    await assert.rejects(decryptJwe(flattened({ header }), { keyring }), { code: "PolicyRefused" });
    await assert.rejects(decryptJwe(flattened({ unprotected: header }), { keyring }), { code: "PolicyRefused" });
    const several = { protected: parts[0], recipients: [{}, {}] };
    await assert.rejects(decryptJwe(flattened(several), { keyring }), { code: "MessageMalformed" });
    await assert.rejects(jweContentKey({ ...header, zip: "DEF" }, { keyring }), { code: "PolicyRefused" });
    await assert.rejects(jweContentKey({ ...header, alg: "RSA-OAEP-256" }, { keyring }), { code: "PolicyRefused" });
    const rawHeader = (await encryptJwe("a secret", { keyring: raw })).split(".")[0]!;
    assert.equal(JSON.parse(Buffer.from(rawHeader, "base64url").toString()).kid, undefined);
  });
});

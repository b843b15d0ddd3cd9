import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { decrypt, EnvelopeError, encrypt, multiKeyring } from "../index.ts";
import { type RsaPadding, rawRsaKeyring } from "../rsa.ts";

const newPair = (modulusLength = 2048) =>
  generateKeyPairSync("rsa", {
    modulusLength,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
const { publicKey, privateKey } = newPair();
const other = newPair();
const name = { namespace: "tests", name: "schlüssel" } as const;
const oaep: readonly RsaPadding[] = ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"];
const code =
  (expected: string, text = /./) =>
  (error: unknown) =>
    error instanceof EnvelopeError && error.code === expected && text.test(error.message);

test("what one half encrypts the other decrypts, with each OAEP padding", async () => {
  for (const padding of oaep) {
    const message = await encrypt("a secret", { keyring: rawRsaKeyring({ ...name, publicKey, padding }) });
    const { plaintext } = await decrypt(message, { keyring: rawRsaKeyring({ ...name, privateKey, padding }) });
    assert.equal(Buffer.from(plaintext).toString(), "a secret");
    const wrong = rawRsaKeyring({
      ...name,
      privateKey,
      padding: padding === "oaep-sha1" ? "oaep-sha256" : "oaep-sha1",
    });
    await assert.rejects(decrypt(message, { keyring: wrong }), code("KeyUnavailable", /does not unwrap it/));
  }
});

test("keys in DER, and PEM as bytes; the caller's bytes stay", async () => {
  const derOf = (pem: string) => Buffer.from(pem.replace(/-----.*-----|\s/g, ""), "base64");
  for (const form of [derOf, (pem: string) => Buffer.from(pem)]) {
    const [spki, pkcs8] = [form(publicKey), form(privateKey)];
    const before = Buffer.from(pkcs8);
    const keyring = rawRsaKeyring({ ...name, publicKey: spki, privateKey: pkcs8, padding: "oaep-sha256" });
    await decrypt(await encrypt("x", { keyring }), { keyring });
    assert.deepEqual(pkcs8, before);
  }
});

test("another namespace, another name and another key do not decrypt; any of several keyrings does", async () => {
  const padding = "oaep-sha256";
  const ours = rawRsaKeyring({ ...name, publicKey, privateKey, padding });
  const message = await encrypt("x", { keyring: ours });
  for (const change of [{ namespace: "others" }, { name: "other" }, { name: "schlüsse" }]) {
    const keyring = rawRsaKeyring({ ...name, ...change, privateKey, padding });
    await assert.rejects(decrypt(message, { keyring }), code("KeyUnavailable", /none of its encrypted data keys/));
  }
  const stranger = rawRsaKeyring({ ...name, privateKey: other.privateKey, padding });
  await assert.rejects(decrypt(message, { keyring: stranger }), code("KeyUnavailable", /does not unwrap/));
  await decrypt(message, { keyring: multiKeyring([stranger, ours]) });
});

test("one half does not do what the other does", async () => {
  const padding = "oaep-sha256";
  await assert.rejects(
    encrypt("x", { keyring: rawRsaKeyring({ ...name, privateKey, padding }) }),
    code("InvalidInput", /only decrypts/),
  );
  const sealed = rawRsaKeyring({ ...name, publicKey, padding });
  const message = await encrypt("x", { keyring: sealed });
  await assert.rejects(decrypt(message, { keyring: sealed }), code("KeyUnavailable", /has no private key/));
});

test("keys that cannot be used are refused, and what to do is said", async () => {
  const padding = "oaep-sha256";
  const refused = (options: { publicKey?: string; privateKey?: string; namespace?: string; padding?: string }) =>
    assert.rejects(
      async () => {
        const keyring = rawRsaKeyring({ ...name, padding, ...options } as Parameters<typeof rawRsaKeyring>[0]);
        if (options.privateKey === undefined) return encrypt("x", { keyring });
        const sealed = rawRsaKeyring({ ...name, publicKey, padding });
        return decrypt(await encrypt("x", { keyring: sealed }), { keyring });
      },
      code("InvalidInput"),
      JSON.stringify(options).slice(0, 80),
    );
  const pkcs1 = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const ec = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const pss = generateKeyPairSync("rsa-pss", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const short = newPair(1024);
  for (const pair of [pkcs1, ec, pss, short, { publicKey: "none", privateKey: "none" }]) {
    await refused({ publicKey: pair.publicKey });
    await refused({ privateKey: pair.privateKey });
  }
  await refused({ publicKey: privateKey });
  await refused({});
  await refused({ publicKey, padding: "none" });
  await refused({ publicKey, namespace: "aws-kms-rsa" });
  assert.throws(() => rawRsaKeyring({ ...name, privateKey: pkcs1.privateKey, padding }), /openssl pkcs8 -topk8/);
});

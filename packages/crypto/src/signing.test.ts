import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { exposeSecretBytes } from "./hazmat.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { generateSigningKeyPair, signBytes, verifyBytes } from "./signing.ts";
import { bitFlips, fromHex } from "./testing/vectors.ts";

// RFC 8032 section 7.1, tests 1 and 3.
const published = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

test("Ed25519 of RFC 8032, through PKCS #8, a KeyObject and PEM", () => {
  for (const { seed, publicKey, message, signature } of published) {
    const der = fromHex(`302e020100300506032b657004220420${seed}`);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const spki = fromHex(`302a300506032b6570032100${publicKey}`);
    const pem = createPublicKey({ key: spki, format: "der", type: "spki" }).export({ format: "pem", type: "spki" });
    assert.equal(signBytes(SecretBytes.takeFrom(der), fromHex(message)).toString("hex"), signature);
    assert.equal(signBytes(key, fromHex(message)).toString("hex"), signature);
    assert.equal(verifyBytes(pem.toString(), fromHex(message), fromHex(signature)), true);
  }
});

test("a generated pair signs and verifies; any changed bit is refused", () => {
  const { privateKey, publicKeyPem } = generateSigningKeyPair();
  const bytes = Buffer.from("checkpoint");
  const signature = signBytes(privateKey, bytes);
  assert.equal(signature.length, 64);
  assert.equal(verifyBytes(publicKeyPem, bytes, signature), true);
  for (const { changed } of bitFlips(signature)) assert.equal(verifyBytes(publicKeyPem, bytes, changed), false);
  for (const { changed } of bitFlips(bytes)) assert.equal(verifyBytes(publicKeyPem, changed, signature), false);
  for (const length of [0, 63]) assert.equal(verifyBytes(publicKeyPem, bytes, signature.subarray(0, length)), false);
  assert.equal(verifyBytes(generateSigningKeyPair().publicKeyPem, bytes, signature), false);
});

test("keys of other kinds neither sign nor verify", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ed448 = generateKeyPairSync("ed448");
  const bytes = Buffer.from("checkpoint");
  for (const { privateKey } of [ec, ed448]) {
    const der = privateKey.export({ format: "der", type: "pkcs8" });
    assert.throws(() => signBytes(privateKey, bytes), CryptoInvariantError);
    assert.throws(() => signBytes(SecretBytes.takeFrom(der), bytes), CryptoInvariantError);
  }
  const pair = generateSigningKeyPair();
  assert.throws(() => signBytes(createPublicKey(pair.publicKeyPem), bytes), CryptoInvariantError);
  assert.throws(() => signBytes(SecretBytes.random(32).toKeyObject(), bytes), CryptoInvariantError);
  for (const { publicKey, privateKey } of [ed448]) {
    const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
    const signature = sign(null, bytes, privateKey);
    assert.equal(verifyBytes(pem, bytes, signature), false);
  }
  for (const pem of ["", "nonsense", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]) {
    assert.equal(verifyBytes(pem, bytes, Buffer.alloc(64)), false);
  }
});

test("an error about a malformed private key shows nothing of it", () => {
  const { privateKey } = generateSigningKeyPair();
  const broken = exposeSecretBytes(privateKey).subarray(0, 40);
  const hex = broken.toString("hex", 16);
  assert.throws(
    () => signBytes(SecretBytes.takeFrom(broken), Buffer.alloc(1)),
    (error) => error instanceof CryptoInvariantError && error.cause === undefined && !inspect(error).includes(hex),
  );
});

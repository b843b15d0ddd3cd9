import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, test } from "node:test";
import { component } from "@coffer/testkit";
import { findKeySpec, type KeySpec } from "../src/algorithms.ts";
import { findEncryptionAlgorithm } from "../src/encryption-algorithms.ts";
import { exposeSecretBytes } from "../src/hazmat.ts";
import { findKeyAgreementAlgorithm } from "../src/key-agreement.ts";
import { encodePublicKey } from "../src/public-key.ts";
import { SecretBytes } from "../src/secret-bytes.ts";
import { type Pair, pairOf, randomMessage, signingAlgorithm } from "../src/testing/pairs.ts";
import { fromHex } from "../src/testing/vectors.ts";

const python = component("python-venv");

const rsa = ["RSA_2048", "RSA_3072", "RSA_4096"] as const;
const nist = ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"] as const;
const signing: readonly KeySpec[] = [...rsa, ...nist, "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"];

// Python's `cryptography` has no Ed25519ph: RFC 8032's vector stands for it.
const notThere = "ED25519_PH_SHA_512";

/** What Python's `cryptography` says to each case. */
function ask<Answer>(cases: readonly object[]): readonly (Answer & { readonly samePublicKey: boolean })[] {
  assert.ok(python.available);
  const script = join(import.meta.dirname, "cryptography-peer.py");
  const { stdout, stderr, status } = spawnSync(python.path, [script], {
    input: JSON.stringify(cases),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

function keysOf({ privateKey, publicKey }: Pair) {
  return {
    privateKeyHex: privateKey.export({ format: "der", type: "pkcs8" }).toString("hex"),
    publicKeyHex: encodePublicKey(publicKey).toString("hex"),
  };
}

describe("Python's cryptography", { skip: python.available ? false : python.reason }, () => {
  test("verifies our signatures, and we its own, over messages and digests", async () => {
    const cases = [];
    for (const spec of signing) {
      const pair = await pairOf(spec);
      for (const algorithm of findKeySpec(spec)?.algorithms.get("SIGN_VERIFY") ?? []) {
        if (algorithm === notThere) continue;
        const row = signingAlgorithm(algorithm);
        for (const type of row.messageTypes.keys()) {
          const message = randomMessage(row, type);
          const signature = await row.sign(pair.privateKey, message, type);
          cases.push({ pair, row, algorithm, type, message, signature });
        }
      }
    }
    assert.equal(cases.length, 3 * 6 * 2 + 4 * 2 + 1);
    const answers = ask<{ valid: boolean; signatureHex: string }>(
      cases.map(({ pair, algorithm, type, message, signature }) => ({
        ...keysOf(pair),
        ...{ kind: "sign", algorithm, type },
        ...{ messageHex: message.toString("hex"), signatureHex: signature.toString("hex") },
      })),
    );
    for (const [index, { pair, row, algorithm, type, message }] of cases.entries()) {
      const answer = answers[index];
      assert.ok(answer !== undefined);
      assert.equal(answer.samePublicKey, true);
      assert.equal(answer.valid, true, `${algorithm} ${type}`);
      const theirs = await row.verify(pair.publicKey, message, type, fromHex(answer.signatureHex));
      assert.equal(theirs, true, `${algorithm} ${type}`);
    }
  });

  test("decrypts what we encrypt, and the reverse", async () => {
    const cases = [];
    for (const spec of rsa) {
      const pair = await pairOf(spec);
      for (const algorithm of findKeySpec(spec)?.algorithms.get("ENCRYPT_DECRYPT") ?? []) {
        const row = findEncryptionAlgorithm(algorithm);
        assert.ok(row !== undefined);
        const plaintext = randomBytes(row.maxPlaintextBytes(pair.publicKey));
        cases.push({ pair, row, algorithm, plaintext, ciphertext: await row.encrypt(pair.publicKey, plaintext) });
      }
    }
    const answers = ask<{ plaintextHex: string; ciphertextHex: string }>(
      cases.map(({ pair, algorithm, ciphertext }) => ({
        ...keysOf(pair),
        ...{ kind: "encrypt", algorithm, ciphertextHex: ciphertext.toString("hex") },
      })),
    );
    for (const [index, { pair, row, plaintext }] of cases.entries()) {
      const answer = answers[index];
      assert.equal(answer?.plaintextHex, plaintext.toString("hex"));
      assert.deepEqual(await row.decrypt(pair.privateKey, fromHex(answer?.ciphertextHex ?? "")), plaintext);
    }
  });

  test("agrees on a secret with us, and its private keys load", async () => {
    const pairs = await Promise.all(nist.map((spec) => pairOf(spec)));
    const answers = ask<{ peerPublicKeyHex: string; peerPrivateKeyHex: string; secretHex: string }>(
      pairs.map((pair) => ({ ...keysOf(pair), kind: "agree" })),
    );
    for (const [index, { privateKey, publicKey }] of pairs.entries()) {
      const answer = answers[index];
      assert.ok(answer !== undefined);
      const ecdh = findKeyAgreementAlgorithm("ECDH");
      using ours = await ecdh?.derive(privateKey, fromHex(answer.peerPublicKeyHex));
      assert.ok(ours !== undefined);
      assert.deepEqual(exposeSecretBytes(ours), fromHex(answer.secretHex));
      using material = SecretBytes.takeFrom(fromHex(answer.peerPrivateKeyHex));
      const peer = findKeySpec(nist[index] ?? "")?.load(material);
      assert.ok(peer !== undefined);
      using theirs = await ecdh?.derive(peer, encodePublicKey(publicKey));
      assert.ok(theirs !== undefined && ours.equals(theirs));
    }
  });
});

import assert from "node:assert/strict";
import { createPublicKey, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { type KeySpec, keySpecs } from "../algorithms.ts";
import { sha256Hex } from "../digest.ts";
import { publicKeyOf } from "../public-key.ts";
import { SecretBytes } from "../secret-bytes.ts";
import { signingAlgorithm } from "../testing/pairs.ts";
import { encodePkcs8 } from "../testing/pkcs8.ts";
import { fromHex, readVectors } from "../testing/vectors.ts";

interface Case {
  readonly spec: KeySpec;
  readonly tcId: number;
  readonly result: "valid" | "invalid";
  readonly flags: readonly string[];
  readonly messageHex?: string;
  readonly contextHex?: string;
  readonly signatureHex: string;
}

const row = signingAlgorithm("ML_DSA_SHAKE_256");

/** AWS KMS's ML-DSA has an empty context; with another one a message has no signature of ours, and its mu has. */
function hasContext({ contextHex = "" }: Case): boolean {
  return contextHex !== "";
}

function loadSpki(hex: string): KeyObject | undefined {
  try {
    return createPublicKey({ key: fromHex(hex), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

test("Wycheproof ML-DSA: signatures verify, and invalid ones and public keys are refused", async () => {
  let ran = 0;
  for (const vector of readVectors<Case & { publicKeyDerHex: string }>("wycheproof/ml-dsa-verify.json.gz")) {
    const { spec, tcId, result, publicKeyDerHex, messageHex, signatureHex } = vector;
    const publicKey = loadSpki(publicKeyDerHex);
    assert.equal(publicKey === undefined, vector.flags.includes("IncorrectPublicKeyLength"), `${spec} ${tcId}`);
    if (publicKey === undefined) continue;
    assert.ok(messageHex !== undefined);
    const verified = await row.verify(publicKey, fromHex(messageHex), "RAW", fromHex(signatureHex));
    assert.equal(verified, result === "valid" && !hasContext(vector), `${spec} ${tcId}`);
    ran++;
  }
  assert.equal(ran, 83);
});

test("Wycheproof ML-DSA: seeds give their pairs, whose signatures verify by message and by mu", async () => {
  type SignCase = Case & { seedHex: string; muHex?: string; publicKeySha256Hex?: string };
  let mus = 0;
  for (const vector of readVectors<SignCase>("wycheproof/ml-dsa-sign.json.gz")) {
    const { spec, tcId, result, flags, seedHex, messageHex, muHex, signatureHex, publicKeySha256Hex } = vector;
    const pkcs8 = encodePkcs8(spec, { seed: fromHex(seedHex) });
    const privateKey = keySpecs.get(spec)?.load(SecretBytes.takeFrom(pkcs8));
    assert.equal(privateKey === undefined, flags.includes("IncorrectPrivateKeyLength"), `${spec} ${tcId}`);
    if (privateKey === undefined) continue;
    const publicKey = publicKeyOf(privateKey);
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(22);
    assert.equal(sha256Hex(raw), publicKeySha256Hex, `${spec} ${tcId}`);
    const signature = fromHex(signatureHex);
    if (muHex !== undefined) {
      mus++;
      assert.equal(await row.verify(publicKey, fromHex(muHex), "EXTERNAL_MU", signature), result === "valid");
      const ours = await row.sign(privateKey, fromHex(muHex), "EXTERNAL_MU");
      if (messageHex !== undefined && !hasContext(vector)) {
        assert.equal(await row.verify(publicKey, fromHex(messageHex), "RAW", ours), true, `${spec} ${tcId}`);
      }
    }
    if (messageHex !== undefined) {
      const verified = await row.verify(publicKey, fromHex(messageHex), "RAW", signature);
      assert.equal(verified, result === "valid" && !hasContext(vector), `${spec} ${tcId}`);
    }
  }
  assert.ok(mus > 50, `${mus} cases have a mu`);
});

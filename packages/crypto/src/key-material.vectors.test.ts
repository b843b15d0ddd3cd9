import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeySpec, keySpecs } from "./algorithms.ts";
import { findEncapsulationAlgorithm } from "./encapsulation-algorithms.ts";
import { findEncryptionAlgorithm } from "./encryption-algorithms.ts";
import { exposeSecretBytes } from "./hazmat.ts";
import { findMacAlgorithm } from "./mac-algorithms.ts";
import { encodePublicKey, publicKeyOf } from "./public-key.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { findSigningAlgorithm } from "./signing-algorithms.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface FrozenKey {
  readonly spec: KeySpec;
  readonly materialHex: string;
  readonly messageHex: string;
  readonly publicKeyHex?: string;
  readonly macs?: Readonly<Record<string, string>>;
  readonly signatures?: Readonly<Record<string, string>>;
  readonly muHex?: string;
  readonly muSignatureHex?: string;
  readonly ciphertexts?: Readonly<Record<string, string>>;
  readonly encapsulations?: Readonly<Record<string, { ciphertextHex: string; sharedSecretHex: string }>>;
}

const frozen = readVectors<FrozenKey>("key-material-v1.json");

test("material of every spec is frozen as it is stored", () => {
  assert.deepEqual(new Set(frozen.map(({ spec }) => spec)), new Set(keySpecs.keys()));
});

for (const vector of frozen) {
  test(`frozen ${vector.spec} material loads, and does what another implementation did with it`, async () => {
    const message = fromHex(vector.messageHex);
    const row = keySpecs.get(vector.spec) ?? assert.fail();
    const key = row.load(SecretBytes.takeFrom(fromHex(vector.materialHex)));
    assert.ok(key !== undefined);
    for (const [name, mac] of Object.entries(vector.macs ?? {})) {
      assert.equal(findMacAlgorithm(name)?.generate(key, message).toString("hex"), mac);
    }
    if (row.kind === "secret") return;
    const publicKey = publicKeyOf(key);
    if (vector.publicKeyHex !== undefined) {
      assert.equal(encodePublicKey(publicKey).toString("hex"), vector.publicKeyHex);
    }
    for (const [name, signature] of Object.entries(vector.signatures ?? {})) {
      const verified = await findSigningAlgorithm(name)?.verify(publicKey, message, "RAW", fromHex(signature));
      assert.equal(verified, true, name);
    }
    if (vector.muHex !== undefined && vector.muSignatureHex !== undefined) {
      const mlDsa = findSigningAlgorithm("ML_DSA_SHAKE_256") ?? assert.fail();
      const signature = fromHex(vector.muSignatureHex);
      assert.equal(await mlDsa.verify(publicKey, fromHex(vector.muHex), "EXTERNAL_MU", signature), true);
    }
    for (const [name, ciphertext] of Object.entries(vector.ciphertexts ?? {})) {
      assert.deepEqual(await findEncryptionAlgorithm(name)?.decrypt(key, fromHex(ciphertext)), message, name);
    }
    for (const [name, { ciphertextHex, sharedSecretHex }] of Object.entries(vector.encapsulations ?? {})) {
      const secret: SecretBytes | undefined = findEncapsulationAlgorithm(name)?.decapsulate(
        key,
        fromHex(ciphertextHex),
      );
      assert.ok(secret !== undefined);
      assert.equal(exposeSecretBytes(secret).toString("hex"), sharedSecretHex);
    }
  });
}

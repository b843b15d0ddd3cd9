import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeySpec } from "./algorithms.ts";
import { findEncryptionAlgorithm } from "./encryption-algorithms.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { fromHex, readVectors } from "./testing/vectors.ts";

interface OaepCase {
  readonly file: string;
  readonly tcId: number;
  readonly result: "valid" | "invalid";
  readonly keyBits: number;
  readonly hash: "SHA-1" | "SHA-256";
  readonly mgfHash: string;
  readonly privateKeyDerHex: string;
  readonly labelHex: string;
  readonly plaintextHex: string;
  readonly ciphertextHex: string;
}

test("Wycheproof RSAES-OAEP: ciphertexts without a label and with MGF1 of the same hash decrypt, and nothing else", async () => {
  let other = 0;
  for (const vector of readVectors<OaepCase>("wycheproof/rsa-oaep-decrypt.json.gz")) {
    const name = `${vector.file} ${vector.tcId}`;
    const row = findEncryptionAlgorithm(`RSAES_OAEP_${vector.hash.replace("-", "_")}`);
    using material = SecretBytes.takeFrom(fromHex(vector.privateKeyDerHex));
    const key = findKeySpec(`RSA_${vector.keyBits}`)?.load(material);
    assert.ok(row !== undefined && key !== undefined, name);
    const isOurs = vector.labelHex === "" && vector.mgfHash === vector.hash;
    if (!isOurs) other++;
    const plaintext = isOurs && vector.result === "valid" ? fromHex(vector.plaintextHex) : undefined;
    assert.deepEqual(await row.decrypt(key, fromHex(vector.ciphertextHex)), plaintext, name);
  }
  assert.ok(other > 50, "ciphertexts with labels and other parameters are there to be refused");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type KeySpec, keySpecs } from "./algorithms.ts";
import { findMacAlgorithm } from "./mac-algorithms.ts";
import { SecretBytes } from "./secret-bytes.ts";
import { fromHex, keyFromHex, readVectors } from "./testing/vectors.ts";

interface HmacCase {
  readonly tcId: number;
  readonly result: "valid" | "invalid";
  readonly hash: string;
  readonly tagBits: number;
  readonly keyHex: string;
  readonly messageHex: string;
  readonly macHex: string;
}

const names: ReadonlyMap<string, { algorithm: string; spec: KeySpec }> = new Map([
  ["sha224", { algorithm: "HMAC_SHA_224", spec: "HMAC_224" }],
  ["sha256", { algorithm: "HMAC_SHA_256", spec: "HMAC_256" }],
  ["sha384", { algorithm: "HMAC_SHA_384", spec: "HMAC_384" }],
  ["sha512", { algorithm: "HMAC_SHA_512", spec: "HMAC_512" }],
]);

// Key lengths in bytes that AWS KMS does not import: their cases run on keys made past `load`.
const lengthsNotImported: ReadonlyMap<string, readonly number[]> = new Map([
  ["HMAC_224", [14]],
  ["HMAC_256", [16]],
  ["HMAC_384", [24]],
  ["HMAC_512", [32]],
]);

test("Wycheproof HMAC: each MAC, and whole ones alone verify", () => {
  const refused = new Map<string, Set<number>>();
  for (const vector of readVectors<HmacCase>("wycheproof/hmac.json.gz")) {
    const { algorithm, spec } = names.get(vector.hash) ?? assert.fail();
    const row = findMacAlgorithm(algorithm);
    assert.ok(row !== undefined);
    const material = fromHex(vector.keyHex);
    const loaded = keySpecs.get(spec)?.load(SecretBytes.takeFrom(Buffer.from(material)));
    if (loaded === undefined) refused.set(spec, (refused.get(spec) ?? new Set()).add(material.length));
    const key = loaded ?? keyFromHex(vector.keyHex);
    const message = fromHex(vector.messageHex);
    const mac = fromHex(vector.macHex);
    const isValid = vector.result === "valid";
    assert.equal(
      row
        .generate(key, message)
        .subarray(0, vector.tagBits / 8)
        .equals(mac),
      isValid,
      `${vector.tcId}`,
    );
    const isWhole = vector.tagBits === row.macBytes * 8;
    assert.equal(row.verify(key, message, mac), isValid && isWhole, `${vector.tcId}`);
  }
  assert.deepEqual(new Map([...refused].map(([spec, lengths]) => [spec, [...lengths].sort()])), lengthsNotImported);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeEncryptionContext } from "./encryption-context.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { readVectors } from "./testing/vectors.ts";

const contexts = fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })), {
  selector: ([key]) => key,
  maxLength: 8,
});

function decodeContext(encoded: Buffer): [string, string][] {
  let offset = 4;
  const next = () => {
    const start = offset + 4;
    offset = start + encoded.readUInt32BE(offset);
    return encoded.toString("utf8", start, offset);
  };
  const pairs = Array.from({ length: encoded.readUInt32BE(0) }, (): [string, string] => [next(), next()]);
  assert.equal(offset, encoded.length);
  return pairs;
}

test("frozen encodings", () => {
  const cases = readVectors<{ context: Record<string, string>; aadHex: string }>("kms-blob-v1.json");
  for (const { context, aadHex } of cases) assert.equal(encodeEncryptionContext(context).toString("hex"), aadHex);
  assert.equal(encodeEncryptionContext({}).toString("hex"), "00000000");
  assert.equal(encodeEncryptionContext(new Map()).toString("hex"), "00000000");
});

test("a context can be read back, so no two encode alike", () => {
  fc.assert(
    fc.property(contexts, (pairs) => {
      const decoded = decodeContext(encodeEncryptionContext(new Map(pairs)));
      assert.deepEqual(new Map(decoded), new Map(pairs));
    }),
  );
});

test("the order of the pairs and the container do not matter", () => {
  const shuffled = contexts.chain((pairs) =>
    fc.tuple(fc.constant(pairs), fc.shuffledSubarray(pairs, { minLength: pairs.length })),
  );
  fc.assert(
    fc.property(shuffled, ([pairs, other]) => {
      const encoded = encodeEncryptionContext(new Map(pairs));
      assert.deepEqual(encodeEncryptionContext(new Map(other)), encoded);
      assert.deepEqual(encodeEncryptionContext(Object.fromEntries(other)), encoded);
    }),
  );
});

test("pairs stand in the order of their keys' UTF-8 bytes", () => {
  fc.assert(
    fc.property(contexts, (pairs) => {
      const keys = decodeContext(encodeEncryptionContext(new Map(pairs))).map(([key]) => Buffer.from(key));
      assert.deepEqual(keys, keys.toSorted(Buffer.compare));
    }),
  );
});

test("keys that objects treat apart are ordinary keys", () => {
  const context = JSON.parse('{"__proto__":"a","constructor":"b","10":"c","9":"d"}') as Record<string, string>;
  const keys = decodeContext(encodeEncryptionContext(context)).map(([key]) => key);
  assert.deepEqual(keys, ["10", "9", "__proto__", "constructor"]);
  assert.deepEqual(encodeEncryptionContext(Object.create({ inherited: "x" })), encodeEncryptionContext({}));
});

test("a lone surrogate in key or value is refused", () => {
  assert.throws(() => encodeEncryptionContext({ "\ud800": "a" }), CryptoInvariantError);
  assert.throws(() => encodeEncryptionContext({ a: "\ud800" }), CryptoInvariantError);
});

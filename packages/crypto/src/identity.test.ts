import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeIdentity, type KeyMaterialIdentity, keyMaterialId } from "./identity.ts";
import { CryptoInvariantError } from "./invariant.ts";
import { readVectors } from "./testing/vectors.ts";

function decodeIdentity(encoded: Buffer): string[] {
  const fields: string[] = [];
  let offset = 4;
  while (offset < encoded.length) {
    const end = offset + 4 + encoded.readUInt32BE(offset);
    fields.push(encoded.toString("utf8", offset + 4, end));
    offset = end;
  }
  assert.equal(offset, encoded.length);
  assert.equal(encoded.readUInt32BE(0), fields.length);
  return fields;
}

test("an identity can be read back, so no two encode alike", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (fields) => {
      assert.deepEqual(decodeIdentity(encodeIdentity(fields)), fields);
    }),
  );
});

test("fields that join to one text stay apart", () => {
  const alike = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], [], [""]];
  assert.equal(new Set(alike.map((fields) => encodeIdentity(fields).toString("hex"))).size, alike.length);
});

test("a lone surrogate is refused, for UTF-8 would make it equal to others", () => {
  assert.throws(() => encodeIdentity(["a", "\udc00"]), CryptoInvariantError);
});

test("key material ids are frozen", () => {
  for (const { keyMaterialId: expected, ...identity } of readVectors<KeyMaterialIdentity & { keyMaterialId: string }>(
    "key-material-id-v1.json",
  )) {
    assert.equal(keyMaterialId(identity), expected);
    assert.match(expected, /^[0-9a-f]{64}$/);
  }
});

test("each part of the identity changes the key material id", () => {
  const base = { account: "1", region: "r", keyId: "k", keyVersion: 1 };
  const all = [
    base,
    { ...base, account: "2" },
    { ...base, region: "s" },
    { ...base, keyId: "l" },
    { ...base, keyVersion: 2 },
  ];
  assert.equal(new Set(all.map(keyMaterialId)).size, all.length);
});

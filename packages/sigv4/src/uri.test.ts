import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalPath, canonicalQuery, decodeUri, encodeUri } from "./uri.ts";

const byteString = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("latin1"));

test("encoding leaves unreserved characters only, and decoding undoes it", () => {
  fc.assert(
    fc.property(byteString, (text) => {
      const encoded = encodeUri(text);
      assert.match(encoded, /^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
      assert.equal(decodeUri(encoded), text);
    }),
  );
});

test("paths are normalized and the bytes as sent encoded once more", () => {
  for (const [sent, canonical] of [
    ["", "/"],
    ["/", "/"],
    ["//", "/"],
    ["/..", "/"],
    ["/../../a", "/a"],
    ["/a/./b/../c/", "/a/c/"],
    ["/a%20b", "/a%2520b"],
    ["/a+b*c", "/a%2Bb%2Ac"],
    ["/%2e%2e/a", "/%252e%252e/a"],
    ["/\xe1\x88\xb4", "/%E1%88%B4"],
  ] as const) {
    assert.equal(canonicalPath(sent), canonical, sent);
  }
});

test("queries are decoded, encoded and sorted by name before value", () => {
  for (const [sent, canonical] of [
    ["", ""],
    ["b&a", "a=&b="],
    ["a=2&a=1&a=", "a=&a=1&a=2"],
    ["a-b=1&a=2", "a=2&a-b=1"],
    ["A=1&a=1&B=1", "A=1&B=1&a=1"],
    ["a=b=c", "a=b%3Dc"],
    ["&&a=1&", "a=1"],
    ["a=%2f&b=%zz&c=%", "a=%2F&b=%25zz&c=%25"],
    ["a=+", "a=%2B"],
    ["%61=1", "a=1"],
  ] as const) {
    assert.equal(canonicalQuery(sent), canonical, sent);
  }
});

test("one parameter can be left out, however its name is written", () => {
  assert.equal(canonicalQuery("X-Sig=1&a=2&X%2DSig=3&X-Sign=4", "X-Sig"), "X-Sign=4&a=2");
});

test("the order of parameters does not matter, their number and text do", () => {
  const parameter = fc
    .tuple(byteString, byteString)
    .map(([name, value]) => `${encodeUri(`k${name}`)}=${encodeUri(value)}`);
  fc.assert(
    fc.property(fc.array(parameter), parameter, (parameters, extra) => {
      const canonical = canonicalQuery(parameters.join("&"));
      assert.equal(canonicalQuery(parameters.toReversed().join("&")), canonical);
      assert.notEqual(canonicalQuery([...parameters, extra].join("&")), canonical);
    }),
  );
});

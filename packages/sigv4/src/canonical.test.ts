import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256Hex } from "@coffer/crypto";
import { canonicalHeaderValue, canonicalRequest, payloadHash, stringToSign } from "./canonical.ts";

const scope = { date: "20260301", region: "us-east-1", service: "kms" };

test("the hash of no bytes is the constant's", () => {
  assert.equal(payloadHash(new Uint8Array()), sha256Hex(""));
  assert.equal(payloadHash(Buffer.from("a")), sha256Hex("a"));
});

test("header values are trimmed and their white space collapsed", () => {
  for (const [sent, canonical] of [
    ["a", "a"],
    ["", ""],
    ["   ", ""],
    [" a  b \t c ", "a b c"],
    ["a\r\n host:evil", "a host:evil"],
    ["a\n\nb", "a b"],
    ["\xa0a", "\xa0a"],
  ] as const) {
    assert.equal(canonicalHeaderValue(sent), canonical, JSON.stringify(sent));
  }
});

test("a header value cannot add a line to the canonical request", () => {
  const headers = new Map([
    ["host", "a\nx-amz-date:b"],
    ["x-b", "c"],
  ]);
  const canonical = canonicalRequest({ method: "GET", headers }, "/", "", ["host", "x-b"], "hash");
  assert.equal(canonical, "GET\n/\n\nhost:a x-amz-date:b\nx-b:c\n\nhost;x-b\nhash");
});

test("a method that is no token and a signed header that was not sent have no canonical request", () => {
  const headers = new Map([["host", "a"]]);
  assert.equal(canonicalRequest({ method: "GET\n/", headers }, "/", "", ["host"], "hash"), undefined);
  assert.equal(canonicalRequest({ method: "", headers }, "/", "", ["host"], "hash"), undefined);
  assert.equal(canonicalRequest({ method: "GET", headers }, "/", "", ["date", "host"], "hash"), undefined);
});

test("a character of a byte string is hashed as one byte, one that is no byte not at all", () => {
  const bytes = stringToSign("20260301T120000Z", scope, "\xe9");
  assert.equal(bytes?.split("\n").at(-1), sha256Hex(Buffer.from([0xe9])));
  assert.equal(stringToSign("20260301T120000Z", scope, "\u0100"), undefined);
});

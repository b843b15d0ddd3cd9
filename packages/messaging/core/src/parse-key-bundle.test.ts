import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError } from "./errors.ts";
import { parseKeyBundle } from "./parse-key-bundle.ts";

const key = { keyId: "k.1", key: "AQID", signature: "AQID", lastResort: true };
const bundle = {
  identityKey: "AQID",
  details: "text",
  sets: { signedPreKey: key, oneTime: { keyId: "2", key: "AQID" } },
};

describe("a key bundle that came from outside", () => {
  it("is read for its form", () => {
    assert.deepEqual(parseKeyBundle(bundle), {
      ...bundle,
      sets: { signedPreKey: key, oneTime: { keyId: "2", key: "AQID", lastResort: false } },
    });
  });

  it("is refused when it is malformed", () => {
    const others: unknown[] = [
      null,
      [],
      { ...bundle, identityKey: "" },
      { ...bundle, identityKey: "?" },
      { ...bundle, details: 1 },
      { ...bundle, details: "x".repeat(70_000) },
      { ...bundle, sets: [] },
      { ...bundle, sets: Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`s${n}`, key])) },
      { ...bundle, sets: { "a b": key } },
      { ...bundle, sets: { a: null } },
      { ...bundle, sets: { a: { ...key, keyId: "" } } },
      { ...bundle, sets: { a: { ...key, key: "AQI" } } },
      { ...bundle, sets: { a: { ...key, signature: 1 } } },
    ];
    for (const other of others) {
      const refused = (error: unknown) => error instanceof MessagingError && error.code === "BundleRefused";
      assert.throws(() => parseKeyBundle(other), refused, JSON.stringify(other));
    }
  });

  it("has no set that it did not name", () => {
    const { sets } = parseKeyBundle(
      JSON.parse('{"identityKey":"AQID","sets":{"constructor":{"keyId":"1","key":"AQID"}}}'),
    );
    assert.deepEqual(Object.keys(sets), ["constructor"]);
    const bad = '{"identityKey":"AQID","sets":{"__proto__":{"keyId":"1","key":"AQID"}}}';
    assert.throws(() => parseKeyBundle(JSON.parse(bad)), MessagingError);
  });
});

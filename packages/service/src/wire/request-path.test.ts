import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseBearerToken } from "./bearer-token.ts";
import { decodeUtf8 } from "./request-body.ts";
import { parsePath } from "./request-path.ts";

describe("request path", () => {
  const good: [string, string[], boolean][] = [
    ["/", [], false],
    ["/keys", ["keys"], false],
    ["/keys/", ["keys"], true],
    ["/v1/transit/encrypt/my.key-1", ["v1", "transit", "encrypt", "my.key-1"], false],
    ["/keys/a%2Fb", ["keys", "a/b"], false],
    ["/keys/%252e%252e", ["keys", "%2e%2e"], false],
    ["/keys/arn%3Aaws", ["keys", "arn:aws"], false],
    ["/keys/..a", ["keys", "..a"], false],
    ["/keys/caf%C3%A9", ["keys", "café"], false],
  ];
  for (const [path, segments, trailingSlash] of good) {
    it(`reads ${path}`, () => assert.deepEqual(parsePath(path), { ok: true, segments, trailingSlash }));
  }
  const bad = [
    "",
    "keys",
    "//",
    "/keys//a",
    "/keys/.",
    "/keys/..",
    "/../keys",
    "/keys/%2e",
    "/keys/%2E%2e/a",
    "/keys/a%2F..",
    "/keys/a%2f%2e%2e%2fb",
    "/keys/%2Fa",
    "/keys/a%5C..",
    "/keys/a%00b",
    "/keys/a%0Ab",
    "/keys/%7f",
    "/keys/%C2%85",
    "/keys/%",
    "/keys/%zz",
    "/keys/%ff",
  ];
  for (const path of bad) it(`refuses ${JSON.stringify(path)}`, () => assert.equal(parsePath(path).ok, false));

  it("never yields a segment that climbs or splits a line, whatever is sent", () => {
    const parts = fc.constantFrom("/", ".", "..", "%2e", "%2f", "%5c", "a", "%", "%00", "\\", "%25");
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const parsed = parsePath(`/${pieces.join("")}`);
        if (!parsed.ok) return;
        for (const segment of parsed.segments) {
          assert.ok(!segment.split(/[/\\]/).some((part) => part === "" || part === "." || part === ".."));
          assert.ok(!segment.includes("\u0000"));
        }
      }),
    );
  });
});

describe("request text", () => {
  it("reads a bearer token, whatever the case of the scheme", () => {
    assert.equal(parseBearerToken("Bearer abc"), "abc");
    assert.equal(parseBearerToken("bearer  abc "), "abc");
    assert.equal(parseBearerToken("Basic abc"), undefined);
    assert.equal(parseBearerToken("Bearer "), undefined);
    assert.equal(parseBearerToken("Bearer"), undefined);
    assert.equal(parseBearerToken(undefined), undefined);
  });

  it("reads UTF-8 only", () => {
    assert.equal(decodeUtf8(Buffer.from("xhéx").subarray(1, 4)), "hé");
    assert.equal(decodeUtf8(new Uint8Array([0xff])), undefined);
  });
});

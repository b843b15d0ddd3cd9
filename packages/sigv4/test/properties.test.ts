import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SignedRequest } from "../src/index.ts";
import { createSigningKeyCache, parseSignature, verifySignature } from "../src/index.ts";
import { presignedSample, problemOf, sampleSecret, sampleTimeMs, signedSample, withHeaders } from "./sample.ts";

const byteString = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const pathArbitrary = byteString.map((text) => `/${text.replaceAll("?", "")}`);
const queryArbitrary = byteString.filter((text) => !text.includes("X-Amz-"));
const headersArbitrary = fc
  .dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/), byteString, { maxKeys: 8, noNullPrototype: true })
  .map((extra) => new Map([["host", "localhost"], ...Object.entries(extra)]));
const requestArbitrary: fc.Arbitrary<SignedRequest> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
  path: pathArbitrary,
  query: queryArbitrary,
  headers: headersArbitrary,
  body: fc.uint8Array({ maxLength: 200 }),
});

/** The bytes with one bit turned over. */
function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const index = (bit >> 3) % bytes.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}
function flipText(text: string, bit: number): string {
  return Buffer.from(flip(Buffer.from(text, "latin1"), bit)).toString("latin1");
}

test("whatever is signed verifies, in either form", () => {
  fc.assert(
    fc.property(requestArbitrary, (request) => {
      // A random x-amz-content-sha256 or a second token would rightly be refused.
      const plain = withHeaders(request, { "x-amz-content-sha256": undefined, "x-amz-security-token": undefined });
      assert.equal(problemOf(signedSample(plain)), undefined);
      assert.equal(problemOf(presignedSample(60, plain)), undefined);
    }),
  );
});

test("any bit of the body turned over is refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (body, bit) => {
      for (const signed of [signedSample({ body }), presignedSample(60, { body })]) {
        assert.equal(problemOf({ ...signed, body: flip(body, bit) })?.code, "InvalidSignature");
      }
    }),
  );
});

test("any bit of a signed header turned over is refused", () => {
  const signed = signedSample();
  const names = ["host", "content-type", "x-amz-target", "x-amz-date"];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(), (name, bit) => {
      const value = String(signed.headers.get(name));
      assert.notEqual(problemOf(withHeaders(signed, { [name]: flipText(value, bit) })), undefined);
    }),
  );
});

test("any bit of the signature, the scope or the list of signed headers turned over is refused", () => {
  const signed = signedSample();
  const authorization = String(signed.headers.get("authorization"));
  const accessKey = authorization.indexOf("AKIDSAMPLE");
  fc.assert(
    fc.property(fc.nat({ max: authorization.length * 8 - 1 }), (bit) => {
      const index = bit >> 3;
      // The access key id only says whose secret to take; the caller looks that up. Separators may be blank or comma.
      fc.pre(index < accessKey || index >= accessKey + "AKIDSAMPLE".length);
      const changed = flipText(authorization, bit);
      fc.pre(!" ,\t".includes(changed.charAt(index)) || !" ,\t".includes(authorization.charAt(index)));
      assert.notEqual(problemOf(withHeaders(signed, { authorization: changed })), undefined, changed);
    }),
  );
});

test("any bit of a presigned query turned over is refused", () => {
  const presigned = presignedSample(60, { query: "Action=ListKeys&Version=1" });
  const accessKey = presigned.query.indexOf("AKIDSAMPLE");
  fc.assert(
    fc.property(fc.nat({ max: presigned.query.length * 8 - 1 }), (bit) => {
      const index = bit >> 3;
      fc.pre(index < accessKey || index >= accessKey + "AKIDSAMPLE".length);
      const query = flipText(presigned.query, bit);
      // `%2F` and `%2f` are one and the same byte.
      fc.pre(query.toLowerCase() !== presigned.query.toLowerCase() || !/%[0-9a-f]{0,1}$/i.test(query.slice(0, index)));
      assert.notEqual(problemOf({ ...presigned, query }), undefined, query);
    }),
  );
});

test("no request makes parsing or verifying throw", () => {
  const names = fc.constantFrom(
    "authorization",
    "x-amz-date",
    "date",
    "host",
    "x-amz-security-token",
    "x-amz-content-sha256",
  );
  const date = fc.constantFrom("20260301T120000Z", "Sun, 01 Mar 2026 12:00:00 GMT", "20269999T120000Z");
  const piece = fc.constantFrom(
    "AWS4-HMAC-SHA256 ",
    "AWS4-",
    "Credential=",
    "AKID/20260301/us-east-1/kms/aws4_request",
    "SignedHeaders=",
    "host;x-amz-date",
    "Signature=",
    "0".repeat(64),
    ", ",
    "=",
    "/",
    "\u0000",
    "\uffff",
  );
  const queryPiece = fc.constantFrom(
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X-Amz-Credential=AKID%2F20260301%2Fus-east-1%2Fkms%2Faws4_request",
    "X-Amz-Date=20260301T120000Z",
    "X-Amz-SignedHeaders=host",
    `X-Amz-Signature=${"0".repeat(64)}`,
    "X-Amz-Expires=60",
    "%",
    "\ud800",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    date,
  );
  const request: fc.Arbitrary<SignedRequest> = fc.record({
    method: fc.oneof(fc.constant("POST"), fc.string({ unit: "binary" })),
    path: fc.oneof(fc.constant("/"), fc.string({ unit: "binary" })),
    query: fc.oneof(
      fc.constant(""),
      fc.string({ unit: "binary" }),
      fc.array(fc.oneof(queryPiece, fc.string()), { maxLength: 9 }).map((pieces) => pieces.join("&")),
    ),
    headers: fc.array(fc.tuple(names, text)).map((pairs) => new Map(pairs)),
    body: fc.uint8Array({ maxLength: 8 }),
  });
  const options = {
    nowMs: sampleTimeMs,
    maxSkewMs: 300_000,
    expectedServices: ["kms"],
    cache: createSigningKeyCache(2),
  };
  let parsedCount = 0;
  fc.assert(
    fc.property(request, (received) => {
      const parsed = parseSignature(received);
      if (!parsed.ok) {
        assert.match(parsed.problem.message, /^[ -~]{1,600}$/);
        return;
      }
      parsedCount++;
      const answer = verifySignature(received, parsed.signature, sampleSecret, options);
      assert.equal(answer.ok, false);
    }),
    { numRuns: 2_000, examples: [[{ ...presignedSample(), body: new Uint8Array(1) }]] },
  );
  assert.ok(parsedCount > 0);
});

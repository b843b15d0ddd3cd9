import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SecretBytes, sha256Hex } from "@coffer/crypto";
import {
  presignedSample,
  problemOf,
  sampleRequest,
  sampleSecret,
  sampleTimeMs,
  signedSample,
  withHeaders,
} from "../test/sample.ts";
import { createSigningKeyCache, parseSignature, verifySignature } from "./index.ts";
import { formatBasicTimestamp } from "./timestamp.ts";

const signed = signedSample();
const mismatch = {
  code: "InvalidSignature",
  message:
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
};

test("a signed request verifies, in either form", () => {
  assert.equal(problemOf(signed), undefined);
  assert.equal(problemOf(presignedSample()), undefined);
});

test("a signature that is not the right one is a mismatch, whatever it looks like", () => {
  const authorization = String(signed.headers.get("authorization"));
  const right = authorization.slice(-64);
  for (const wrong of [
    `${right.slice(0, -1)}${right.endsWith("0") ? "1" : "0"}`,
    right.toUpperCase(),
    right.slice(0, -2),
    `${right}00`,
    "x",
    "g".repeat(64),
  ]) {
    const request = withHeaders(signed, { authorization: authorization.replace(right, wrong) });
    assert.deepEqual(problemOf(request), mismatch, wrong);
  }
});

test("what no HTTP request can hold is a mismatch", () => {
  assert.deepEqual(problemOf(withHeaders(signed, { host: "\u0100" })), mismatch);
  assert.deepEqual(problemOf({ ...signed, path: "/\u0100" }), mismatch);
  assert.deepEqual(problemOf({ ...signed, method: "POST /" }), mismatch);
});

test("in the header form the whole query is covered, X-Amz-Signature too", () => {
  const withQuery = signedSample({ query: "X-Amz-Signature=a&x=1" });
  assert.equal(problemOf(withQuery), undefined);
  assert.deepEqual(problemOf({ ...withQuery, query: "X-Amz-Signature=b&x=1" }), mismatch);
  assert.deepEqual(problemOf({ ...withQuery, query: "x=1" }), mismatch);
});

describe("the clock", () => {
  const at = (offsetSeconds: number) => ({ nowMs: sampleTimeMs + offsetSeconds * 1000 });
  const stamp = (offsetSeconds: number) => formatBasicTimestamp(sampleTimeMs + offsetSeconds * 1000);

  test("may be off by the skew, both ways, and not by more", () => {
    assert.equal(problemOf(signed, at(300)), undefined);
    assert.deepEqual(problemOf(signed, at(301)), {
      code: "SignatureExpired",
      message: `Signature expired: 20260301T120000Z is now earlier than ${stamp(1)} (${stamp(301)} - 5 min.)`,
    });
    assert.equal(problemOf(signed, at(-300)), undefined);
    assert.deepEqual(problemOf(signed, at(-301)), {
      code: "NotYetCurrent",
      message: `Signature not yet current: 20260301T120000Z is still later than ${stamp(-1)} (${stamp(-301)} + 5 min.)`,
    });
  });

  test("follows the skew that is asked for", () => {
    assert.equal(problemOf(signed, { ...at(900), maxSkewMs: 900_000 }), undefined);
    assert.equal(problemOf(signed, { ...at(901), maxSkewMs: 900_000 })?.code, "SignatureExpired");
    assert.match(String(problemOf(signed, { ...at(2), maxSkewMs: 1_500 })?.message), / - 1\.5 sec\.\)$/);
  });

  test("ends a presigned request exactly when it says", () => {
    const short = presignedSample(60);
    assert.equal(problemOf(short, at(60)), undefined);
    assert.deepEqual(problemOf(short, at(61)), {
      code: "SignatureExpired",
      message: `Signature expired: 20260301T120000Z is now earlier than ${stamp(1)} (${stamp(61)} - 1 min.)`,
    });
    assert.equal(problemOf(short, at(-301))?.code, "NotYetCurrent");
    const long = presignedSample(604_800);
    assert.equal(problemOf(long, at(604_800)), undefined);
    assert.equal(problemOf(long, at(604_801))?.code, "SignatureExpired");
  });

  test("ends a presigned request no later than the verifier allows", () => {
    const maxPresignedMs = 900_000;
    const long = presignedSample(604_800);
    assert.equal(problemOf(long, { ...at(900), maxPresignedMs }), undefined);
    assert.equal(problemOf(long, { ...at(901), maxPresignedMs })?.code, "SignatureExpired");
    assert.equal(problemOf(presignedSample(60), { ...at(61), maxPresignedMs })?.code, "SignatureExpired");
  });

  test("ends a presigned request that says nothing after the skew", () => {
    const request = presignedSample();
    const parsed = parseSignature(request);
    assert.ok(parsed.ok);
    const { expiresSeconds: _, ...silent } = parsed.signature;
    const options = { maxSkewMs: 300_000, expectedServices: ["kms"], cache: createSigningKeyCache(2), ...at(301) };
    const answer = verifySignature(request, silent, sampleSecret, options);
    assert.equal(answer.ok === false && answer.problem.code, "SignatureExpired");
  });
});

describe("the scope", () => {
  test("must be for a service that is expected", () => {
    assert.deepEqual(problemOf(signed, { expectedServices: ["sts", "secretsmanager"] }), {
      code: "InvalidScope",
      message: "Credential should be scoped to correct service: 'sts' or 'secretsmanager'.",
    });
    assert.equal(problemOf(signed, { expectedServices: ["sts", "kms"] }), undefined);
    assert.equal(problemOf(signed, { expectedServices: [] })?.code, "InvalidScope");
  });

  test("cannot be changed after signing", () => {
    const authorization = String(signed.headers.get("authorization"));
    for (const [from, to] of [
      ["us-east-1", "us-east-2"],
      ["/kms/", "/sts/"],
    ] as const) {
      const request = withHeaders(signed, { authorization: authorization.replace(from, to) });
      assert.deepEqual(problemOf(request, { expectedServices: ["kms", "sts"] }), mismatch);
    }
  });

  test("a Date header that is not signed is bound all the same", () => {
    const date = "Sun, 01 Mar 2026 12:00:01 GMT";
    const headers = { "x-amz-date": undefined, date };
    const authorization = String(signed.headers.get("authorization")).replace("x-amz-date;", "");
    assert.deepEqual(problemOf(withHeaders(signed, { ...headers, authorization })), mismatch);
  });
});

describe("x-amz headers", () => {
  test("that were added after signing are refused, in either form", () => {
    for (const request of [signed, presignedSample()]) {
      for (const name of ["x-amz-security-token", "x-amz-anything", "x-amz-"]) {
        assert.deepEqual(problemOf(withHeaders(request, { [name]: "1" })), {
          code: "InvalidSignature",
          message: "There were headers present in the request which were not signed",
        });
      }
    }
  });

  test("that the client left out of the signed headers are refused, x-amz-target above all", () => {
    const withoutTarget = signedSample({ headers: new Map([["host", "localhost:8080"]]) });
    assert.equal(problemOf(withoutTarget), undefined);
    assert.equal(
      problemOf(withHeaders(withoutTarget, { "x-amz-target": "TrentService.Decrypt" }))?.code,
      "InvalidSignature",
    );
  });

  test("other headers may be added on the way", () => {
    assert.equal(problemOf(withHeaders(signed, { "x-forwarded-for": "::1", "x-amzn-trace-id": "Root=1" })), undefined);
  });
});

describe("the payload hash", () => {
  const headersWith = (hash: string) => new Map([...sampleRequest.headers, ["x-amz-content-sha256", hash] as const]);
  const right = sha256Hex(sampleRequest.body);

  test("may be sent and must be right", () => {
    assert.equal(problemOf(signedSample({ headers: headersWith(right) })), undefined);
    for (const wrong of [
      "",
      right.toUpperCase(),
      sha256Hex(""),
      "UNSIGNED-PAYLOAD",
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    ]) {
      const problem = problemOf(signedSample({ headers: headersWith(wrong) }));
      assert.equal(problem?.code, "InvalidSignature", wrong);
      assert.match(String(problem?.message), /^The provided 'x-amz-content-sha256' header does not match/);
    }
  });

  test("is checked in the query of a presigned request as well", () => {
    const wrong = problemOf(presignedSample(60, { query: "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD" }));
    assert.match(String(wrong?.message), /x-amz-content-sha256/);
    assert.equal(problemOf(presignedSample(60, { query: `X-Amz-Content-Sha256=${right}` })), undefined);
  });

  test("can be asked for", () => {
    const required = { requirePayloadHash: true };
    assert.match(String(problemOf(signed, required)?.message), /x-amz-content-sha256/);
    assert.equal(problemOf(signedSample({ headers: headersWith(right) }), required), undefined);
    assert.equal(problemOf(presignedSample(60, { query: `X-Amz-Content-Sha256=${right}` }), required), undefined);
  });

  test("is that of the real body even when no hash is sent", () => {
    assert.deepEqual(problemOf({ ...signed, body: Buffer.from("{}") }), mismatch);
    assert.deepEqual(problemOf({ ...signed, body: new Uint8Array() }), mismatch);
  });
});

describe("the signing key cache", () => {
  const options = { nowMs: sampleTimeMs, maxSkewMs: 300_000, expectedServices: ["kms"] };
  const parsed = parseSignature(signed);
  assert.ok(parsed.ok);
  const { signature } = parsed;

  test("gains a key by a right signature only", () => {
    const cache = createSigningKeyCache(2);
    const wrong = { ...signature, signature: "0".repeat(64) };
    assert.equal(verifySignature(signed, wrong, sampleSecret, { ...options, cache }).ok, false);
    assert.equal(cache.size, 0);
    assert.equal(verifySignature(signed, signature, sampleSecret, { ...options, cache }).ok, true);
    assert.equal(cache.size, 1);
    assert.equal(verifySignature(signed, signature, sampleSecret, { ...options, cache }).ok, true);
    assert.equal(cache.size, 1);
  });

  test("does not outlive a change of the secret", () => {
    const cache = createSigningKeyCache(2);
    assert.equal(verifySignature(signed, signature, sampleSecret, { ...options, cache }).ok, true);
    const replaced = SecretBytes.takeFrom(Buffer.from("another secret"));
    assert.equal(verifySignature(signed, signature, replaced, { ...options, cache }).ok, false);
  });
});

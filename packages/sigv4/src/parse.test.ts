import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sha256Hex } from "@coffer/crypto";
import { presignedSample, problemOf, sampleRequest, signedSample, withHeaders } from "../test/sample.ts";
import { parseSignature, type SignatureProblem, type SignedRequest } from "./index.ts";

const signed = signedSample();
const presigned = presignedSample();
const authorization = String(signed.headers.get("authorization"));

function parseProblem(request: SignedRequest): SignatureProblem | undefined {
  const parsed = parseSignature(request);
  return parsed.ok ? undefined : parsed.problem;
}
function withAuthorization(text: string): SignedRequest {
  return withHeaders(signed, { authorization: text });
}
/** Replaces text that must be there, so that no test passes because its change changed nothing. */
function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  assert.notEqual(result, text);
  return result;
}
function withQuery(from: string | RegExp, to: string): SignedRequest {
  return { ...presigned, query: changed(presigned.query, from, to) };
}
const hashed = (text: string) => Buffer.from(sha256Hex(text), "hex").toString("base64");

describe("requests without a signature", () => {
  test("are missing the authentication token, whatever else the header holds", () => {
    for (const request of [
      sampleRequest,
      withAuthorization(""),
      withAuthorization("Bearer abc"),
      withAuthorization("AWS AKID:signature"),
      { ...sampleRequest, query: "Action=ListKeys" },
    ]) {
      assert.deepEqual(parseProblem(request), {
        code: "MissingAuthenticationToken",
        message: "Request is missing Authentication Token",
      });
    }
  });

  test("a signature in the header and one in the query are refused together", () => {
    assert.deepEqual(parseProblem({ ...signed, query: presigned.query }), {
      code: "InvalidSignature",
      message: "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    });
  });
});

describe("the Authorization header", () => {
  test("gives its parts", () => {
    const parsed = parseSignature(withHeaders(signed, { "x-amz-security-token": "token" }));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.signature, {
      form: "header",
      accessKeyId: "AKIDSAMPLE",
      date: "20260301",
      region: "us-east-1",
      service: "kms",
      signedHeaders: ["content-type", "host", "x-amz-date", "x-amz-target"],
      signature: authorization.slice(-64),
      timestampMs: Date.UTC(2026, 2, 1, 12),
      sessionToken: "token",
    });
  });

  test("may separate its parts by commas, blanks or both, in any order", () => {
    const [algorithm, credential, signedHeaders, signature] = authorization.split(/,? /);
    for (const text of [
      `${algorithm} ${credential},${signedHeaders},${signature}`,
      `${algorithm} ${credential} ${signedHeaders} ${signature}`,
      `${algorithm}\t${signature} , ${signedHeaders}\t${credential} `,
    ]) {
      assert.equal(problemOf(withAuthorization(text)), undefined, text);
    }
  });

  test("names every missing part, and shows a hash of itself only", () => {
    const bare = withHeaders(withAuthorization("AWS4-HMAC-SHA256 Credential="), { "x-amz-date": undefined });
    assert.deepEqual(parseProblem(bare), {
      code: "IncompleteSignature",
      message: `Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${hashed("AWS4-HMAC-SHA256 Credential=")}`,
    });
    const noSignature = changed(authorization, /, Signature=.*/, "");
    assert.deepEqual(parseProblem(withAuthorization(noSignature)), {
      code: "IncompleteSignature",
      message: `Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=${hashed(noSignature)}`,
    });
  });

  test("refuses a piece without an equal-sign", () => {
    const text = changed(authorization, "Credential=", "Credential= ");
    assert.deepEqual(parseProblem(withAuthorization(text)), {
      code: "IncompleteSignature",
      message: `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hashed(text)}'.`,
    });
  });

  test("refuses a part sent twice, an unknown part, and two headers", () => {
    for (const text of [
      `${authorization}, Credential=AKIDOTHER/20260301/us-east-1/kms/aws4_request`,
      `${authorization}, SignedHeaders=host`,
      `${authorization}, Signature=${"0".repeat(64)}`,
      `${authorization}, Extra=1`,
      `${authorization}, toString=1`,
      `${authorization},${authorization}`,
    ]) {
      assert.equal(parseProblem(withAuthorization(text))?.code, "IncompleteSignature", text);
    }
  });

  test("refuses other algorithms, SigV4a in so many words", () => {
    const sigV4a = parseProblem(
      withAuthorization(changed(authorization, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
    );
    assert.deepEqual(sigV4a, {
      code: "UnrecognizedAlgorithm",
      message:
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (SigV4a, asymmetric signatures for several regions, is not supported: sign with AWS4-HMAC-SHA256).",
    });
    for (const name of ["AWS4-HMAC-SHA512", "AWS4-HMAC-SHA256x", "AWS4-"]) {
      const problem = parseProblem(withAuthorization(changed(authorization, "AWS4-HMAC-SHA256", name)));
      assert.deepEqual(problem, { code: "UnrecognizedAlgorithm", message: `Unsupported AWS 'algorithm': '${name}'.` });
    }
  });

  test("is refused when it is too long", () => {
    const text = changed(authorization, "SignedHeaders=", `SignedHeaders=${"a;".repeat(4_096)}`);
    assert.match(String(parseProblem(withAuthorization(text))?.message), /too long/);
  });
});

describe("the date", () => {
  test("comes from the Date header when there is no X-Amz-Date", () => {
    const headers = withHeaders(signed, { "x-amz-date": undefined, date: "Sun, 01 Mar 2026 12:00:00 GMT" });
    const parsed = parseSignature(headers);
    assert.ok(parsed.ok);
    assert.equal(parsed.signature.timestampMs, Date.UTC(2026, 2, 1, 12));
  });

  test("X-Amz-Date wins over Date", () => {
    const parsed = parseSignature(withHeaders(signed, { date: "Sun, 01 Mar 2020 12:00:00 GMT" }));
    assert.ok(parsed.ok);
    assert.equal(parsed.signature.timestampMs, Date.UTC(2026, 2, 1, 12));
  });

  test("must be in the basic format", () => {
    assert.deepEqual(parseProblem(withHeaders(signed, { "x-amz-date": "2026-03-01T12:00:00Z" })), {
      code: "IncompleteSignature",
      message:
        "Date must be in ISO-8601 'basic format'. Got '2026-03-01T12:00:00Z'. See http://en.wikipedia.org/wiki/ISO_8601",
    });
    const twice = withHeaders(signed, { "x-amz-date": "20260301T120000Z,20260301T120000Z" });
    assert.equal(parseProblem(twice)?.code, "IncompleteSignature");
    assert.equal(parseProblem(withQuery("T120000Z", "T120000"))?.code, "IncompleteSignature");
  });

  test("is shown printable and cut in a message", () => {
    const problem = parseProblem(withHeaders(signed, { "x-amz-date": `\n'<\u00e9${"9".repeat(1000)}` }));
    assert.match(String(problem?.message), /^[ -~]{1,300}$/);
    assert.match(String(problem?.message), /Got '\?\?<\?9{60}\.\.\.'\./);
  });
});

describe("the credential", () => {
  const problemWith = (credential: string) =>
    parseProblem(withAuthorization(changed(authorization, /Credential=[^,]*/, `Credential=${credential}`)));

  test("has five elements, and is not shown: it may be a secret in the wrong place", () => {
    for (const credential of [
      "AKID",
      "AKID/20260301/us-east-1/kms",
      "AKID/20260301/us-east-1/kms/aws4_request/",
      "t10Zb/S3cr3t/20260301/us-east-1/kms/aws4_request",
    ]) {
      assert.deepEqual(problemWith(credential), {
        code: "IncompleteSignature",
        message: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
      });
    }
  });

  test("ends in aws4_request", () => {
    assert.deepEqual(problemWith("AKID/20260301/us-east-1/kms/aws5_request"), {
      code: "InvalidScope",
      message: "Credential should be scoped with a valid terminator: 'aws4_request'.",
    });
  });

  test("has the date of the request", () => {
    const wording = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:";
    assert.deepEqual(problemWith("AKID/20260228/us-east-1/kms/aws4_request"), {
      code: "InvalidScope",
      message: `${wording} '20260228' != '20260301', from '20260301T120000Z'.`,
    });
    assert.deepEqual(problemWith("AKID/S3cr3t/us-east-1/kms/x"), {
      code: "InvalidScope",
      message: `Credential should be scoped with a valid terminator: 'aws4_request'. ${wording} '?' != '20260301', from '20260301T120000Z'.`,
    });
  });

  test("has a region and a service that can be ones", () => {
    for (const part of ["", "US-EAST-1", "us_east", "x".repeat(65), "a:b"]) {
      assert.equal(problemWith(`AKID/20260301/${part}/kms/aws4_request`)?.code, "InvalidScope", part);
      assert.equal(problemWith(`AKID/20260301/us-east-1/${part}/aws4_request`)?.code, "InvalidScope", part);
    }
  });

  test("has an access key id that can be one", () => {
    for (const id of ["", "a\u0000", "\xe9", "x".repeat(129)]) {
      assert.deepEqual(problemWith(`${id}/20260301/us-east-1/kms/aws4_request`), {
        code: "InvalidClientTokenId",
        message: "The security token included in the request is invalid.",
      });
    }
    assert.equal(problemWith(`${"x".repeat(128)}/20260301/us-east-1/kms/aws4_request`), undefined);
  });

  test("comes with a session token that can be one, or none", () => {
    for (const token of ["", "x".repeat(8_193)]) {
      const problem = parseProblem(withHeaders(signed, { "x-amz-security-token": token }));
      assert.equal(problem?.code, "InvalidClientTokenId");
    }
  });
});

describe("the signed headers", () => {
  const problemWith = (names: string) =>
    parseProblem(withAuthorization(changed(authorization, /SignedHeaders=[^,]*/, `SignedHeaders=${names}`)));

  test("a list is read alike every time, also after more lists than are kept", () => {
    const read = (names: string) =>
      parseSignature(withAuthorization(changed(authorization, /SignedHeaders=[^,]*/, `SignedHeaders=${names}`)));
    const first = [read("host;x-amz-date"), read("host;host"), read("x-amz-date")];
    for (let n = 0; n < 600; n += 1) {
      const parsed = read(`host;x-${n}`);
      assert.ok(parsed.ok);
      assert.deepEqual(parsed.signature.signedHeaders, ["host", `x-${n}`]);
      assert.deepEqual([read("host;x-amz-date"), read("host;host"), read("x-amz-date")], first);
    }
    assert.deepEqual(
      first.map(({ ok }) => ok),
      [true, false, false],
    );
  });

  test("have host among them", () => {
    assert.deepEqual(problemWith("content-type;hostx;x-amz-date"), {
      code: "InvalidSignature",
      message: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    });
  });

  test("are different lower-case names", () => {
    for (const names of [
      "",
      ";",
      "host;",
      ";host",
      "host;;x",
      "x;host;",
      "Host",
      "host;host",
      "x;host;x",
      "host\nx",
      "h\xe9",
    ]) {
      assert.equal(problemWith(names)?.code, "IncompleteSignature", names);
    }
    assert.equal(problemWith("x;host"), undefined);
  });

  test("are not too many", () => {
    const names = ["host", ...Array.from({ length: 128 }, (_, i) => `x-${String(i).padStart(3, "0")}`)];
    assert.equal(problemWith(names.join(";"))?.code, "IncompleteSignature");
    assert.equal(problemWith(names.slice(0, 128).join(";")), undefined);
  });
});

describe("the query form", () => {
  test("gives its parts", () => {
    const parsed = parseSignature({ ...presigned, query: `${presigned.query}&X-Amz-Security-Token=a%2Fb` });
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.signature, {
      form: "presigned",
      accessKeyId: "AKIDSAMPLE",
      date: "20260301",
      region: "us-east-1",
      service: "kms",
      signedHeaders: ["content-type", "host", "x-amz-target"],
      signature: presigned.query.slice(-64),
      timestampMs: Date.UTC(2026, 2, 1, 12),
      expiresSeconds: 60,
      sessionToken: "a/b",
    });
  });

  test("names every missing parameter", () => {
    assert.deepEqual(parseProblem({ ...sampleRequest, query: "X-Amz-Expires=60" }), {
      code: "IncompleteSignature",
      message:
        "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
    });
    assert.deepEqual(parseProblem(withQuery(/&X-Amz-Signature=.*/, "&X-Amz-Signature=")), {
      code: "IncompleteSignature",
      message: "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
    });
  });

  test("refuses a parameter sent twice, also under another spelling, and too many of them", () => {
    for (const extra of ["X-Amz-Signature=00", "X%2DAmz-Signature=00", "X-Amz-Expires=60", "X-Amz-Credential=a"]) {
      const query = `${presigned.query}&${extra}`;
      assert.equal(parseProblem({ ...presigned, query })?.code, "IncompleteSignature", extra);
    }
    const many = `${"a&".repeat(1_000)}${presigned.query}`;
    assert.equal(parseProblem({ ...presigned, query: many })?.code, "IncompleteSignature");
  });

  test("is good for 1 second to a week", () => {
    for (const expires of ["0", "604801", "-1", "1.5", "1e3", "", " 60", "99999999999999999999"]) {
      const problem = parseProblem(withQuery("X-Amz-Expires=60", `X-Amz-Expires=${expires}`));
      assert.equal(problem?.code, "IncompleteSignature", expires);
    }
    for (const expires of ["1", "604800"]) {
      assert.equal(parseProblem(withQuery("X-Amz-Expires=60", `X-Amz-Expires=${expires}`)), undefined);
    }
  });

  test("refuses other algorithms", () => {
    const problem = parseProblem(withQuery("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"));
    assert.equal(problem?.code, "UnrecognizedAlgorithm");
  });

  test("takes a session token from the query or the header, not from both", () => {
    const query = `${presigned.query}&X-Amz-Security-Token=a`;
    const both = withHeaders({ ...presigned, query }, { "x-amz-security-token": "a" });
    assert.equal(parseProblem(both)?.code, "IncompleteSignature");
    const parsed = parseSignature(withHeaders(presigned, { "x-amz-security-token": "b" }));
    assert.equal(parsed.ok && parsed.signature.sessionToken, "b");
  });
});

test("a path or query too long to verify is refused", () => {
  assert.equal(parseProblem({ ...signed, path: `/${"a".repeat(8_192)}` })?.code, "IncompleteSignature");
  assert.equal(parseProblem({ ...signed, query: "a".repeat(16_385) })?.code, "IncompleteSignature");
  assert.equal(parseProblem({ ...signed, path: `/${"a".repeat(8_191)}`, query: "a".repeat(16_384) }), undefined);
});

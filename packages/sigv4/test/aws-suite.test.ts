import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalRequest, payloadHash, stringToSign } from "../src/canonical.ts";
import type { SignedRequest, SigningCredentials } from "../src/index.ts";
import { parseSignature, presignRequest, signRequest } from "../src/index.ts";
import { formatBasicTimestamp, formatDate } from "../src/timestamp.ts";
import { canonicalPath, canonicalQuery } from "../src/uri.ts";
import { check, mutations, readCases, type SuiteCase, secretOf, toSignedRequest } from "./vectors.ts";

const s3Only = "path signed without normalization, which only S3 does";
/** Cases of the suite that Coffer must not accept, by name, each with the reason. */
const notApplicable = new Map([
  ["get-relative-relative-unnormalized", s3Only],
  ["get-relative-unnormalized", s3Only],
  ["get-slash-dot-slash-unnormalized", s3Only],
  ["get-slash-pointless-dot-unnormalized", s3Only],
  ["get-slash-unnormalized", s3Only],
  ["get-slashes-unnormalized", s3Only],
]);

const cases = readCases<SuiteCase>("aws-suite.json");
const forms = ["header", "query"] as const;

test("the suite is whole", () => {
  assert.equal(cases.length, 38);
  for (const name of notApplicable.keys()) assert.ok(cases.some((vector) => vector.name === name));
});

for (const vector of cases) {
  describe(vector.name, () => {
    const timestampMs = Date.parse(vector.timestamp);
    const scope = { region: vector.region, service: vector.service, timestampMs };
    const secret = secretOf(vector.secretAccessKey);
    const options = { nowMs: timestampMs, secret, services: [vector.service] };
    const reason = notApplicable.get(vector.name);
    // A token that is added after signing is, for the signature, no token.
    const token = vector.omitSessionToken ? null : vector.sessionToken;
    const credentials: SigningCredentials = {
      accessKeyId: vector.accessKeyId,
      secretAccessKey: secret,
      ...(token === null ? {} : { sessionToken: token }),
    };

    for (const form of forms) {
      const expected = vector[form];
      const sent = toSignedRequest(expected.signedRequest);

      if (reason !== undefined) {
        test(`${form}: refused (${reason})`, () => {
          const answer = check(sent, options);
          assert.equal(answer.ok === false && answer.problem.code, "InvalidSignature");
        });
        continue;
      }

      test(`${form}: canonical request and string to sign`, () => {
        const signedHeaders = expected.canonicalRequest.split("\n").at(-2)?.split(";") ?? [];
        const omitted = vector.omitSessionToken ? withoutToken(sent) : sent;
        const canonical = canonicalRequest(
          omitted,
          canonicalPath(omitted.path),
          canonicalQuery(omitted.query, form === "query" ? "X-Amz-Signature" : undefined),
          signedHeaders,
          payloadHash(omitted.body),
        );
        assert.equal(canonical, expected.canonicalRequest);
        const text = stringToSign(
          formatBasicTimestamp(timestampMs),
          { date: formatDate(timestampMs), region: vector.region, service: vector.service },
          canonical,
        );
        assert.equal(text, expected.stringToSign);
      });

      test(`${form}: signing gives the suite's signature`, () => {
        const request = toSignedRequest(vector.request);
        if (form === "header") {
          const headers = new Map(request.headers);
          if (vector.signBody) headers.set("x-amz-content-sha256", payloadHash(request.body));
          const added = signRequest({ ...request, headers }, credentials, scope);
          assert.equal(added.get("authorization"), sent.headers.get("authorization"));
          for (const [name, value] of added) assert.equal(sent.headers.get(name), value);
          assert.match(added.get("authorization") ?? "", new RegExp(`Signature=${expected.signature}$`));
        } else {
          const query = presignRequest(request, credentials, scope, vector.expiresSeconds);
          assert.equal(query, withoutToken(sent, vector.omitSessionToken).query);
          assert.match(query, new RegExp(`X-Amz-Signature=${expected.signature}$`));
        }
      });

      if (vector.omitSessionToken) {
        test(`${form}: refused, because the session token is sent but not signed`, () => {
          const answer = check(sent, options);
          assert.equal(answer.ok === false && answer.problem.code, "InvalidSignature");
        });
        continue;
      }

      test(`${form}: verifies`, () => {
        const parsed = parseSignature(sent);
        assert.ok(parsed.ok);
        assert.equal(parsed.signature.form, form === "header" ? "header" : "presigned");
        assert.equal(parsed.signature.accessKeyId, vector.accessKeyId);
        assert.equal(parsed.signature.region, vector.region);
        assert.equal(parsed.signature.timestampMs, timestampMs);
        assert.equal(parsed.signature.sessionToken, vector.sessionToken ?? undefined);
        assert.equal(parsed.signature.expiresSeconds, form === "header" ? undefined : vector.expiresSeconds);
        assert.deepEqual(check(sent, options), { ok: true });
      });

      test(`${form}: any one signed part changed is refused`, () => {
        const parsed = parseSignature(sent);
        assert.ok(parsed.ok);
        for (const [what, changed] of mutations(sent, parsed.signature.signedHeaders)) {
          assert.equal(check(changed, options).ok, false, what);
        }
        const wrongSecret = secretOf(`${vector.secretAccessKey.slice(0, -1)}x`);
        assert.equal(check(sent, { ...options, secret: wrongSecret }).ok, false);
      });
    }
  });
}

/** The request as it was before its unsigned session token was added. */
function withoutToken(request: SignedRequest, applies = true): SignedRequest {
  if (!applies) return request;
  const headers = new Map(request.headers);
  headers.delete("x-amz-security-token");
  return { ...request, headers, query: request.query.replace(/&X-Amz-Security-Token=[^&]*/, "") };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  presignedSample,
  problemOf,
  sampleCredentials,
  sampleRequest,
  sampleScope,
  sampleSecret,
  signedSample,
  withHeaders,
} from "../test/sample.ts";
import { presignRequest, signRequest } from "./sign.ts";

test("a secret as SecretBytes signs as its text does, and is not used up", () => {
  const credentials = { ...sampleCredentials, secretAccessKey: sampleSecret };
  const added = signRequest(sampleRequest, credentials, sampleScope);
  assert.deepEqual(added, signRequest(sampleRequest, sampleCredentials, sampleScope));
  assert.deepEqual(added, signRequest(sampleRequest, credentials, sampleScope));
});

test("headers that change on the way are not signed", () => {
  const signed = signedSample();
  assert.ok(!signed.headers.get("authorization")?.includes("user-agent"));
  assert.equal(problemOf(withHeaders(signed, { "user-agent": "proxy", connection: "close" })), undefined);
});

test("an earlier signature is replaced, not signed", () => {
  const again = signedSample({ headers: signedSample().headers });
  assert.equal(problemOf(again), undefined);
});

test("a session token is sent and signed, in either form", () => {
  const credentials = { ...sampleCredentials, sessionToken: "token+/=" };
  const added = signRequest(sampleRequest, credentials, sampleScope);
  assert.equal(added.get("x-amz-security-token"), "token+/=");
  assert.match(added.get("authorization") ?? "", /SignedHeaders=[^,]*x-amz-security-token/);
  const query = presignRequest(sampleRequest, credentials, sampleScope, 1);
  assert.match(query, /&X-Amz-Security-Token=token%2B%2F%3D&X-Amz-Signature=/);
});

test("what cannot be signed is refused", () => {
  const { headers } = sampleRequest;
  const noHost = withHeaders(sampleRequest, { host: undefined });
  const upperCase = { ...sampleRequest, headers: new Map([...headers, ["X-Upper", "1"]]) };
  const wideHeader = { ...sampleRequest, headers: new Map([...headers, ["x-wide", "\u0100"]]) };
  const widePath = { ...sampleRequest, path: "/\u1234" };
  const wideQuery = { ...sampleRequest, query: "a=\u1234" };
  const badMethod = { ...sampleRequest, method: "GET /" };
  for (const request of [noHost, upperCase, wideHeader, widePath, wideQuery, badMethod]) {
    assert.throws(() => signRequest(request, sampleCredentials, sampleScope), TypeError);
    assert.throws(() => presignRequest(request, sampleCredentials, sampleScope, 60), TypeError);
  }
  for (const scope of [
    { ...sampleScope, region: "us/east" },
    { ...sampleScope, service: "" },
  ]) {
    assert.throws(() => signRequest(sampleRequest, sampleCredentials, scope), TypeError);
  }
  for (const accessKeyId of ["", "a/b", "a,b", "a b"]) {
    assert.throws(() => signRequest(sampleRequest, { ...sampleCredentials, accessKeyId }, sampleScope), TypeError);
  }
});

test("a presigned request is good for 1 second to a week", () => {
  for (const expires of [0, -1, 1.5, 604_801, Number.NaN]) assert.throws(() => presignedSample(expires), RangeError);
  for (const expires of [1, 604_800]) assert.equal(problemOf(presignedSample(expires)), undefined);
});

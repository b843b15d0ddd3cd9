import type { SignatureProblem, SignedRequest, VerifyOptions } from "../src/index.ts";
import { createSigningKeyCache, parseSignature, presignRequest, signRequest, verifySignature } from "../src/index.ts";
import { secretOf } from "./vectors.ts";

/** Sunday 1 March 2026, 12:00:00 UTC. */
export const sampleTimeMs = Date.UTC(2026, 2, 1, 12);
export const sampleKeyText = "coffer/test+vector/0123456789abcdefghijk";
export const sampleSecret = secretOf(sampleKeyText);
export const sampleScope = { region: "us-east-1", service: "kms", timestampMs: sampleTimeMs };
export const sampleCredentials = { accessKeyId: "AKIDSAMPLE", secretAccessKey: sampleKeyText };

/** An unsigned KMS call. */
export const sampleRequest: SignedRequest = {
  method: "POST",
  path: "/",
  query: "",
  headers: new Map([
    ["host", "localhost:8080"],
    ["content-type", "application/x-amz-json-1.1"],
    ["x-amz-target", "TrentService.Encrypt"],
    ["user-agent", "test"],
  ]),
  body: Buffer.from('{"KeyId":"alias/a","Plaintext":"aGVsbG8="}'),
};

/** The sample with changes, signed in the header form. */
export function signedSample(changes: Partial<SignedRequest> = {}, credentials = sampleCredentials): SignedRequest {
  const request = { ...sampleRequest, ...changes };
  return { ...request, headers: new Map([...request.headers, ...signRequest(request, credentials, sampleScope)]) };
}

/** The sample with changes, signed in the query form. */
export function presignedSample(expiresSeconds = 60, changes: Partial<SignedRequest> = {}): SignedRequest {
  const request = { ...sampleRequest, ...changes };
  return { ...request, query: presignRequest(request, sampleCredentials, sampleScope, expiresSeconds) };
}

/** The request with some headers set, or dropped where the value is undefined. */
export function withHeaders(request: SignedRequest, changes: Record<string, string | undefined>): SignedRequest {
  const headers = new Map(request.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return { ...request, headers };
}

/** Parses and verifies at the sample's time; gives the problem, or undefined when all is right. */
export function problemOf(request: SignedRequest, options: Partial<VerifyOptions> = {}): SignatureProblem | undefined {
  const parsed = parseSignature(request);
  if (!parsed.ok) return parsed.problem;
  const answer = verifySignature(request, parsed.signature, sampleSecret, {
    nowMs: sampleTimeMs,
    maxSkewMs: 300_000,
    expectedServices: ["kms"],
    cache: createSigningKeyCache(2),
    ...options,
  });
  return answer.ok ? undefined : answer.problem;
}

import { readFileSync } from "node:fs";
import { SecretBytes } from "@coffer/crypto";
import type { SignatureRefusal, SignedRequest } from "../src/index.ts";
import { createSigningKeyCache, parseSignature, verifySignature } from "../src/index.ts";

/** A request as the files under `vectors/sigv4` hold it: byte strings, the body in base64. */
export interface VectorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** What the cases of both files have in common. */
export interface VectorCase {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region: string;
  readonly service: string;
  /** ISO 8601, extended format. */
  readonly timestamp: string;
  readonly request: VectorRequest;
}

export interface SignedForm {
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  readonly signature: string;
  readonly signedRequest: VectorRequest;
}

export interface SuiteCase extends VectorCase {
  readonly omitSessionToken: boolean;
  readonly normalize: boolean;
  readonly signBody: boolean;
  readonly expiresSeconds: number;
  readonly header: SignedForm;
  readonly query: SignedForm;
}

export interface BotocoreCase extends VectorCase {
  readonly form: "header" | "presigned";
}

/** Reads `vectors/sigv4/NAME`. */
export function readCases<Case>(name: string): readonly Case[] {
  const url = new URL(`../../../vectors/sigv4/${name}`, import.meta.url);
  const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(url, "utf8"));
  return cases;
}

/** Turns a recorded request into the shape that an HTTP adapter hands over: lower-case names, repeated headers joined. */
export function toSignedRequest(recorded: VectorRequest): SignedRequest {
  const headers = new Map<string, string>();
  for (const [name, value] of recorded.headers) {
    const lower = name.toLowerCase();
    const earlier = headers.get(lower);
    headers.set(lower, earlier === undefined ? value.trim() : `${earlier},${value.trim()}`);
  }
  const { method, path, query } = recorded;
  return { method, path, query, headers, body: Buffer.from(recorded.body, "base64") };
}

/** The secret access key of a case. */
export function secretOf(text: string): SecretBytes {
  return SecretBytes.takeFrom(Buffer.from(text));
}

export interface CheckOptions {
  readonly nowMs: number;
  readonly secret: SecretBytes;
  readonly services: readonly string[];
}

/** Parses and verifies, with a fresh cache and a skew of five minutes. */
export function check(request: SignedRequest, options: CheckOptions): { ok: true } | SignatureRefusal {
  const parsed = parseSignature(request);
  if (!parsed.ok) return parsed;
  return verifySignature(request, parsed.signature, options.secret, {
    nowMs: options.nowMs,
    maxSkewMs: 300_000,
    expectedServices: options.services,
    cache: createSigningKeyCache(2),
  });
}

/** Every way to change one part of a request, with a name for each; parts that no signature covers are left out. */
export function* mutations(
  request: SignedRequest,
  signedHeaders: readonly string[],
): Generator<[string, SignedRequest]> {
  yield ["method", { ...request, method: request.method === "GET" ? "PUT" : "GET" }];
  yield ["path", { ...request, path: `${request.path}x` }];
  yield ["query", { ...request, query: request.query === "" ? "x=" : `${request.query}&x=` }];
  yield ["body", { ...request, body: Buffer.concat([request.body, Buffer.from(" ")]) }];
  for (const name of signedHeaders) {
    const value = request.headers.get(name) ?? "";
    yield [`${name} changed`, { ...request, headers: new Map(request.headers).set(name, `${value}x`) }];
    const without = new Map(request.headers);
    without.delete(name);
    yield [`${name} dropped`, { ...request, headers: without }];
  }
  yield ["x-amz-new added", { ...request, headers: new Map(request.headers).set("x-amz-new", "1") }];
}

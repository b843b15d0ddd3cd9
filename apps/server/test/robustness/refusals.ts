import assert from "node:assert/strict";
import type { Reply } from "./http-client.ts";
import type { WireName } from "./wires.ts";

/** What no answer may hold: a stack, a path of ours, a name of JavaScript's own errors. */
const insides =
  /\n\s+at |\.ts:\d|node:internal|node_modules|file:\/\/|\/(?:apps|packages)\/|(?:Type|Range|Reference|Syntax|Assertion|Invariant)Error|\[object |sqlite/i;

/** Fails when an answer shows anything of the server's insides. */
export function assertNoInsides(text: string): void {
  assert.doesNotMatch(text, insides);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const shapes: Readonly<Record<WireName, (reply: Reply) => readonly string[]>> = {
  aws({ headers, json }) {
    assert.equal(headers["content-type"], "application/x-amz-json-1.1");
    assert.match(String(headers["x-amzn-requestid"]), uuid);
    assert.equal(typeof json.__type, "string");
    return [json.__type, `${json.__type}: ${json.message ?? json.Message ?? ""}`];
  },
  vault({ headers, json }) {
    assert.equal(headers["content-type"], "application/json");
    assert.ok(Array.isArray(json.errors));
    return json.errors as string[];
  },
  rest({ headers, json, status }) {
    assert.equal(headers["content-type"], "application/problem+json");
    assert.match(String(headers["x-request-id"]), uuid);
    assert.equal(json.status, status);
    assert.equal(json.request_id, headers["x-request-id"]);
    for (const member of ["type", "title", "detail"]) assert.equal(typeof json[member], "string");
    return [json.type.replace("urn:coffer:error:", ""), `${json.type}: ${json.detail}`];
  },
};

/** What an API says in an error: AWS's type, REST's code, Vault's texts, and those with their sentences. */
export function errorTexts(wire: WireName, reply: Reply): readonly string[] {
  return shapes[wire](reply);
}

/** Fails unless an answer is its API's own error, for the caller's fault, with these words. */
export function assertRefusal(wire: WireName, reply: Reply, status: number, words: string | RegExp): void {
  assert.equal(reply.status, status, String(reply));
  assertNoInsides(reply.text);
  const texts = errorTexts(wire, reply);
  const fits = texts.some((text) => (typeof words === "string" ? text === words : words.test(text)));
  assert.ok(fits || (texts.length === 0 && words === ""), `${words} in ${JSON.stringify(texts)}`);
}

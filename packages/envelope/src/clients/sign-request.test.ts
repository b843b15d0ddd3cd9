import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { signPost } from "./sign-request.ts";

interface Case {
  readonly name: string;
  readonly form: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region: string;
  readonly service: string;
  readonly timestamp: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
}

const file = new URL("../../../../vectors/sigv4/botocore.json", import.meta.url);
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(readFileSync(file, "utf8"));
const posts = cases.filter(
  ({ form, request }) => form === "header" && request.method === "POST" && request.query === "",
);

test("there are cases of botocore", () => assert.ok(posts.length > 0));

for (const { name, request, timestamp, sessionToken, ...rest } of posts) {
  test(`signs as botocore does: ${name}`, async () => {
    const given = new Map(request.headers.map(([header, value]) => [header.toLowerCase(), value]));
    const own = ["authorization", "host", "x-amz-date", "x-amz-security-token", "content-length"];
    const signedNames = /SignedHeaders=([^,]*)/.exec(given.get("authorization") ?? "")?.[1]?.split(";") ?? [];
    const headers = Object.fromEntries(
      [...given].filter(([header]) => signedNames.includes(header) && !own.includes(header)),
    );
    const post = {
      url: `https://${given.get("host")}${request.path}`,
      body: Buffer.from(request.body, "base64").toString(),
      headers,
      region: rest.region,
      service: rest.service,
      timeMs: Date.parse(timestamp),
    };
    const signed = await signPost(post, { ...rest, sessionToken: sessionToken ?? undefined });
    assert.equal(signed["authorization"], given.get("authorization"));
  });
}

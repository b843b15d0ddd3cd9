import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findByWkd } from "./find-by-wkd.ts";

describe("findByWkd", () => {
  it("reads no more of an answer than certificates have room for", async () => {
    let chunks = 0;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          chunks++;
          // Far more than is read: a directory that never ends.
          if (chunks > 1000) controller.close();
          else controller.enqueue(new Uint8Array(64 * 1024));
        },
      });
    assert.deepEqual(await findByWkd("bob@example.org", { fetch: async () => new Response(endless()) }), []);
    assert.ok(chunks < 100, `${chunks} chunks were read`);
  });

  it("follows no redirection", async () => {
    const redirects: unknown[] = [];
    const answer = async (_url: string, options: RequestInit) => {
      redirects.push(options.redirect);
      return new Response("", { status: 404 });
    };
    assert.deepEqual(await findByWkd("bob@example.org", { fetch: answer }), []);
    assert.deepEqual(redirects, ["error", "error"]);
  });
});

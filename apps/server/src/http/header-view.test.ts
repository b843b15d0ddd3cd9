import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { HeaderView } from "./header-view.ts";

/** What a view on a request with these header lines says. */
async function view(lines: readonly string[]): Promise<{ keys: string[]; entries: [string, string][] }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ keys: string[]; entries: [string, string][] }>();
  const server = createServer((message, response) => {
    const headers = new HeaderView(message);
    response.end();
    resolve({ keys: [...headers.keys()], entries: [...headers.entries()] });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", reject);
  socket.write(`GET / HTTP/1.1\r\n${["Host: a", ...lines].join("\r\n")}\r\n\r\n`);
  try {
    return await promise;
  } finally {
    socket.destroy();
    server.close();
  }
}

test("the names are those of every line, whether or not one was sent twice: signatures are checked by them", async () => {
  for (const lines of [
    ["X-Amz-Target: a", "Content-Type: b"],
    ["X-Amz-Target: a", "x-amz-target: b"],
    ["X-Amz-Target: a", "Age: 1", "Age: 2"],
    ["__proto__: a", "constructor: b", "X-Amz-Date: c"],
    ["Set-Cookie: a", "X-Amz-Date: c"],
    ["Cookie: a", "Cookie: b", "X-Amz-Security-Token: c"],
  ]) {
    const { keys, entries } = await view(lines);
    const names = new Set(["host", ...lines.map((line) => line.slice(0, line.indexOf(":")).toLowerCase())]);
    assert.deepEqual(new Set(keys), names);
    assert.equal(keys.length, names.size);
    assert.deepEqual(
      entries.map(([name]) => name),
      [...names],
    );
  }
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { generateHeadKey, loadHeadKey, localHeadSigner, openRelay, type Relay } from "@coffer/messaging-relay";

const folder = join(import.meta.dirname, "..");

describe("the README", () => {
  let relay: Relay;
  // Over HTTP alone: where sockets are refused, mailboxes are polled.
  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, "http://relay");
    const answer = await relay.answer({
      method: request.method!,
      path: url.pathname,
      query: url.searchParams,
      header: (name) => request.headersDistinct[name]?.[0],
      body: await bodyOf(request),
      peer: "test",
    });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });

  before(async () => {
    relay = await openRelay({
      databasePath: ":memory:",
      rowKey: createSecretKey(randomBytes(32)),
      headSigner: localHeadSigner(loadHeadKey(generateHeadKey())),
      nowMs: Date.now,
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  });

  after(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await relay.close();
  });

  it("has code that runs as it stands", async () => {
    const readme = await readFile(join(folder, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
    assert.equal(blocks.length, 3);
    const { port } = server.address() as AddressInfo;
    const relayUrl = `const relayUrl = "http://127.0.0.1:${port}";\n`;
    const end = 'for (const device of [alice, bob, carol, dave]) await device.close();\nconsole.log("closed");\n';
    // Below the package, so that its imports are found.
    const work = await mkdtemp(join(folder, "test", "readme-"));
    try {
      const program = join(work, "program.ts");
      await writeFile(program, relayUrl + blocks.join("\n") + end);
      const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
      assert.deepEqual(stdout.trim().split("\n"), [
        "alice: Hello Bob",
        "alice in the group: Welcome",
        "carol: By pigeon",
        "closed",
      ]);
    } finally {
      await rm(work, { recursive: true });
    }
  });
});

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

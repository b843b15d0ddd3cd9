import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { transitClient } from "@coffer/envelope";
import { readDoc } from "./doc-blocks.ts";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const root = join(import.meta.dirname, "../../..");
const { blocks, marks } = readDoc("packages/envelope/README.md");

/** What each block prints. */
const outputs = new Map([
  ["three-lines", "a secret"],
  ["two-keyrings", "for both true\nfor both true"],
  ["cache", "1 call"],
  ["streams", "600000"],
  ["required", "{ purpose: 'demo', tenant: 'a' }\nKeyUnavailable"],
]);

describe("packages/envelope/README.md", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
    const made = await fetch(`${server.url}/keys`, { method: "POST", body: JSON.stringify({ key_id: "app" }) });
    assert.equal(made.status, 201);
    const headers = { "x-vault-token": "root-token" };
    const mount = { method: "POST", headers, body: '{"type":"transit"}' };
    assert.equal((await fetch(`${server.vaultUrl}/v1/sys/mounts/transit`, mount)).status, 204);
    await transitClient({ address: server.vaultUrl, token: "root-token" }).generateDataKey({ key: "app", bits: 256 });
  });
  after(() => server?.kill());

  it("has blocks to run, each marked once", () => {
    assert.deepEqual(
      blocks.map(({ name }) => name),
      [...outputs.keys()],
    );
    assert.equal(marks, blocks.length, "a mark without a block below it");
  });

  for (const { name, text } of blocks) {
    it(`${name} runs`, async () => {
      const moved = text
        .replaceAll("localhost:8080", `localhost:${server.port}`)
        .replaceAll("localhost:8200", `localhost:${new URL(server.vaultUrl).port}`);
      const args = ["--input-type=module-typescript", "--eval", moved];
      const { status, stdout, stderr } = await runProgram(process.execPath, args, { workingDirectory: root });
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trim(), outputs.get(name));
    });
  }
});

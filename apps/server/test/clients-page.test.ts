import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { readDoc, runBlock } from "./doc-blocks.ts";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const { blocks, marks } = readDoc("docs/clients.md");
const python = component("python-venv");
const sops = component("sops");

describe("docs/clients.md", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("clients-page");
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
    // The block that shows it may be skipped.
    await fetch(`${server.url}/keys`, { method: "POST", body: JSON.stringify({ key_id: "sops" }) });
  });
  after(() => server?.kill());

  it("has blocks to run, each marked once", () => {
    assert.equal(blocks.length, 3);
    assert.equal(marks, blocks.length, "a mark without a block below it");
  });

  /** What a block ends with. */
  const endings = new Map([
    ["sops-kms", /hunter2$/],
    ["sops-transit", /hunter2$/],
    ["encryption-sdk", /^\d+ bytes: /],
  ]);

  // In order: the later ones use what the first one made.
  for (const block of blocks) {
    const skip = block.name.startsWith("sops") && !sops.available ? sops.reason : false;
    it(`${block.name} runs`, { skip }, async () => {
      assert.ok(python.available);
      const programs = [python.path, ...(sops.available ? [sops.path] : [])] as const;
      const { status, stdout, stderr } = await runBlock(block, server, [programs[0], ...programs.slice(1)], folder);
      assert.equal(status, 0, stderr);
      const ending = endings.get(block.name);
      assert.ok(ending, `what ${block.name} ends with`);
      assert.match(stdout.trim(), ending);
    });
  }
});

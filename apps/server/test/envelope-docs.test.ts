import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { readDoc, runBlock } from "./doc-blocks.ts";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const { blocks, marks } = readDoc("docs/ENVELOPE.md");
const python = component("python-venv");
const coffer = join(import.meta.dirname, "../../../bin/coffer");

describe("docs/ENVELOPE.md", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("envelope-docs");
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  /** What each block prints, as far as it is the same each time. */
  const outputs = new Map([
    ["files", /aws-kms[\s\S]*department[\s\S]*\nthe same file$/],
    ["python", /^4111 1111$/],
    [
      "config",
      /user: app\n {2}password: ENC\[.*\nhunter2\ndatabase:\n {2}user: app\n {2}password: correct horse\nthe program sees hunter2$/s,
    ],
  ]);

  it("has blocks to run, each marked once", () => {
    assert.deepEqual(
      blocks.map(({ name }) => name),
      [...outputs.keys()],
    );
    assert.equal(marks, blocks.length);
  });

  // In order: the later ones use what the first one made.
  for (const block of blocks) {
    it(`${block.name} runs`, async () => {
      assert.ok(python.available);
      const { status, stdout, stderr } = await runBlock(block, server, [python.path, coffer], folder);
      assert.equal(status, 0, stderr);
      assert.match(stdout.trim(), outputs.get(block.name)!);
    });
  }
});

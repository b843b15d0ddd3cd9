import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { readDoc, runBlock } from "./doc-blocks.ts";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const { blocks, marks } = readDoc("docs/KMS.md");
const python = component("python-venv");

describe("docs/KMS.md", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("kms-page");
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  it("has a block to run, marked once", () => {
    assert.deepEqual([blocks.map(({ name }) => name), marks], [["multi-region"], 1]);
  });

  it("a multi-Region key decrypts in its other region", async () => {
    assert.ok(python.available);
    const [block] = blocks;
    assert.ok(block);
    const { status, stdout, stderr } = await runBlock(block, server, [python.path], folder);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^"arn:aws:kms:eu-west-1:000000000000:key\/mrk-[0-9a-f]{32}"\nhello$/);
  });
});

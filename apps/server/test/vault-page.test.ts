import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readDoc, runBlock } from "./doc-blocks.ts";
import { temporaryFolder } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const { blocks, marks } = readDoc("docs/VAULT.md");

describe("docs/VAULT.md", () => {
  let server: ServerUnderTest;
  const folder = temporaryFolder("vault-page");
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  it("has two blocks to run, each marked", () => {
    assert.deepEqual([blocks.map(({ name }) => name), marks], [["application-token", "secrets"], 2]);
  });

  it("an application logs in, encrypts, and is refused the rest", async () => {
    const [block] = blocks;
    assert.ok(block);
    const { status, stdout, stderr } = await runBlock(block, server, [process.execPath], folder);
    assert.equal(status, 0, stderr);
    assert.equal(stdout, 'vault:v1:\n{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}');
  });

  it("a secret is written on the version that is named, read by version and listed", async () => {
    const block = blocks[1];
    assert.ok(block);
    const { status, stdout, stderr } = await runBlock(block, server, [process.execPath], folder);
    assert.equal(status, 0, stderr);
    const refused = '{"errors":["check-and-set parameter did not match the current version"]}';
    assert.equal(stdout, `two\none\n{"keys":["db"]}\n${refused}`);
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { readDoc, runBlock } from "./doc-blocks.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const root = join(import.meta.dirname, "../../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const { blocks, marks } = readDoc("README.md");
const python = component("python-venv");

describe("README", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  it("has blocks to run, each marked once", () => {
    assert.ok(blocks.length >= 4, "the README shows curl, the AWS CLI, boto3 and a Vault client");
    assert.equal(marks, blocks.length, "a mark without a block below it");
    assert.equal(new Set(blocks.map(({ name }) => name)).size, blocks.length);
  });

  // In order: the later ones use what the first one made.
  for (const block of blocks) {
    it(`${block.name} runs`, async () => {
      assert.ok(python.available);
      const { status, stdout, stderr } = await runBlock(block, server, [python.path]);
      assert.equal(status, 0, stderr);
      assert.notEqual(stdout.trim(), "");
      assert.ok(!stdout.includes("urn:coffer:error"), stdout);
    });
  }

  it("names make targets that exist", () => {
    const makefile = readFileSync(join(root, "Makefile"), "utf8");
    const targets = [...readme.matchAll(/`make ([a-z0-9 -]+)`/g)].flatMap(([, names = ""]) => names.split(" "));
    assert.ok(targets.length >= 8);
    for (const target of targets) assert.match(makefile, new RegExp(`^${target}:`, "m"), target);
  });
});

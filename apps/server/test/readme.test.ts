import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { type ProgramResult, runProgram, runShell } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

/** A fenced block that stands below `<!-- test: NAME -->`. */
interface ReadmeBlock {
  readonly name: string;
  readonly language: string;
  readonly text: string;
}

const root = join(import.meta.dirname, "../../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks: readonly ReadmeBlock[] = [
  ...readme.matchAll(/^<!-- test: ([a-z0-9-]+) -->\n```(\w+)\n(.*?)^```$/gms),
].map(([, name = "", language = "", text = ""]) => ({ name, language, text }));
const python = component("python-venv");

describe("README", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true, listeners: 2 });
  });
  after(() => server?.kill());

  it("has blocks to run, each marked once", () => {
    const marks = readme.match(/<!-- test:/g) ?? [];
    assert.ok(blocks.length >= 4, "the README shows curl, the AWS CLI, boto3 and a Vault client");
    assert.equal(marks.length, blocks.length, "a mark without a block below it");
    assert.equal(new Set(blocks.map(({ name }) => name)).size, blocks.length);
  });

  /** The block as it stands, but for the ports, which are taken on a machine where tests run. */
  function run({ language, text }: ReadmeBlock): Promise<ProgramResult> {
    assert.ok(python.available);
    const moved = text
      .replaceAll("localhost:8080", `localhost:${server.port}`)
      .replaceAll("localhost:8200", `localhost:${new URL(server.vaultUrl).port}`);
    if (language === "python") return runProgram(python.path, ["-"], { input: moved });
    const path = [dirname(python.path), process.env["PATH"]].join(delimiter);
    return runShell(moved, { environment: { PATH: path } });
  }

  // In order: the later ones use what the first one made.
  for (const block of blocks) {
    it(`${block.name} runs`, async () => {
      const { status, stdout, stderr } = await run(block);
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

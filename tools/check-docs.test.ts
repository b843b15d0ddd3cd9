import assert from "node:assert/strict";
import { test } from "node:test";
import { checkDocs } from "./check-docs.ts";
import { repoOf } from "./repo.ts";

const makefile = ".PHONY: help test\nhelp: install ## List\n\t@true\ntest test-long: install\n\t@true\nVALUE := 1\n";

/** What the check says of one page in a small repo. */
async function judge(page: string, path = "docs/page.md"): Promise<string[]> {
  const files = { Makefile: makefile, "docs/other.md": "# The other page\n## Its `part`, and more\n", "src/a.ts": "" };
  return (await checkDocs(repoOf({ ...files, [path]: page }), [])).map(({ message }) => message);
}

const refused: readonly [string, string, RegExp][] = [
  ["a link to nothing", "See [this](missing.md).", /leads to docs\/missing\.md, which is not there/],
  ["a link to nothing above", "See [this](../src/b.ts).", /leads to src\/b\.ts/],
  ["a link to no heading", "See [this](other.md#another-page).", /#another-page, which docs\/other\.md does not have/],
  ["a link to no heading here", "# Here\nSee [this](#there).", /#there/],
  ["a target in code", "Run `make tests` now.", /no target tests/],
  ["a target in a block", "```sh\nmake test\nmake bench   # speed\n```", /no target bench/],
  ["a target among others", "`make help test-short`", /no target test-short/],
];
for (const [what, page, message] of refused) {
  test(`${what} is found`, async () => {
    const found = await judge(page);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0]!, message);
  });
}

test("pages that say what is are not found", async () => {
  const page = [
    "# A page",
    "[a](other.md), [b](other.md#its-part-and-more), [c](../src/a.ts), [d](../src), [e](#a-page), [f](https://x.example/y)",
    "Please make sure that `make test` runs, or `make test-long`.",
    "```",
    "$ make help   # lists them",
    "[not a link](nowhere.md)",
    "```",
  ].join("\n");
  assert.deepEqual(await judge(page), []);
});

test("a decision record lacks no heading", async () => {
  const headings = ["Problem", "Options", "Choice", "Cost"];
  const record = (left: readonly string[]) => left.map((heading) => `## ${heading}\nText.\n`).join("");
  assert.deepEqual(await judge(record(headings), "docs/decisions/0001-a.md"), []);
  for (const heading of headings) {
    const found = await judge(record(headings.filter((other) => other !== heading)), "docs/decisions/0001-a.md");
    assert.deepEqual(found, [`A decision record has the heading "## ${heading}".`]);
  }
});

test("a generated page that is out of date or missing is found", async () => {
  const doc = { path: "docs/TABLE.md", command: "bin/node tools/x.ts", render: async () => "new\n" };
  const message = "The page is out of date; run bin/node tools/x.ts";
  const stale = await checkDocs(repoOf({ "docs/TABLE.md": "old\n" }), [doc]);
  assert.deepEqual(stale, [{ path: "docs/TABLE.md", message }]);
  assert.deepEqual(await checkDocs(repoOf({}), [doc]), [{ path: "docs/TABLE.md", message }]);
  assert.deepEqual(await checkDocs(repoOf({ "docs/TABLE.md": "new\n" }), [doc]), []);
  const failing = { ...doc, render: () => Promise.reject(new Error("no table")) };
  const [found] = await checkDocs(repoOf({ "docs/TABLE.md": "new\n" }), [failing]);
  assert.equal(found?.message, "bin/node tools/x.ts fails: no table");
});

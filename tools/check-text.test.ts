import assert from "node:assert/strict";
import { test } from "node:test";
import { checkText } from "./check-text.ts";
import { repoOf } from "./repo.ts";

const lines = (count: number) => "export {};\n".repeat(count);
// In parts, so that the check does not find this file.
const [later, home, machine] = [`TO${"DO"}`, `/ho${"me"}/ada/keys`, `/ro${"ot"}/keys`];

const refused: readonly [string, Record<string, string>, RegExp][] = [
  ["a file of more than 500 lines", { "a.ts": lines(501) }, /has 501 lines/],
  ["a leftover mark", { "a.md": `first\n${later}: write this\n` }, /Finish this/],
  ["another leftover mark", { "a.ts": `// FIX${"ME"} later\n` }, /Finish this/],
  ["a path of one machine", { "a.ts": `const a = "${machine}";\n` }, /path of one machine/],
  ["somebody's home", { "a.md": `see ${home}\n` }, /path of one machine/],
  [
    "a registry in the lockfile",
    { "package-lock.json": `"resolved": "https://registry.npmjs${".org"}/a"\n` },
    /names no registry/,
  ],
];
for (const [what, files, message] of refused) {
  test(`${what} is found`, () => {
    const found = checkText(repoOf(files));
    assert.equal(found.length, 1);
    assert.match(found[0]!.message, message);
  });
}

test("a finding tells the line", () => {
  assert.equal(checkText(repoOf({ "a.md": `first\n${later}\n` }))[0]?.line, 2);
});

test("what is fine is not found", () => {
  const files = {
    "a.ts": lines(500),
    "packages/x/src/generated/a.ts": lines(900),
    "a.test.ts": `const a = "${home}";\n`,
    "vectors/a.json": `${later}\n`,
    "b.md": "A to-do list, /homepage, /v1/root/x, XXXX and ~/keys\n",
    "package-lock.json": `{"name":"${later}"}\n`,
  };
  assert.deepEqual(checkText(repoOf(files)), []);
});

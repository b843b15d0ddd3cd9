import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { checksOf } from "./checks.ts";

const ours = join(import.meta.dirname, "..");
let root: string;

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
const policy = { name: "@coffer/policy", version: "0.1.0", type: "module", exports: { ".": "./src/index.ts" } };

const honest: Readonly<Record<string, string>> = {
  ".gitignore": "node_modules\n",
  "package.json": json({ name: "sample", private: true, type: "module", workspaces: ["packages/*"] }),
  "packages/policy/package.json": json(policy),
  "packages/policy/src/index.ts": 'export { a } from "./a.ts";\n',
  "packages/policy/src/a.ts": 'export const a: string = "a";\n',
  "README.md": "# Sample\n",
  "examples/messaging/page/page.ts": 'document.title = "sample";\n',
};

before(() => {
  root = mkdtempSync(join(tmpdir(), "coffer-checks-"));
  for (const [path, text] of Object.entries(honest)) write(path, text);
  for (const name of ["tsconfig.json", "biome.json", "knip.json", "examples/messaging/page/tsconfig.json"]) {
    copyFileSync(join(ours, name), join(root, name));
  }
  symlinkSync(join(ours, "node_modules"), join(root, "node_modules"));
  execFileSync("git", ["init", "--quiet", root]);
});
after(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** What a check says of the sample with one file changed, which is put back. */
async function judge(name: string, path: string, text: string): Promise<string> {
  write(path, text);
  try {
    const check = checksOf(root, []).get(name);
    assert.ok(check !== undefined);
    return (await check()).join("\n");
  } finally {
    if (honest[path] === undefined) rmSync(join(root, path));
    else write(path, honest[path]);
  }
}

const refused: readonly [string, string, string, RegExp][] = [
  ["types", "packages/policy/src/a.ts", "export const a: string = 1;\n", /TS2322/],
  ["page-types", "examples/messaging/page/page.ts", "document.title = process.version;\n", /TS2591/],
  ["lint", "packages/policy/src/a.ts", 'export const a: any = "a";\n', /noExplicitAny/],
  ["lint", "packages/policy/src/a.ts", "export const a: string = 'a'\n", /format/],
  [
    "imports",
    "packages/policy/src/a.ts",
    'import "node:fs";\nexport const a: string = "a";\n',
    /may not import node:fs/,
  ],
  ["dead-code", "packages/policy/src/b.ts", 'export const b: string = "b";\n', /Unused files[\s\S]*b\.ts/],
  [
    "dead-code",
    "packages/policy/src/a.ts",
    'export const a: string = "a";\nexport const b = 1;\n',
    /Unused exports[\s\S]*b /,
  ],
  [
    "dead-code",
    "packages/policy/package.json",
    json({ ...policy, dependencies: { kysely: "0.29.9" } }),
    /Unused dependencies[\s\S]*kysely/,
  ],
  ["docs", "README.md", "[gone](gone.md)\n", /gone\.md, which is not there/],
  ["dependencies", "package.json", '{ "dependencies": { "kysely": "^0.29.9" } }\n', /kysely is not pinned/],
  ["text", "README.md", `${"TO"}${"DO"}\n`, /Finish this/],
];
for (const [at, [name, path, text, message]] of refused.entries()) {
  test(`${name} fails on a bad sample (${at + 1})`, async () => assert.match(await judge(name, path, text), message));
}

test("every check passes on the honest sample, changes nothing, and has a bad sample", async () => {
  const checks = checksOf(root, []);
  for (const [name, check] of checks) assert.deepEqual(await check(), [], name);
  assert.deepEqual([...new Set(refused.map(([name]) => name))].sort(), [...checks.keys()].sort());
});

test("the command says what it checked, and its exit code is right", () => {
  const run = (...names: string[]) => {
    const command = [join(import.meta.dirname, "check.ts"), ...names];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
    return { status, stdout, stderr };
  };
  const text = run("text");
  assert.match(text.stdout, /^(?:ok {2}|FAIL) text \(\d+\.\d s\)\n/);
  assert.equal(text.status, text.stdout.startsWith("ok") ? 0 : 1);
  const unknown = run("spelling");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /^There is no check spelling\. There are: types, page-types, lint, imports/);
});

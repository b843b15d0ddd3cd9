import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TestRunOptions } from "./test-run.ts";

const passing = 'import { test } from "node:test";\ntest("one", () => {});\ntest("two", () => {});\n';

/** Runs the files as tests and gives the exit code and what was printed. */
function run(t: TestContext, files: Readonly<Record<string, string>>, changes: Partial<TestRunOptions> = {}) {
  const root = mkdtempSync(join(tmpdir(), "coffer-test-run-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const options = { root, long: false, beginnings: [], provisions: [], requireComponents: false, onTerminal: false };
  const script = `
    import { runTests } from ${JSON.stringify(join(import.meta.dirname, "test-run.ts"))};
    const options = ${JSON.stringify({ ...options, ...changes })};
    process.exitCode = await runTests({ ...options, print: (line) => console.log(line) });`;
  writeFileSync(join(root, "run.ts"), script);
  // In a process of its own, which does not know that it is within a test: node:test refuses that.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawnSync(process.execPath, [join(root, "run.ts")], { encoding: "utf8", env });
  assert.equal(child.stderr, "");
  return { code: child.status, printed: child.stdout, last: child.stdout.trimEnd().split("\n").at(-1) };
}

test("passed tests are counted and the exit code is 0", (t) => {
  const { code, printed, last } = run(t, { "packages/a/src/x.test.ts": passing, "tools/y.test.ts": passing });
  assert.deepEqual([code, last], [0, "4 passed, 0 failed, 0 skipped"]);
  assert.match(printed, /^ok {3}packages\/a\/src\/x\.test\.ts: 2 passed \(\d+ ms\)$/m);
});

test("a failed test is told with its suite, its error and exit code 1", (t) => {
  const failing = `import { describe, it } from "node:test";
import assert from "node:assert/strict";
describe("outer", () => { describe("inner", () => { it("adds", () => assert.equal(1 + 1, 3)); it("is", () => {}); }); });\n`;
  const { code, printed, last } = run(t, { "apps/a/x.test.ts": failing });
  assert.deepEqual([code, last], [1, "1 passed, 1 failed, 0 skipped"]);
  assert.match(printed, /^FAIL apps\/a\/x\.test\.ts: 1 passed, 1 failed/m);
  assert.match(printed, /^FAILED apps\/a\/x\.test\.ts: outer > inner > adds\n {2}AssertionError[\s\S]*2 !== 3/m);
});

test("skipped tests and suites are listed with their reasons", (t) => {
  const skipping = `import { describe, it, test } from "node:test";
describe("boto3", { skip: "There is no Python." }, () => { it("a", () => {}); it("b", () => {}); });
describe("hvac", () => { it("c", { skip: "no server" }, () => {}); it("d", () => {}); });
test("e", (t) => t.skip("not today"));\n`;
  const { code, printed, last } = run(t, { "packages/a/x.test.ts": skipping });
  assert.deepEqual([code, last], [0, "1 passed, 0 failed, 3 skipped"]);
  const skipped = printed.slice(printed.indexOf("Skipped:")).split("\n").slice(1, 4);
  assert.deepEqual(skipped, [
    "  packages/a/x.test.ts: boto3: There is no Python.",
    "  packages/a/x.test.ts: hvac > c: no server",
    "  packages/a/x.test.ts: e: not today",
  ]);
});

test("a file that cannot be run, and one without a test, fail", (t) => {
  const broken = run(t, { "packages/a/x.test.ts": 'throw new Error("does not load");\n' });
  assert.deepEqual([broken.code, broken.last], [1, "0 passed, 1 failed, 0 skipped"]);
  assert.match(broken.printed, /FAILED packages\/a\/x\.test\.ts: the file as a whole\n[\s\S]*does not load/);
  const empty = run(t, { "packages/a/x.test.ts": "export {};\n" });
  assert.deepEqual([empty.code, empty.last], [1, "0 passed, 1 failed, 0 skipped"]);
  assert.match(empty.printed, /The file has no test\./);
});

test("a file that dies after its tests fails", (t) => {
  const dying = `${passing}process.on("exit", () => { process.exitCode = 3; });\n`;
  const { code, last } = run(t, { "packages/a/x.test.ts": dying });
  assert.deepEqual([code, last], [1, "2 passed, 1 failed, 0 skipped"]);
});

test("a test that hangs, or never gives its thread back, fails and does not hang the run", (t) => {
  const head = 'import { test } from "node:test";\n';
  const files = {
    "packages/a/hang.test.ts": `${head}test("hangs", () => new Promise(() => {}));\n`,
    "packages/a/spin.test.ts": `${head}test("spins", () => { for (;;) {} });\n`,
    "packages/a/x.test.ts": passing,
  };
  const { code, printed, last } = run(t, files, { fileLimitMs: 4000 });
  assert.deepEqual([code, last], [1, "2 passed, 2 failed, 0 skipped"]);
  assert.match(printed, /FAILED packages\/a\/hang\.test\.ts: hangs\n {2}'test timed out/);
  assert.match(printed, /FAILED packages\/a\/spin\.test\.ts: the file as a whole\n {2}The file took too long/);
});

test("a run in which nothing ran fails", (t) => {
  const skipped = 'import { test } from "node:test";\ntest("a", { skip: "why" }, () => {});\n';
  assert.equal(run(t, { "packages/a/x.test.ts": skipped }).code, 1);
  const none = run(t, {});
  assert.deepEqual([none.code, none.last], [1, "There is no such test file."]);
});

test("long tests run only when asked for, and paths narrow the run", (t) => {
  const files = { "packages/a/x.test.ts": passing, "packages/a/x.long.test.ts": passing, "apps/b/y.test.ts": passing };
  assert.match(
    run(t, files, { long: true }).printed,
    /^ok {3}packages\/a\/x\.long\.test\.ts: 2 passed[^\n]*\n\n2 passed/,
  );
  assert.match(
    run(t, files, { beginnings: ["apps/"] }).printed,
    /^ok {3}apps\/b\/y\.test\.ts: 2 passed[^\n]*\n\n2 passed/,
  );
  assert.equal(run(t, files).last, "4 passed, 0 failed, 0 skipped");
});

test("a missing component is named, and fails the run only where it must be there", (t) => {
  const reason = "There is no curl on this machine.";
  const provisions = [{ name: "curl" as const, component: { available: false as const, reason }, installed: false }];
  const files = { "packages/a/x.test.ts": passing };
  const lenient = run(t, files, { provisions });
  assert.equal(lenient.code, 0);
  assert.match(lenient.printed, /^missing: curl: There is no curl on this machine\.$/m);
  const strict = run(t, files, { provisions, requireComponents: true });
  assert.deepEqual(
    [strict.code, strict.last],
    [1, "With CI=true every component must be there. Missing: curl: There is no curl on this machine."],
  );
  const optional = [{ ...provisions[0]!, component: { available: false as const, reason, optional: true as const } }];
  const without = run(t, files, { provisions: optional, requireComponents: true });
  assert.equal(without.code, 0);
  assert.match(without.printed, /^missing: curl: There is no curl on this machine\.$/m);
});

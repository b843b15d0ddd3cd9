import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..");

/** The condition `web-platform` in package.json's `imports` stands before `node`. */
async function runOnWebPlatform(...args: readonly string[]): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=web-platform", ...args], {
    cwd: root,
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

test("the unit tests pass on the Web Cryptography API too", async () => {
  const files = globSync("{src,test}/**/*.test.ts", { cwd: root }).filter(
    (path) =>
      !path.startsWith("src/node/") && !path.endsWith("web-platform.test.ts") && !path.endsWith(".node.test.ts"),
  );
  assert.ok(files.length > 0);
  const told = await runOnWebPlatform("--test", "--test-reporter=tap", "--test-timeout=120000", ...files).catch(
    (error: { stdout: string }) => assert.fail(error.stdout),
  );
  const count = (what: string) => Number(told.match(new RegExp(`^# ${what} (\\d+)$`, "m"))?.[1]);
  assert.ok(count("pass") > 0, told);
  assert.equal(count("fail"), 0, told);
});

test("the condition picks the platform that it says", async () => {
  const program =
    'import { platform } from "#platform"; console.log(platform.aesGcmKey(new Uint8Array(32)).constructor.name)';
  const run = (...args: readonly string[]) => runOnWebPlatform(...args, "--input-type=module", "--eval", program);
  assert.equal((await run()).trim(), "Promise");
});

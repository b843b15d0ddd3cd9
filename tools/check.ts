/**
 * Checks the repo: `bin/node tools/check.ts [CHECK ...]`, all checks unless some are named. Changes nothing.
 *
 * Prints a line a check with its time, and then everything found. Exit code 0 when all pass, 1 when one fails, 2 for bad
 * usage.
 */
import { join } from "node:path";
import { checksOf } from "./checks.ts";
import { generatedDocs } from "./generated-docs.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const checks = checksOf(join(import.meta.dirname, ".."), generatedDocs);
  const unknown = names.find((name) => !checks.has(name));
  if (unknown !== undefined) {
    console.error(`There is no check ${unknown}. There are: ${[...checks.keys()].join(", ")}`);
    return 2;
  }
  const failed: { name: string; found: readonly string[] }[] = [];
  for (const [name, check] of checks) {
    if (names.length > 0 && !names.includes(name)) continue;
    const begunMs = performance.now();
    const found = await check().catch((error: unknown) => [
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    ]);
    const seconds = ((performance.now() - begunMs) / 1000).toFixed(1);
    console.log(`${found.length === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    if (found.length > 0) failed.push({ name, found });
  }
  for (const { name, found } of failed) console.log(`\n${name}:\n${found.join("\n")}`);
  return failed.length === 0 ? 0 : 1;
}

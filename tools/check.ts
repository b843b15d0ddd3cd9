/**
 * Checks the repo: `bin/node tools/check.ts [CHECK ...]`, all checks unless some are named. Changes nothing.
 *
 * Prints a line a check with its time, and then everything found. Exit code 0 when all pass, 1 when one fails, 2 for bad
 * usage.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { checkDependencies } from "./check-dependencies.ts";
import { checkDocs } from "./check-docs.ts";
import { checkImports } from "./check-imports.ts";
import { checkText } from "./check-text.ts";
import { generatedDocs } from "./generated-docs.ts";
import { type Finding, formatFinding, openRepo, type Repo } from "./repo.ts";

const root = join(import.meta.dirname, "..");

/** A check gives the lines of what it found; none when it passes. */
type Check = (repo: Repo) => Promise<readonly string[]>;

const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["types", () => runTool("typescript/lib/tsc.js", ["-p", ".", "--pretty", "false"])],
  [
    "lint and format",
    () =>
      runTool("@biomejs/biome/bin/biome", [
        "ci",
        "--error-on-warnings",
        "--diagnostic-level=warn",
        "--colors=off",
        ".",
      ]),
  ],
  ["imports", findings(checkImports)],
  ["dead code", () => runTool("knip/bin/knip.js", ["--no-progress", "--no-config-hints"])],
  ["docs", findings((repo) => checkDocs(repo, generatedDocs))],
  ["dependencies", findings(checkDependencies)],
  ["text", findings(checkText)],
]);

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !checks.has(name));
  if (unknown !== undefined) {
    console.error(`There is no check ${unknown}. There are: ${[...checks.keys()].join(", ")}`);
    return 2;
  }
  const wanted = names.length === 0 ? [...checks.keys()] : names;
  const repo = openRepo(root);
  const failed: { name: string; found: readonly string[] }[] = [];
  for (const name of wanted) {
    const begunMs = performance.now();
    const found = (await checks.get(name)?.(repo)) ?? [];
    const seconds = ((performance.now() - begunMs) / 1000).toFixed(1);
    console.log(`${found.length === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    if (found.length > 0) failed.push({ name, found });
  }
  for (const { name, found } of failed) console.log(`\n${name}:\n${found.join("\n")}`);
  return failed.length === 0 ? 0 : 1;
}

function findings(check: (repo: Repo) => readonly Finding[] | Promise<readonly Finding[]>): Check {
  return async (repo) => {
    try {
      return (await check(repo)).map(formatFinding);
    } catch (error) {
      return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
  };
}

/** Runs a tool of node_modules with our Node; what it prints counts only when it fails. */
function runTool(script: string, options: readonly string[]): Promise<readonly string[]> {
  const path = join(root, "node_modules", script);
  const limits = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...options], limits, (error, stdout, stderr) => {
      if (error === null) return resolve([]);
      const said = `${stdout}${stderr}`.trim();
      resolve([said === "" ? error.message : said]);
    });
  });
}

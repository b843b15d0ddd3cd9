import { execFile } from "node:child_process";
import { join } from "node:path";
import { checkDependencies } from "./check-dependencies.ts";
import { checkDocs } from "./check-docs.ts";
import { checkImports } from "./check-imports.ts";
import { checkText } from "./check-text.ts";
import type { GeneratedDoc } from "./generated-docs.ts";
import { type Finding, formatFinding, openRepo, type Repo } from "./repo.ts";

/** A check gives what it found, as lines to print; nothing when it passes. */
export type Check = () => Promise<readonly string[]>;

/** All checks of the repo at `root`, in the order in which they run. None changes anything. */
export function checksOf(root: string, generated: readonly GeneratedDoc[]): ReadonlyMap<string, Check> {
  const ours = (check: (repo: Repo) => readonly Finding[] | Promise<readonly Finding[]>): Check => {
    return async () => (await check(openRepo(root))).map(formatFinding);
  };
  const tool = (script: string, options: readonly string[]): Check => {
    return () => runTool(root, script, options);
  };
  return new Map<string, Check>([
    ["types", tool("typescript/lib/tsc.js", ["-p", ".", "--pretty", "false"])],
    // What runs in browsers alone, and what it imports, with browsers' types in place of Node's.
    ["page-types", tool("typescript/lib/tsc.js", ["-p", "examples/messaging/page", "--pretty", "false"])],
    [
      "lint",
      tool("@biomejs/biome/bin/biome", ["ci", "--error-on-warnings", "--diagnostic-level=warn", "--colors=off", "."]),
    ],
    ["imports", ours(checkImports)],
    ["dead-code", tool("knip/bin/knip.js", ["--no-progress", "--no-config-hints"])],
    ["docs", ours((repo) => checkDocs(repo, generated))],
    ["dependencies", ours(checkDependencies)],
    ["text", ours(checkText)],
  ]);
}

/** Runs a tool of node_modules with our Node; what it prints counts only when it fails. */
function runTool(root: string, script: string, options: readonly string[]): Promise<readonly string[]> {
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

/**
 * Runs the tests: `bin/node tools/test.ts [--long] [BEGINNING OF A PATH ...]`. Installs what they need first.
 *
 * Exit code 0 when all passed, 1 when one failed, none ran or, with CI=true, a component is missing; 2 for bad usage.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { type Provision, provideComponents, provideNodePackages } from "./components.ts";
import { type TestEvent, TestReport } from "./test-report.ts";

const root = join(import.meta.dirname, "..");
const onTerminal = process.stdout.isTTY === true;
/** Far beyond any honest test: what hangs must not hang the run. */
const testTimeoutMs = 10 * 60 * 1000;

process.exitCode = await main();

async function main(): Promise<number> {
  let long: boolean;
  let beginnings: string[];
  try {
    const { values, positionals } = parseArgs({ options: { long: { type: "boolean" } }, allowPositionals: true });
    long = values.long ?? false;
    beginnings = positionals;
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : String(error)}\nusage: tools/test.ts [--long] [PATH ...]`,
    );
    return 2;
  }
  const missing = provide();
  if (missing.length > 0 && process.env["CI"] === "true") {
    console.error(`With CI=true every component must be there. Missing: ${missing.join("; ")}`);
    return 1;
  }
  const files = findTests(long, beginnings);
  if (files.length === 0) {
    console.error("There is no such test file.");
    return 1;
  }
  const report = await runTests(files, long);
  for (const reason of missing) console.log(`missing: ${reason}`);
  console.log(report.closing().join("\n"));
  return report.failed > 0 || report.passed === 0 ? 1 : 0;
}

/** @returns the components that are still missing, with their reasons */
function provide(): string[] {
  if (provideNodePackages(root)) console.log("installed the packages of package-lock.json");
  const provisions = provideComponents((name) => onTerminal && console.log(`installing ${name} ...`));
  for (const { name, component, installedInMs } of provisions) {
    if (component.available && installedInMs !== undefined) console.log(`installed ${name}`);
  }
  return provisions.flatMap(({ name, component }: Provision) =>
    component.available ? [] : [`${name}: ${component.reason}`],
  );
}

function findTests(long: boolean, beginnings: readonly string[]): string[] {
  return globSync("{packages,apps,tools,examples}/**/*.test.ts", { cwd: root, exclude: ["**/node_modules"] })
    .filter((path) => path.endsWith(".long.test.ts") === long)
    .filter((path) => beginnings.length === 0 || beginnings.some((beginning) => path.startsWith(beginning)))
    .sort()
    .map((path) => join(root, path));
}

async function runTests(files: string[], long: boolean): Promise<TestReport> {
  const report = new TestReport(root);
  const reporter = onTerminal ? new spec() : undefined;
  reporter?.pipe(process.stdout);
  const timeout = long ? Number.POSITIVE_INFINITY : testTimeoutMs;
  for await (const event of run({ files, concurrency: 2, timeout, cwd: root })) {
    const line = report.add(event as TestEvent);
    if (reporter !== undefined) reporter.write(event);
    else if (line !== undefined) console.log(line);
  }
  if (reporter !== undefined) {
    const ended = new Promise((resolve) => reporter.once("end", resolve));
    reporter.end();
    await ended;
  }
  return report;
}

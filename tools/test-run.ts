import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import type { Provision } from "./components.ts";
import { type TestEvent, TestReport } from "./test-report.ts";

/** What to run and where to tell of it. */
export interface TestRunOptions {
  readonly root: string;
  /** Only the `*.long.test.ts` files, or only the others. */
  readonly long: boolean;
  /** Beginnings of paths from the root; all files when empty. */
  readonly beginnings: readonly string[];
  readonly provisions: readonly Provision[];
  /** Whether a missing component makes the run fail. */
  readonly requireComponents: boolean;
  /** Tells each test as it passes, instead of each file. */
  readonly onTerminal: boolean;
  readonly print: (line: string) => void;
}

/** Far beyond any honest test: what hangs must not hang the run. */
const testTimeoutMs = 10 * 60 * 1000;

/** Runs tests and prints what came of them. @returns 0 when all passed; 1 when one failed, none ran or a needed component is missing */
export async function runTests(options: TestRunOptions): Promise<number> {
  const { print, provisions } = options;
  const missing = provisions.flatMap(({ name, component }) =>
    component.available ? [] : [`${name}: ${component.reason}`],
  );
  if (missing.length > 0 && options.requireComponents) {
    print(`With CI=true every component must be there. Missing: ${missing.join("; ")}`);
    return 1;
  }
  const files = findTests(options);
  if (files.length === 0) {
    print("There is no such test file.");
    return 1;
  }
  const report = await reportOf(files, options);
  for (const reason of missing) print(`missing: ${reason}`);
  for (const line of report.closing()) print(line);
  return report.failed > 0 || report.passed === 0 ? 1 : 0;
}

function findTests({ root, long, beginnings }: TestRunOptions): string[] {
  return globSync("{packages,apps,tools,examples}/**/*.test.ts", { cwd: root, exclude: ["**/node_modules"] })
    .filter((path) => path.endsWith(".long.test.ts") === long)
    .filter((path) => beginnings.length === 0 || beginnings.some((beginning) => path.startsWith(beginning)))
    .sort()
    .map((path) => join(root, path));
}

async function reportOf(files: string[], { root, long, onTerminal, print }: TestRunOptions): Promise<TestReport> {
  const report = new TestReport(root);
  const reporter = onTerminal ? new spec() : undefined;
  reporter?.pipe(process.stdout, { end: false });
  const timeout = long ? Number.POSITIVE_INFINITY : testTimeoutMs;
  for await (const event of run({ files, concurrency: 2, timeout, cwd: root })) {
    const line = report.add(event as TestEvent);
    if (reporter !== undefined) reporter.write(event);
    else if (line !== undefined) print(line);
  }
  if (reporter !== undefined) {
    const ended = new Promise((resolve) => reporter.once("end", resolve));
    reporter.end();
    await ended;
  }
  return report;
}

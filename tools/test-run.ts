import { globSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
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
  /** How long a file may take before it is stopped; a single test may take half of that. */
  readonly fileLimitMs?: number;
}

/** Far beyond any honest file of tests: what hangs must not hang the run. */
const fileLimitMs = 10 * 60 * 1000;
const longFileLimitMs = 2 * 60 * 60 * 1000;

/** Runs tests and prints what came of them. @returns 0 when all passed; 1 when one failed, none ran or a needed component is missing */
export async function runTests(options: TestRunOptions): Promise<number> {
  const { print, provisions } = options;
  const absent = provisions.flatMap(({ name, component }) =>
    component.available ? [] : [{ line: `${name}: ${component.reason}`, optional: component.optional ?? false }],
  );
  const missing = absent.map(({ line }) => line);
  const required = absent.filter(({ optional }) => !optional).map(({ line }) => line);
  if (required.length > 0 && options.requireComponents) {
    print(`With CI=true every component must be there. Missing: ${required.join("; ")}`);
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

/** Runs two files at a time, each with a limit: node:test cannot stop a test that never gives its thread back. */
async function reportOf(files: string[], options: TestRunOptions): Promise<TestReport> {
  const report = new TestReport(options.root);
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      await runFile(file, report, options);
    }
  };
  await Promise.all([work(), work()]);
  return report;
}

async function runFile(file: string, report: TestReport, options: TestRunOptions): Promise<void> {
  const { root, long, onTerminal, print } = options;
  const limitMs = options.fileLimitMs ?? (long ? longFileLimitMs : fileLimitMs);
  const events: unknown[] = [];
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  const stream = run({ files: [file], cwd: root, timeout: limitMs / 2, signal: stop.signal });
  for await (const event of stream) {
    const line = report.add(event as TestEvent);
    if (onTerminal) events.push(event);
    else if (line !== undefined) print(line);
  }
  clearTimeout(timer);
  // A file at a time: the reporter would mix up two.
  if (onTerminal) for await (const text of Readable.from(events).compose(new spec())) process.stdout.write(text);
}

import { relative } from "node:path";
import { inspect } from "node:util";

/** What a report reads of the events that `node:test`'s `run` gives (Node.js API documentation: class TestsStream). */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    /** The file whose process reported it; absent on the events about a file as a whole. */
    readonly entryFile?: string;
    readonly testId?: number;
    readonly parentId?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly message?: string;
    readonly duration_ms?: number;
    readonly details?: { readonly type?: string; readonly duration_ms?: number; readonly error?: Error };
  };
}

/** A test or suite that failed or was skipped. */
export interface Outcome {
  readonly file: string;
  /** With the names of the suites that it is in. */
  readonly name: string;
  /** The error as text, or why it was skipped. */
  readonly text: string;
}

interface FileState {
  readonly names: Map<number, { readonly name: string; readonly parentId: number | undefined }>;
  output: string;
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts a run and keeps what has to be told at its end. */
export class TestReport {
  readonly failures: Outcome[] = [];
  readonly skips: Outcome[] = [];
  passed = 0;
  readonly #root: string;
  readonly #files = new Map<string, FileState>();

  constructor(root: string) {
    this.#root = root;
  }

  get failed(): number {
    return this.failures.length;
  }

  get skipped(): number {
    return this.skips.length;
  }

  /** Takes an event; gives the line that tells of a file once that is done. */
  add({ type, data }: TestEvent): string | undefined {
    const path = data.entryFile ?? data.file;
    if (path === undefined) return undefined;
    const state = this.#stateOf(path);
    const whole = data.entryFile === undefined;
    if (type === "test:enqueue" && !whole && data.testId !== undefined) {
      state.names.set(data.testId, { name: data.name ?? "", parentId: data.parentId });
    } else if (type === "test:stdout" || type === "test:stderr") {
      state.output += data.message ?? "";
    } else if (whole && (type === "test:pass" || type === "test:fail")) {
      // Files whose tests were reported have no such event.
      const text = type === "test:pass" ? "The file has no test." : `${wholeFailure(data)}\n${state.output}`;
      this.#fail(path, state, data, text);
      return this.#line(path, state, data.details?.duration_ms);
    } else if (type === "test:pass") {
      this.#pass(path, state, data);
    } else if (type === "test:fail" && !isParentOnly(data)) {
      const { error } = data.details ?? {};
      this.#fail(path, state, data, inspect(error?.cause ?? error, { depth: 6 }));
    } else if (type === "test:summary") {
      return this.#line(path, state, data.duration_ms);
    }
    return undefined;
  }

  /** The lines that close a run: failures, skipped suites by reason, and the counts. */
  closing(): string[] {
    const lines: string[] = [];
    for (const { file, name, text } of this.failures) lines.push("", `FAILED ${file}: ${name}`, indent(text));
    if (this.skips.length > 0) lines.push("", "Skipped:");
    for (const { file, name, text } of this.skips) lines.push(`  ${file}: ${name}: ${text}`);
    return [...lines, "", `${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`];
  }

  #stateOf(path: string): FileState {
    let state = this.#files.get(path);
    if (state === undefined) {
      state = { names: new Map(), output: "", passed: 0, failed: 0, skipped: 0 };
      this.#files.set(path, state);
    }
    return state;
  }

  #pass(path: string, state: FileState, data: TestEvent["data"]): void {
    const mark = data.skip ?? data.todo;
    if (mark !== undefined && mark !== false) {
      const text = typeof mark === "string" && mark !== "" ? mark : "no reason is given";
      this.skips.push({ file: relative(this.#root, path), name: fullName(state, data), text });
      state.skipped++;
    } else if (data.details?.type !== "suite") {
      this.passed++;
      state.passed++;
    }
  }

  #fail(path: string, state: FileState, data: TestEvent["data"], text: string): void {
    const whole = data.entryFile === undefined;
    const name = whole ? "the file as a whole" : fullName(state, data);
    this.failures.push({ file: relative(this.#root, path), name, text });
    state.failed++;
  }

  #line(path: string, state: FileState, durationMs = 0): string {
    const { passed, failed, skipped } = state;
    const counts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : [])];
    if (skipped > 0) counts.push(`${skipped} skipped`);
    const file = relative(this.#root, path);
    return `${failed > 0 ? "FAIL" : "ok  "} ${file}: ${counts.join(", ")} (${Math.round(durationMs)} ms)`;
  }
}

function wholeFailure(data: TestEvent["data"]): string {
  const { error } = data.details ?? {};
  const stopped = error !== undefined && "failureType" in error && error.failureType === "testAborted";
  return stopped ? "The file took too long and was stopped." : "The file could not be run.";
}

/** A suite or file fails too when a test in it does: that is told once, by the test. */
function isParentOnly(data: TestEvent["data"]): boolean {
  const { error } = data.details ?? {};
  return error !== undefined && "failureType" in error && error.failureType === "subtestsFailed";
}

function fullName(state: FileState, data: TestEvent["data"]): string {
  const names = [data.name ?? ""];
  for (let above = data.parentId; above !== undefined; ) {
    const parent = state.names.get(above);
    if (parent === undefined) break;
    names.unshift(parent.name);
    above = parent.parentId;
  }
  return names.join(" > ");
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}

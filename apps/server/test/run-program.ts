import { type ChildProcess, execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** How a program ended and what it said. */
export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** Added to `cleanEnvironment`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the program reads. */
  readonly input?: string;
  readonly workingDirectory?: string;
}

/** What hangs must not hang the run; far beyond any honest client. */
export const hangMs = 60_000;

const children = new Set<ChildProcess>();
/** Of this process; everything that its tests write lies in it. */
let root: string | undefined;

function killChildren(): void {
  for (const child of children) child.kill("SIGKILL");
}

function cleanUp(): void {
  killChildren();
  if (root !== undefined) rmSync(root, { recursive: true, force: true, maxRetries: 3 });
}

process.once("exit", cleanUp);
// A child that a failed test left running would keep this process from its end.
after(killChildren);
// A test process that is told to stop would leave without the event above.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));

/** Sees to it that a child does not outlive this process. */
export function adopt<Child extends ChildProcess>(child: Child): Child {
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** Makes a folder that is gone when this process is. */
export function temporaryFolder(name: string): string {
  root ??= mkdtempSync(join(tmpdir(), "coffer-e2e-"));
  return mkdtempSync(join(root, `${name}-`));
}

let home: string | undefined;

/**
 * The environment of a program under test: where programs are, and a home of its own, so that nobody's settings,
 * credentials or proxies take part.
 */
export function cleanEnvironment(added: Readonly<Record<string, string>> = {}): Record<string, string> {
  home ??= temporaryFolder("home");
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    LANG: "C.UTF-8",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_MAX_ATTEMPTS: "1",
    AWS_PAGER: "",
    PYTHONDONTWRITEBYTECODE: "1",
    ...added,
  };
}

/** Runs a program to its end; a status other than 0 is a result too. */
export function runProgram(
  path: string,
  args: readonly string[],
  { environment, input, workingDirectory }: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const options = {
      env: cleanEnvironment(environment),
      maxBuffer: 64 * 1024 * 1024,
      ...(workingDirectory === undefined ? {} : { cwd: workingDirectory }),
    };
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      clearTimeout(timer);
      if (hangs) reject(new Error(`${path} ${args.join(" ")} hangs, or left somebody its output: ${stdout}${stderr}`));
      else if (error === null) resolve({ status: 0, stdout, stderr });
      else if (typeof error.code === "number") resolve({ status: error.code, stdout, stderr });
      else reject(error);
    });
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, hangMs);
    adopt(child);
    // It may end without reading.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input ?? "");
  });
}

/** Runs a text in a shell that stops at the first command that fails. */
export function runShell(text: string, options: ProgramOptions = {}): Promise<ProgramResult> {
  return runProgram("/bin/sh", ["-eu", "-c", text], options);
}

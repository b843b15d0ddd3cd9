import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const sources = join(import.meta.dirname, "openmls-peer");
const target = join(import.meta.dirname, "../../../../.cache/openmls-peer");

/** Why there is no openmls here; undefined when there is. Its build takes minutes: it is asked for. */
export function missingOpenmls(): string | undefined {
  if (process.env["COFFER_OPENMLS"] !== "1")
    return "builds openmls for minutes: set COFFER_OPENMLS=1, or make test-long";
  try {
    execFileSync("cargo", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs cargo";
  }
}

/** Builds the program that the peers run: minutes at first. */
export function buildOpenmls(): void {
  const options = ["--release", "--locked", "--quiet", "--target-dir", target];
  execFileSync("cargo", ["build", ...options], { cwd: sources, stdio: ["ignore", "inherit", "inherit"] });
}

/** A device on openmls, in a process of its own. */
export class OpenmlsPeer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  /** @param name `USER/DEVICE`, its credential */
  constructor(name: string) {
    this.#process = spawn(join(target, "release/openmls-peer"), [name]);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Its next line. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error("openmls's process ended");
    return value;
  }

  /** Has it do something. @returns what it answered, which begins with `error` when it failed */
  run(command: string): Promise<string> {
    this.#process.stdin.write(`${command}\n`);
    return this.line();
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await new Promise((resolve) => this.#process.once("close", resolve));
  }
}

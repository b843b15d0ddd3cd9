import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** A server in a process of its own, measured from outside by the operating system's accounting. */
export class ServerProcess {
  readonly port: number;
  /** From the start of the process to its first `listening on` line. */
  readonly startMs: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number, startMs: number) {
    this.#process = child;
    this.port = port;
    this.startMs = startMs;
  }

  /** Starts `bin/coffer` or `bin/node` with arguments and waits until it listens. */
  static start(command: "coffer" | "node", args: readonly string[]): Promise<ServerProcess> {
    return ServerProcess.startProgram(join(root, "bin", command), args, (line) => {
      const port = /^listening on http:\/\/[^:]+:(\d+)/.exec(line)?.[1];
      return port === undefined ? undefined : Number(port);
    });
  }

  /** Starts a program and waits for the line that tells its port. */
  static async startProgram(
    program: string,
    args: readonly string[],
    portOf: (line: string) => number | undefined,
    stderr: "inherit" | "ignore" = "inherit",
  ): Promise<ServerProcess> {
    const startedMs = performance.now();
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", stderr] });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const port = portOf(line);
      if (port === undefined) continue;
      const startMs = performance.now() - startedMs;
      child.stdout.resume();
      return new ServerProcess(child, port, startMs);
    }
    throw new Error(`the server did not start: ${args.join(" ")}`);
  }

  /** User and system CPU time so far, in microseconds. */
  cpuMicroseconds(): number {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
  }

  /** Resident memory in MiB. */
  residentMiB(): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await gone;
  }
}

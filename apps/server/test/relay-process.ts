import { spawn } from "node:child_process";
import { cleanEnvironment } from "./run-program.ts";
import { RunningProgram } from "./running-program.ts";
import { cofferPath } from "./server-under-test.ts";

/** A `coffer relay` process. */
export class RelayProcess {
  readonly #program: RunningProgram;

  private constructor(program: RunningProgram) {
    this.#program = program;
  }

  /** Starts a relay on a port of the system's choice, and waits until it listens. */
  static async start(
    dataDirectory: string,
    args: readonly string[] = ["--local-key"],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RelayProcess> {
    const all = ["relay", "--listen=127.0.0.1:0", `--data-dir=${dataDirectory}`, ...args];
    const env = cleanEnvironment(environment);
    const program = new RunningProgram(spawn(cofferPath, all, { env, stdio: ["ignore", "pipe", "pipe"] }));
    await program.line(/^listening on /);
    return new RelayProcess(program);
  }

  get url(): string {
    return this.#program.out.find((line) => line.startsWith("listening on "))!.slice("listening on ".length);
  }

  get out(): readonly string[] {
    return this.#program.out;
  }

  get err(): readonly string[] {
    return this.#program.err;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    this.#program.signal("SIGKILL");
    await this.#program.ended;
  }

  /** Asks it to stop. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#program.signal("SIGTERM");
    return this.#program.ended;
  }
}

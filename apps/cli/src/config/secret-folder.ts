import { type ChildProcess, spawn } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "@coffer/server/config";
import { Interrupted } from "../files/interrupt.ts";

const inMemory = "/dev/shm";
const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * A folder for plaintext that other programs work on: in memory where there is `/dev/shm`, and its owner's alone. All that is
 * in it at its end is overwritten and removed, also when a signal ends the process. SIGKILL leaves it.
 */
export class SecretFolder implements Disposable {
  readonly path: string;
  #program: ChildProcess | undefined;
  #asked: (typeof signals)[number] | undefined;

  constructor() {
    this.path = mkdtempSync(join(isWritable(inMemory) ? inMemory : tmpdir(), "coffer-"));
    for (const signal of signals) process.on(signal, this.#onSignal);
    process.on("exit", this.#remove);
  }

  /** Writes a file that its owner alone can read. @returns its path */
  write(name: string, bytes: Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, bytes, { mode: 0o600, flag: "wx" });
    return path;
  }

  /**
   * Runs a program on the terminal and waits for its end.
   *
   * @returns its exit code, or the signal that ended it
   * @throws OperatorError when it cannot be run; Interrupted when a signal came that is for this process
   */
  async run(command: string, args: readonly string[]): Promise<number | NodeJS.Signals> {
    const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals>();
    const program = spawn(command, args, { stdio: "inherit" });
    program.on("error", ({ code }: NodeJS.ErrnoException) =>
      reject(new OperatorError(`cannot run ${command}: ${code}.`)),
    );
    program.on("close", (code, signal) => resolve(code ?? signal ?? 1));
    this.#program = program;
    try {
      const ended = await promise;
      if (this.#asked !== undefined) throw new Interrupted(this.#asked);
      return ended;
    } finally {
      this.#program = undefined;
    }
  }

  [Symbol.dispose](): void {
    for (const signal of signals) process.removeListener(signal, this.#onSignal);
    process.removeListener("exit", this.#remove);
    this.#remove();
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // The terminal has told the program too; editors have their own meaning for it.
    if (this.#program !== undefined && (signal === "SIGINT" || signal === "SIGQUIT")) return;
    this.#asked = signals.find((name) => name === signal);
    if (this.#program !== undefined) this.#program.kill(signal);
    else if (this.#asked !== undefined) process.exit(new Interrupted(this.#asked).exitCode);
  };

  readonly #remove = (): void => {
    wipe(this.path);
    rmSync(this.path, { recursive: true, force: true });
  };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Overwrites all files below a folder. Links, which editors make as locks, are not followed. */
function wipe(folder: string): void {
  for (const name of attempt(() => readdirSync(folder)) ?? []) {
    const path = join(folder, name);
    const stat = attempt(() => lstatSync(path));
    if (stat?.isDirectory()) wipe(path);
    else if (stat?.isFile()) attempt(() => overwrite(path, stat.size));
  }
}

function overwrite(path: string, bytes: number): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeFileSync(file, Buffer.alloc(bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** One file that cannot be overwritten does not keep the others from it, nor from being removed. */
function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { adopt, hangMs } from "./run-program.ts";

/** A program that runs beside the tests, with its output line by line. */
export class RunningProgram {
  /** What it printed to stdout so far. */
  readonly out: string[] = [];
  /** What it printed to stderr so far. */
  readonly err: string[] = [];
  /** Resolves with the exit code once it has ended and all of its output is here; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #news = Promise.withResolvers<void>();
  #closed = false;

  /** @param child with pipes for stdout and stderr */
  constructor(child: ChildProcess) {
    this.#child = adopt(child);
    this.ended = once(child, "close").then(([code]) => {
      this.#closed = true;
      this.#tell();
      return code as number | null;
    });
    this.#follow(child.stdout, this.out);
    this.#follow(child.stderr, this.err);
  }

  get processId(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits for a line on stdout or stderr. */
  line(pattern: RegExp): Promise<string> {
    return this.until(() => [...this.out, ...this.err].find((line) => pattern.test(line)));
  }

  /** Asks again after each line until there is something; throws when the program ends before, or falls silent. */
  async until<Value>(find: () => Value | undefined): Promise<Value> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const said = [...this.out, ...this.err].join("\n");
      if (this.#closed) throw new Error(`the program ended: ${said}`);
      const silent = Promise.withResolvers<never>();
      const timer = setTimeout(() => silent.reject(new Error(`the program says nothing more: ${said}`)), hangMs);
      try {
        await Promise.race([this.#news.promise, silent.promise]);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** Lets everybody who waits look again. */
  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }

  #follow(stream: ChildProcess["stdout"], lines: string[]): void {
    if (stream === null) throw new Error("the output is a pipe");
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      this.#tell();
    });
  }
}

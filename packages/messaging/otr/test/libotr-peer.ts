import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Why there is no libotr here; undefined when there is. */
export function missingLibotr(): string | undefined {
  if (!existsSync("/usr/include/libotr/message.h")) return "needs libotr (apt-get install libotr5-dev)";
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "needs a C compiler";
  }
}

/** What happened at the other side, by its first word. */
export type PeerEvent = readonly [what: string, value: string];

/** libotr as the other side, in a process of its own. */
export class LibotrPeer {
  readonly #directory = mkdtempSync(join(tmpdir(), "coffer-otr-"));
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const program = join(this.#directory, "otr-peer");
    execFileSync("cc", ["-O1", "-o", program, join(import.meta.dirname, "otr-peer.c"), "-lotr", "-lgcrypt"]);
    this.#process = spawn(program, [join(this.#directory, "key")]);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** What happened until it is ready for more. */
  async events(): Promise<PeerEvent[]> {
    const events: PeerEvent[] = [];
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done === true) throw new Error("libotr's process ended");
      if (value === "done") return events;
      const [what, ...rest] = value.split(" ");
      events.push([what!, rest.join(" ")]);
    }
  }

  /** Has it do something. */
  run(command: string): Promise<PeerEvent[]> {
    this.#process.stdin.write(`${command}\n`);
    return this.events();
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await new Promise((resolve) => this.#process.once("close", resolve));
    rmSync(this.#directory, { recursive: true });
  }
}

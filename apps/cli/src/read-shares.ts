import { createInterface, type Interface } from "node:readline";
import type { ShareSource } from "@coffer/server";

/** Shares from standard input. Close it, so that the process can end. */
export interface ShareReader extends ShareSource, Disposable {}

/** Reads shares from standard input, one a line. On a terminal it asks for each, and shows nothing of what is typed. */
export function readSharesFromInput(): ShareReader {
  const onTerminal = process.stdin.isTTY === true;
  const ask = (text: string) => onTerminal && process.stderr.write(text);
  let input: Interface | undefined;
  let lines: AsyncIterator<string> | undefined;
  let asked = 0;
  return {
    wanted({ threshold, shares }) {
      ask(`${threshold} of ${shares} shares are needed. What you type is not shown.\n`);
    },
    async next() {
      input ??= openInput(onTerminal);
      lines ??= input[Symbol.asyncIterator]();
      asked += 1;
      for (;;) {
        ask(`share ${asked}: `);
        const line = await lines.next();
        ask("\n");
        if (line.done === true) return undefined;
        const text = line.value.trim();
        if (text !== "") return text;
      }
    },
    [Symbol.dispose]: () => input?.close(),
  };
}

function openInput(onTerminal: boolean): Interface {
  // As a terminal's without an output, it echoes nothing, and in raw mode neither does the terminal.
  const input = createInterface({ input: process.stdin, terminal: onTerminal });
  input.on("SIGINT", () => process.exit(130));
  return input;
}

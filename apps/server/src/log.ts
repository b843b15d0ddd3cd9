import { redactTokens } from "@coffer/service";

/** What the server tells about itself on stderr, one line each. Never a secret, never anything of a request but its id. */
export interface Log {
  error(line: string): void;
  info(line: string): void;
  debug(line: string): void;
}

const levels = ["error", "info", "debug"] as const;

/** A log of everything up to a level. */
export function createLog(level: (typeof levels)[number], write: (text: string) => void): Log {
  const shown = levels.indexOf(level);
  const at = (index: number): ((line: string) => void) =>
    index <= shown ? (line) => write(`coffer: ${redactTokens(line).replaceAll("\n", "\n  ")}\n`) : () => {};
  return { error: at(0), info: at(1), debug: at(2) };
}

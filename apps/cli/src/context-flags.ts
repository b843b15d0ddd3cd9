import { OperatorError } from "@coffer/server/config";
import type { Invocation, OptionRow } from "./command.ts";

/** `--context`, the same for every command that has it. */
export const contextOption: OptionRow = {
  name: "context",
  placeholder: "NAME=VALUE",
  many: true,
  doc: "What the data is: authenticated, not secret, and needed to decrypt. Repeatable.",
};

/**
 * The encryption context of the command line.
 *
 * @throws OperatorError exit code 2
 */
export function parseContextFlags(invocation: Invocation): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const text of invocation.flags.get("context") ?? []) {
    const at = text.indexOf("=");
    if (at < 1) throw new OperatorError(`--context "${text}" is not NAME=VALUE.`, 2);
    const name = text.slice(0, at);
    if (pairs.has(name)) throw new OperatorError(`--context has "${name}" twice.`, 2);
    pairs.set(name, text.slice(at + 1));
  }
  return Object.fromEntries(pairs);
}

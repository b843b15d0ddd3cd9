import { OperatorError, parseFlags } from "@coffer/server/config";
import type { Command, Surroundings } from "./command.ts";

/**
 * Runs a command.
 *
 * @param args after its name
 * @returns the exit code
 * @throws OperatorError, to be shown as one line
 */
export async function runCommand(
  command: Command,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  if (command.parsesItself) {
    return command.run({ ...surroundings, args, flags: new Map(), positionals: [] });
  }
  const { flags, positionals } = parseFlags(args, new Map(command.options.map((option) => [option.name, option])));
  const stray = positionals[command.maxPositionals ?? 0];
  if (stray !== undefined)
    throw new OperatorError(`unexpected argument "${stray}"; see coffer help ${command.name}.`, 2);
  return command.run({ ...surroundings, args, flags, positionals });
}

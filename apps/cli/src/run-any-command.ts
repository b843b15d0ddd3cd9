import { didYouMean, OperatorError, version } from "@coffer/server/config";
import type { Command, Surroundings } from "./command.ts";
import { commands, groupSummaries } from "./commands/index.ts";
import { renderCommandHelp, renderGroupHelp, renderHelp } from "./help.ts";
import { runCommand } from "./run-command.ts";
import { print } from "./terminal.ts";

/**
 * Runs the command line, whatever it says.
 *
 * @param args after `coffer`
 * @returns the exit code
 * @throws OperatorError, to be shown as one line
 */
export async function runAnyCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === "--help" || first === "-h") return say(renderHelp());
  if (first === "--version" || first === "-V") return say(`coffer ${version}`);
  if (first === "help") return help(rest);
  if (first.startsWith("-")) throw new OperatorError(`unknown flag ${first}; see coffer --help.`, 2);
  if (isGroup(first) && wantsGroupHelp(rest)) return say(renderGroupHelp(first));
  const { command, args: commandArgs } = findCommand(args);
  const options = new Set(command.options.map((option) => option.name));
  const end = commandArgs.indexOf("--");
  const ownArgs = end < 0 ? commandArgs : commandArgs.slice(0, end);
  if (!options.has("help") && ownArgs.some((arg) => arg === "--help" || arg === "-h")) {
    return say(renderCommandHelp(command));
  }
  return runCommand(command, commandArgs, surroundings);
}

function say(text: string): number {
  print(text);
  return 0;
}

function help(words: readonly string[]): number {
  const [group] = words;
  if (group === undefined) return say(renderHelp());
  if (words.length === 1 && isGroup(group)) return say(renderGroupHelp(group));
  return say(renderCommandHelp(findCommand(words).command));
}

function isGroup(word: string): boolean {
  return groupSummaries.has(word) && [...commands.keys()].some((name) => name.startsWith(`${word} `));
}

function wantsGroupHelp(rest: readonly string[]): boolean {
  return rest[0] === undefined || rest[0] === "--help" || rest[0] === "-h";
}

function findCommand(args: readonly string[]): { command: Command; args: readonly string[] } {
  for (const words of [2, 1]) {
    const command = args.length < words ? undefined : commands.get(args.slice(0, words).join(" "));
    if (command !== undefined) return { command, args: args.slice(words) };
  }
  const [first = "", second] = args;
  const typed = isGroup(first) && second !== undefined ? `${first} ${second}` : first;
  const suggestion = didYouMean(
    typed,
    [...commands.keys(), ...groupSummaries.keys()].filter((name) => name !== first),
  );
  throw new OperatorError(`unknown command "${typed}".${suggestion} See coffer --help.`, 2);
}

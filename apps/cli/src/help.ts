import type { Command, OptionRow } from "./command.ts";
import { commands, groupSummaries } from "./commands/index.ts";
import { twoColumns, wrappedColumns } from "./terminal.ts";

/** The help of the whole command line. */
export function renderHelp(): string {
  return [
    "Coffer: a key management system that speaks AWS KMS, Vault Transit and REST over the same keys.",
    "",
    "Usage: coffer COMMAND [OPTION]...",
    "",
    "Commands:",
    ...listCommands([...commands.values()]),
    "",
    "  coffer help COMMAND  says more about one of them.",
    "  coffer --version     prints the version.",
  ].join("\n");
}

/** The help of a group, such as `audit`. */
export function renderGroupHelp(group: string): string {
  const members = [...commands.values()].filter((command) => command.name.startsWith(`${group} `));
  return [
    `Usage: coffer ${group} COMMAND [OPTION]...`,
    "",
    `${groupSummaries.get(group) ?? group}.`,
    "",
    "Commands:",
    ...listCommands(members),
  ].join("\n");
}

/** The help of a command. */
export function renderCommandHelp(command: Command): string {
  return [
    `Usage: coffer ${command.name} ${command.usage}`.trimEnd(),
    "",
    `${command.summary}.`,
    "",
    "Options:",
    ...wrappedColumns([...command.options, helpOption].map((option) => [renderOption(option), option.doc])),
    ...(command.notes === undefined ? [] : ["", ...command.notes]),
  ].join("\n");
}

const helpOption: OptionRow = { name: "help", short: "h", doc: "Show this help." };

function listCommands(rows: readonly Command[]): string[] {
  return twoColumns(rows.map((command) => [command.name, command.summary]));
}

function renderOption(option: OptionRow): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const value = option.placeholder === undefined ? "" : ` ${option.placeholder}`;
  return `${short}--${option.name}${value}`;
}

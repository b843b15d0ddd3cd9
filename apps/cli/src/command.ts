import type { FlagSpec, ParsedFlags } from "@coffer/server/config";

/** One option of a command. */
export interface OptionRow extends FlagSpec {
  /** Without `--`. */
  readonly name: string;
  /** One line. */
  readonly doc: string;
}

/** What surrounds a command. Only the entry point reads it from the process. */
export interface Surroundings {
  readonly environment: Record<string, string | undefined>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
}

/** What a command works on. */
export interface Invocation extends Surroundings {
  /** Arguments after the command's name. */
  readonly args: readonly string[];
  readonly flags: ParsedFlags["flags"];
  readonly positionals: readonly string[];
}

/** One command: a row of the table. */
export interface Command {
  /** One or two words. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What follows the name, such as `[--json]`. */
  readonly usage: string;
  readonly options: readonly OptionRow[];
  /** Paragraphs of help after the options. */
  readonly notes?: readonly string[];
  /** Whether it parses its arguments itself; `flags` and `positionals` are empty then. */
  readonly parsesItself?: true;
  /** Positional arguments that it takes at most. */
  readonly maxPositionals?: number;
  /**
   * @returns the exit code: 0 done, 1 it went wrong or the answer is no, 2 wrongly called
   * @throws OperatorError
   */
  run(invocation: Invocation): Promise<number>;
}

/** The text of an option that is given at most once. */
export function flagText(invocation: Invocation, name: string): string | undefined {
  return invocation.flags.get(name)?.[0];
}

/** Whether a switch is on. */
export function isOn(invocation: Invocation, name: string): boolean {
  return flagText(invocation, name) === "true";
}

/** `--json`, the same for every command that has it. */
export const jsonOption: OptionRow = { name: "json", doc: "Print JSON, for machines." };

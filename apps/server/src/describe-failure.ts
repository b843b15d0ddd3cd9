import { OperatorError } from "./operator-error.ts";

/** How a command that failed ends. */
export interface Failure {
  /** One line, to be shown after `coffer: `. */
  readonly line: string;
  readonly exitCode: 1 | 2;
}

/** How sentences begin that are not told alone. Names, such as SQLite, stay as they are. */
const beginning = /^(?:The|This|There|That|A|An|Another|No|It|Its) /;

/** Puts any error in one line, without a stack. */
export function describeFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split("\n", 1)[0] || "unknown error";
  return {
    line: line.replace(beginning, (word) => word.toLowerCase()),
    exitCode: error instanceof OperatorError ? error.exitCode : 1,
  };
}

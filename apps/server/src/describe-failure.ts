import { OperatorError } from "./operator-error.ts";

/** How a command that failed ends. */
export interface Failure {
  /** One line, to be shown after `coffer: `. */
  readonly line: string;
  readonly exitCode: 1 | 2;
}

/** Puts any error in one line, without a stack. */
export function describeFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split("\n", 1)[0] || "unknown error";
  return { line, exitCode: error instanceof OperatorError ? error.exitCode : 1 };
}

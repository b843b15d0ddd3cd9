/**
 * Something that the person who runs Coffer has to put right. Its message is one line that says what is wrong and what
 * to do; it is shown as `coffer: MESSAGE`, without a stack.
 */
export class OperatorError extends Error {
  /** 2 for a mistake on the command line, else 1. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = "OperatorError";
    this.exitCode = exitCode;
  }
}

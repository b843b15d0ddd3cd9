import { EnvelopeError } from "../errors.ts";

/** Why an attempt failed, in a line. An AWS SDK's exception has its error code as its name. */
export function problemOf(error: unknown): string {
  if (error instanceof EnvelopeError) return error.message;
  if (!(error instanceof Error)) return "it failed, and nothing says why";
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}

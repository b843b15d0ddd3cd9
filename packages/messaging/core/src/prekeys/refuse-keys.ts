import { MessagingError } from "../errors.ts";

/** The error of keys that do not belong to their identity. */
export function refuseKeys(why: string): MessagingError {
  return new MessagingError("BundleRefused", `The published keys are refused: ${why}.`);
}

import { EnvelopeError } from "@coffer/envelope";
import { OperatorError } from "@coffer/server/config";

/**
 * A failure of the envelope library as the one line that a command ends with.
 *
 * @param subject what was worked on, such as a file's name
 */
export function operatorErrorOf(error: EnvelopeError, subject?: string): OperatorError {
  const where = error.offset === undefined || error.message.includes("at byte") ? "" : ` (at byte ${error.offset})`;
  const ask =
    error.requestId === undefined || error.message.includes(error.requestId)
      ? ""
      : ` Request ${error.requestId}: 'coffer explain' tells why.`;
  const text = error.message.replace(/\.$/, "");
  return new OperatorError(`${subject === undefined ? "" : `${subject}: `}${text}${where}.${ask}`);
}

/**
 * Calls `act`, and tells its failures in one line.
 *
 * @throws OperatorError
 */
export async function tellingService<T>(act: () => Promise<T>, subject?: string): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof EnvelopeError ? operatorErrorOf(error, subject) : error;
  }
}

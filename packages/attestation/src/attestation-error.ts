/**
 * An attestation document that is malformed, not genuine or not current. The message is a whole sentence, safe to show
 * to the caller: it holds nothing of the document.
 */
export class AttestationError extends Error {
  override readonly name = "AttestationError";
}

/** @throws AttestationError unless `condition` holds */
export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new AttestationError(reason);
}

/**
 * A caller inside Coffer broke a rule of this package: a bug, never a matter of untrusted input. The message is fixed
 * wording and holds no value that was passed in, so it may be logged.
 */
export class CryptoInvariantError extends Error {
  override readonly name = "CryptoInvariantError";
}

/** Throws {@link CryptoInvariantError} unless `condition` holds. `rule` states what must be true. */
export function invariant(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new CryptoInvariantError(`Broken invariant: ${rule}`);
}

/** Milliseconds of a clock that never goes back, for rates and times left. */
export function nowMs(): number {
  return performance.now();
}

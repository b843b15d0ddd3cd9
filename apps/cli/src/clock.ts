/** Milliseconds of a clock that never goes back, for rates and times left. */
export function nowMs(): number {
  return performance.now();
}

/** Milliseconds since 1970, for times that are written down. */
export function unixTimeMs(): number {
  return Date.now();
}

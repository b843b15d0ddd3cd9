/** Seconds as Go writes a duration: `1h0m0s`, `3m20s`, `0s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.abs(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const parts = [hours > 0 ? `${hours}h` : "", whole >= 60 ? `${minutes}m` : "", `${whole % 60}s`];
  return (seconds < 0 ? "-" : "") + parts.join("");
}

/** A time as Go writes it (RFC 3339): a fraction only where there is one. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.?0*Z$/, "Z");
}

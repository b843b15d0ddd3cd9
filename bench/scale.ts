/** How much of everything: 1 unless `BENCH_SCALE` says otherwise. */
export const scale: number = Number(process.env["BENCH_SCALE"] ?? 1);

/** `count` at the run's scale, at least `least`. */
export function scaled(count: number, least: number): number {
  return Math.max(least, Math.round(count * scale));
}

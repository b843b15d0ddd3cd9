/** What the life of a token is worked out from. All are seconds, and 0 means none. */
export interface WantedTtl {
  /** What a renewal asks for. */
  readonly increment: number;
  readonly ttl: number;
  readonly period: number;
  /** The longest by role or mount, renewals included. */
  readonly maxTtl: number;
  readonly explicitMaxTtl: number;
}

export interface GrantedTtl {
  /** Seconds, rounded up. */
  readonly ttl: number;
  readonly expiresAtMs: number;
  readonly warnings: readonly string[];
}

/** Vault's default and longest lease: 32 days. */
export const defaultTtlSeconds = 2_764_800;
export const maxTtlSeconds = 2_764_800;

/**
 * How long a token lives from now, and what is to be said of it (OpenBao, sdk/framework/lease.go: `CalculateTTL`).
 *
 * @param issuedAtMs when it was made: the longest life counts from there
 * @returns undefined when it has lived as long as it may
 */
export function grantTtl(wanted: WantedTtl, issuedAtMs: number, nowMs: number): GrantedTtl | undefined {
  const { increment, ttl, period, maxTtl, explicitMaxTtl } = wanted;
  const ceiling = Math.min(...[maxTtlSeconds, maxTtl, explicitMaxTtl].filter((seconds) => seconds > 0));
  const warnings: string[] = [];
  let granted = increment > 0 ? increment : ttl > 0 ? ttl : defaultTtlSeconds;
  let mostSeconds: number | undefined = ceiling;
  if (period > 0) {
    granted = period;
    if (period > ceiling) {
      const words = `period of "${goDuration(period)}" exceeded the effective max_ttl of "${goDuration(ceiling)}"`;
      warnings.push(`${words}; period value is capped accordingly`);
      granted = ceiling;
    }
    mostSeconds = explicitMaxTtl > 0 ? explicitMaxTtl : undefined;
  }
  const wantedUntilMs = nowMs + granted * 1000;
  if (mostSeconds === undefined) return { ttl: granted, expiresAtMs: wantedUntilMs, warnings };
  const lastMs = issuedAtMs + mostSeconds * 1000;
  if (lastMs <= nowMs) return undefined;
  const left = Math.ceil((lastMs - nowMs) / 1000);
  if (left < granted) {
    const words = `TTL of "${goDuration(granted)}" exceeded the effective max_ttl of "${goDuration(left)}"`;
    warnings.push(`${words}; TTL value is capped accordingly`);
  }
  return { ttl: Math.min(left, granted), expiresAtMs: Math.min(lastMs, wantedUntilMs), warnings };
}

/** Seconds as Go writes them without zeroes: `768h`, `1h30m`, `45s`. */
export function goDuration(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [seconds % 60, "s"],
  ];
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return shown.length === 0 ? "0s" : shown.join("");
}

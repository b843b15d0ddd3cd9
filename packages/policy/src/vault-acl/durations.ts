const unitSeconds: ReadonlyMap<string, number> = new Map(
  Object.entries({ ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }),
);
const part = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Seconds from a number (of seconds), its text, days (`"2d"`) or a Go duration (`"1h30m"`): what Vault takes wherever it
 * takes a duration. `""` is 0. Undefined for anything else, negative ones included.
 */
export function parseVaultDuration(value: string | number | boolean): number | undefined {
  if (typeof value === "number") return value >= 0 ? Math.trunc(value) : undefined;
  if (typeof value === "boolean") return undefined;
  if (value === "") return 0;
  const whole = /^\+?([0-9]{1,12})(d?)$/.exec(value);
  if (whole !== null) return Number(whole[1]) * (whole[2] === "d" ? 86_400 : 1);
  let seconds = 0;
  let at = value.startsWith("+") ? 1 : 0;
  if (at === value.length) return undefined;
  while (at < value.length) {
    part.lastIndex = at;
    const match = part.exec(value);
    const unit = unitSeconds.get(match?.[2] ?? "");
    if (match === null || unit === undefined) return undefined;
    seconds += Number(match[1]) * unit;
    at = part.lastIndex;
  }
  return seconds;
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 from an RFC 3339 time or from the seconds since then as text. */
export function parseVaultTime(value: string): number | undefined {
  if (/^-?[0-9]{1,12}$/.test(value)) return Number(value) * 1000;
  if (!rfc3339.test(value)) return undefined;
  const ms = Date.parse(value.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}

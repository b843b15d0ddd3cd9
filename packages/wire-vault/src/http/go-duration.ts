const decimal = /^[+-]?[0-9]{1,15}$/;
const secondsOf: ReadonlyMap<string, number> = new Map([
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
  ["ms", 1e-3],
  ["us", 1e-6],
  ["µs", 1e-6],
  ["ns", 1e-9],
]);
const durationPart = /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|d|h|m|s)/y;
const shownChars = 64;

/** Seconds of a Go duration with Vault's `d` for days, or of a plain number; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return 0;
  if (decimal.test(trimmed)) return Number(trimmed);
  const negative = trimmed.startsWith("-");
  const digits = negative || trimmed.startsWith("+") ? trimmed.slice(1) : trimmed;
  let seconds = 0;
  durationPart.lastIndex = 0;
  while (durationPart.lastIndex < digits.length) {
    const part = durationPart.exec(digits);
    if (part === null) return undefined;
    seconds += Number(part[1]) * (secondsOf.get(part[2]!) ?? 0);
  }
  return digits === "" ? undefined : negative ? -seconds : seconds;
}

/** What Go says of a text that is no duration (package time: `ParseDuration`). */
export function goDurationProblem(text: string): string {
  return `time: invalid duration ${JSON.stringify(text.slice(0, shownChars))}`;
}

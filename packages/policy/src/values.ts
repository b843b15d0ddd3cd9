/** Readers of the values that typed condition operators compare. Undefined always means "is not one". */

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

export function parseDecimal(text: string): number | undefined {
  return decimal.test(text) ? Number(text) : undefined;
}

export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

const isoDate = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?)?)?$/;
const epochSeconds = /^\d{5,12}(?:\.\d{1,9})?$/;

/**
 * Milliseconds since 1970 of a W3C/ISO 8601 date, as coarse as a year, or of epoch seconds (IAM User Guide, "Date
 * condition operators"). Four digits are a year. A time without a zone is UTC.
 */
export function parseDateMs(text: string): number | undefined {
  if (epochSeconds.test(text)) return Number(text) * 1000;
  const match = isoDate.exec(text);
  if (match === null) return undefined;
  const [, year, month = "01", day = "01", time = "00:00", zone = "Z"] = match;
  const midnight = new Date(`${year}-${month}-${day}T00:00Z`);
  // Date would read 31 February as 3 March.
  if (midnight.getUTCDate() !== Number(day)) return undefined;
  const ms = Date.parse(`${year}-${month}-${day}T${time}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The bytes of strict base64 (RFC 4648 section 4), one character each, to be compared with `===`. */
export function parseBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return atob(text);
}

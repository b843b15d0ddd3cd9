const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dayMs = 86_400_000;
const imfFixdate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/** `00` to `59`: faster than padding on the hot path. */
const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/**
 * Parses `YYYYMMDDTHHMMSSZ` (ISO 8601 basic format, as in X-Amz-Date) to milliseconds since the epoch; undefined for
 * anything else, also for days and times that do not exist.
 */
export function parseBasicTimestamp(text: string): number | undefined {
  if (text.length !== 16 || text.charCodeAt(8) !== 0x54 || text.charCodeAt(15) !== 0x5a) return undefined;
  return instantMs(
    digits(text, 0, 4),
    digits(text, 4, 6),
    digits(text, 6, 8),
    digits(text, 9, 11),
    digits(text, 11, 13),
    digits(text, 13, 15),
  );
}

/** Parses a Date header: IMF-fixdate (RFC 9110 section 5.6.7) or the ISO 8601 basic format. */
export function parseDateHeader(text: string): number | undefined {
  const match = imfFixdate.exec(text);
  if (match === null) return parseBasicTimestamp(text);
  const [, day, month, year, hour, minute, second] = match;
  return instantMs(
    Number(year),
    monthNames.indexOf(String(month)) + 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}

/** `YYYYMMDDTHHMMSSZ` of an instant; fractions of a second are dropped. Years 0000 to 9999, otherwise a RangeError. */
export function formatBasicTimestamp(instantMs: number): string {
  return `${formatDate(instantMs)}${formatTimeOfDay(instantMs)}`;
}

/** The day last formatted: nearly every request falls on the same one. */
let lastDay = Number.NaN;
let lastDate = "";

/** `YYYYMMDD` of an instant, in UTC. */
export function formatDate(instantMs: number): string {
  const day = Math.floor(instantMs / dayMs);
  if (day !== lastDay) {
    const iso = new Date(instantMs).toISOString();
    if (iso.length !== 24) throw new RangeError("the instant lies outside the years 0000 to 9999");
    lastDate = `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}`;
    lastDay = day;
  }
  return lastDate;
}

/** `THHMMSSZ` of an instant, in UTC. */
export function formatTimeOfDay(instantMs: number): string {
  const seconds = Math.floor((((instantMs % dayMs) + dayMs) % dayMs) / 1000);
  const hour = Math.floor(seconds / 3600);
  const minute = Math.floor(seconds / 60) % 60;
  return `T${twoDigits[hour]}${twoDigits[minute]}${twoDigits[seconds % 60]}Z`;
}

/** The number that the characters from `start` to `end` write, NaN when one is no digit. */
function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function instantMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  const days = monthDays[month - 1];
  if (days === undefined) return undefined;
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  // Written so that NaN fails every comparison. Years below 1970 are of no use and Date.UTC reads 0 to 99 as 1900 to 1999.
  const exists =
    year >= 1970 && day >= 1 && day <= days + leapDay && hour <= 23 && minute <= 59 && second <= 59 && hour >= 0;
  return exists ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined;
}

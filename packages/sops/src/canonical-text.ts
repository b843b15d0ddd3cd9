import type { LeafKind } from "./document.ts";

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** Whether a number is one of Go's `int`, which SOPS encrypts as `int`. */
export function fitsInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxInt64;
}

/**
 * A floating-point number as Go's `strconv.FormatFloat(value, 'f', -1, 64)` writes it: the shortest digits that give it
 * back, without an exponent.
 */
export function goFloatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * A number as it stands in YAML, JSON and TOML: with a point or an exponent, so that it is read as a floating-point number
 * again. Not for infinity and NaN, which each format writes its own way.
 *
 * @param text as `goFloatText` writes it
 */
export function floatToken(text: string): string {
  const shortest = String(Number(text));
  const written = Object.is(Number(text), -0) ? "-0" : shortest;
  return /[.e]/.test(written) ? written : `${written}.0`;
}

/** What Go's `strconv.ParseBool` takes. */
const bools = new Map<string, string>([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text) => [text, "True"] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, "False"] as const),
]);

/** The text of a kind as SOPS writes and counts it, from what it reads. Undefined: it is no value of that kind. */
const canonical: ReadonlyMap<LeafKind, (text: string) => string | undefined> = new Map([
  [
    "int",
    (text) => {
      if (!/^[+-]?[0-9]{1,20}$/.test(text)) return undefined;
      const value = BigInt(text.replace(/^\+/, ""));
      return fitsInt64(value) ? value.toString() : undefined;
    },
  ],
  [
    "float",
    (text) => {
      const special = /^([+-]?)(?:inf|infinity|nan)$/i.exec(text);
      if (special !== null) return /nan/i.test(text) ? "NaN" : `${special[1] || "+"}Inf`;
      if (!/^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i.test(text)) return undefined;
      const value = Number(text);
      return Number.isFinite(value) ? goFloatText(value) : undefined;
    },
  ],
  ["bool", (text) => bools.get(text)],
  ["time", (text) => canonicalTime(text)],
]);

/** @returns undefined when the text is no value of the kind */
export function canonicalText(kind: LeafKind, text: string): string | undefined {
  const make = canonical.get(kind);
  return make === undefined ? text : make(text);
}

/** A point in time as Go's `time.Time.MarshalText` writes it (RFC 3339 with the digits it needs), from RFC 3339. */
function canonicalTime(text: string): string | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (parts === null || Number.isNaN(Date.parse(text))) return undefined;
  const [, second = "", fraction = "", zone = ""] = parts;
  const digits = fraction.slice(0, 9).replace(/0+$/, "");
  return `${second}${digits === "" ? "" : `.${digits}`}${zone === "+00:00" || zone === "-00:00" ? "Z" : zone}`;
}

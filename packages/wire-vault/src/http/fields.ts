import { ServiceError } from "@coffer/service";
import { goDurationProblem, parseGoDuration } from "./go-duration.ts";

/** A refusal of one parameter in Vault's words. `expected` says what it should be; the value itself is never quoted. */
export function refuseField(name: string, expected: string): never {
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: name,
    reason: `Field validation failed: error converting input for field "${name}": ${expected}`,
  });
}

const trueTexts: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falseTexts: ReadonlySet<string> = new Set(["", "0", "f", "F", "false", "FALSE", "False"]);
const decimal = /^[+-]?[0-9]{1,15}$/;
/** What a duration of Go's holds, 63 bits of nanoseconds: 292 years. */
const maxDurationSeconds = 9_223_372_036;

/**
 * The parameters of one call. As Vault does, each is converted to the type that the endpoint wants, because its CLI sends
 * text only (mapstructure's weak decoding; OpenBao, sdk/framework/field_data.go). `null` counts as absent.
 *
 * Every reader throws ServiceError InvalidInput when the value cannot be converted.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  /** @param values only own members count */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** All parameters as they came: what ACL policies look at. */
  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  names(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** These parameters alone. */
  only(names: readonly string[]): Fields {
    return new Fields(Object.fromEntries(Object.entries(this.#values).filter(([name]) => names.includes(name))));
  }

  /** The value as it came; undefined when absent or null. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? (this.#values[name] ?? undefined) : undefined;
  }

  /** Whether the parameter is there at all, be it null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** A map; null counts as an empty one. */
  map(name: string): Readonly<Record<string, unknown>> | undefined {
    if (!this.has(name)) return undefined;
    const value = this.raw(name) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) return refuseField(name, "expected a map");
    return value as Readonly<Record<string, unknown>>;
  }

  text(name: string): string | undefined {
    const value = this.raw(name);
    if (typeof value === "string" || value === undefined) return value;
    if (typeof value === "number") return String(value);
    if (typeof value === "boolean") return value ? "1" : "0";
    return refuseField(name, "expected text");
  }

  integer(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "string" && decimal.test(value)) return Number(value);
    if (value === "") return 0;
    return refuseField(name, "expected a whole number");
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name);
    if (typeof value === "boolean" || value === undefined) return value;
    if (value === 0 || value === 1) return value === 1;
    if (typeof value === "string" && trueTexts.has(value)) return true;
    if (typeof value === "string" && falseTexts.has(value)) return false;
    return refuseField(name, "expected true or false");
  }

  /** Whole numbers: a list, one alone, or text with commas. */
  integers(name: string): readonly number[] {
    const value = this.raw(name);
    if (value === undefined || value === "") return [];
    const parts = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [value];
    return parts.map((part: unknown) => {
      const number = typeof part === "string" && decimal.test(part.trim()) ? Number(part) : part;
      if (typeof number === "number" && Number.isSafeInteger(number)) return number;
      return refuseField(name, "expected a list of whole numbers");
    });
  }

  /** A duration in whole seconds: a number of seconds, or text such as `3600`, `24h`, `1h30m` or `30d`. Never negative. */
  seconds(name: string): number | undefined {
    const seconds = this.signedSeconds(name);
    if (seconds !== undefined && seconds < 0) refuseField(name, `cannot provide negative value '${seconds}'`);
    return seconds;
  }

  /** As `seconds`, below 0 too. */
  signedSeconds(name: string): number | undefined {
    const value = this.raw(name);
    if (value === undefined) return undefined;
    const seconds = Number.isSafeInteger(value)
      ? (value as number)
      : typeof value === "string"
        ? parseGoDuration(value)
        : undefined;
    // Also not a number at all.
    const fits = seconds !== undefined && Math.abs(seconds) <= maxDurationSeconds;
    return fits ? Math.trunc(seconds) : refuseField(name, "expected a duration such as 24h");
  }

  /** A duration that is given as text, in whole seconds and with its sign, refused in Go's bare words; 0 when absent. */
  goSeconds(name: string): number {
    const value = this.raw(name);
    const text = typeof value === "number" ? String(value) : this.text(name);
    const seconds = parseGoDuration(text ?? "");
    if (seconds !== undefined && Math.abs(seconds) <= maxDurationSeconds) return Math.trunc(seconds);
    throw ServiceError.of("InvalidInput", { kind: "validation", member: name, reason: goDurationProblem(text ?? "") });
  }

  /** A list of texts, or one text, whose commas mean nothing. */
  slice(name: string): readonly string[] {
    const value = this.raw(name);
    return typeof value === "string" ? (value === "" ? [] : [value]) : this.texts(name);
  }

  /** A list of texts, or one text with commas. */
  texts(name: string): readonly string[] {
    const value = this.raw(name);
    if (value === undefined || value === "") return [];
    if (typeof value === "string") return value.split(",").map((part) => part.trim());
    if (Array.isArray(value) && value.every((part) => typeof part === "string")) return value;
    return refuseField(name, "expected a list of texts");
  }
}

import { floatToken, goFloatText } from "../canonical-text.ts";
import type { ConfigValue, LeafKind } from "../document.ts";
import { invalidInput } from "../problems.ts";
import { resolvePlain } from "./yaml-scalars.ts";

/** Where a scalar is written. */
export interface ScalarPlace {
  /** Inside brackets: all on one line. */
  readonly isFlow: boolean;
  /** Spaces before the lines of a block scalar; undefined where there can be none. */
  readonly blockIndent: number | undefined;
}

/** A value's YAML. @throws EnvelopeError InvalidInput for a comment, which is no value */
export function yamlToken(kind: LeafKind, text: string, place: ScalarPlace): string {
  const make = tokens.get(kind);
  if (make === undefined) throw invalidInput("A comment cannot stand there.");
  return make(text, place);
}

const tokens: ReadonlyMap<LeafKind, (text: string, place: ScalarPlace) => string> = new Map([
  ["str", stringToken],
  ["int", (text) => text],
  ["bool", (text) => (text === "True" ? "true" : "false")],
  ["time", (text) => text],
  ["float", (text) => specialFloats.get(text) ?? floatToken(text)],
  ["bytes", (text) => `!!binary ${Buffer.from(text, "latin1").toString("base64")}`],
]);

const specialFloats = new Map([
  ["NaN", ".nan"],
  ["+Inf", ".inf"],
  ["-Inf", "-.inf"],
]);

function stringToken(text: string, { isFlow, blockIndent }: ScalarPlace): string {
  if (isPlainString(text, isFlow)) return text;
  if (!isFlow && blockIndent !== undefined && isBlockText(text)) return blockToken(text, blockIndent);
  return quoted(text);
}

/** Words that YAML 1.1 takes for booleans or null, and others for strings. */
const ambiguous = /^(?:y|n|yes|no|on|off|true|false|null|~|<<|=)$/i;
/** Could be a number or a time to one reader or another. */
const numberLike = /^[-+.]?[0-9][0-9a-fA-FxXoObBtTzZeE_.,:+\- ]*$/;
const plainShape = /^[A-Za-z0-9_/.+$(\\^;<=\u00c0-\ud7ff][^\p{C}\u0085\u2028\u2029\ufeff]*$/u;

/** Whether a string can stand without quotes and is a string to every reader. */
function isPlainString(text: string, isFlow: boolean): boolean {
  if (ambiguous.test(text) || !plainShape.test(text)) return false;
  if (numberLike.test(text) && !/^[0-9]+(?:\.[0-9]+){2,}$/.test(text)) return false;
  if (/: |:$| #|[ \t]$|^(?:---|\.\.\.)|\t/.test(text)) return false;
  if (isFlow && /[,[\]{}:]/.test(text)) return false;
  return resolvePlain(text).kind === "str";
}

/** Whether a literal block scalar holds the text as it is: several lines, one line's end at most at the end. */
function isBlockText(text: string): boolean {
  return (
    /\n./.test(text) &&
    /^[^\s#]/.test(text) &&
    !text.endsWith("\n\n") &&
    /^[\t\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text) &&
    !/[ \t]+\n?$/.test(text)
  );
}

function blockToken(text: string, indent: number): string {
  const lines = text.replace(/\n$/, "").split("\n");
  const margin = " ".repeat(indent);
  const body = lines.map((line) => (line === "" ? "" : margin + line)).join("\n");
  return `|${text.endsWith("\n") ? "" : "-"}\n${body}`;
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A map's key. */
export function yamlKey(name: string): string {
  return isPlainString(name, true) && name.length < 128 ? name : quoted(name);
}

/** A value on one line. */
export function flowText(value: ConfigValue): string {
  if (Array.isArray(value)) return `[${(value as readonly ConfigValue[]).map(flowText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = entriesOf(value as Exclude<ConfigValue, readonly ConfigValue[]> & object);
    return `{${entries.map(([name, item]) => `${yamlKey(name)}: ${flowText(item)}`).join(", ")}}`;
  }
  return scalarText(value as Scalar, { isFlow: true, blockIndent: undefined });
}

/**
 * A value as it follows a key's colon or a list's hyphen: on the same line, or in lines of its own.
 *
 * @param column of the keys or hyphens of the value
 * @param step spaces of a level
 */
export function blockText(value: ConfigValue, column: number, step: number): string {
  if (typeof value !== "object" || value === null) {
    return ` ${scalarText(value, { isFlow: false, blockIndent: column })}`;
  }
  const margin = " ".repeat(column);
  if (Array.isArray(value)) {
    const items = value as readonly ConfigValue[];
    if (items.length === 0) return " []";
    return items.map((item) => `\n${margin}-${compact(item, column, step)}`).join("");
  }
  const entries = entriesOf(value as Exclude<ConfigValue, readonly ConfigValue[]> & object);
  if (entries.length === 0) return " {}";
  return entries.map(([name, item]) => `\n${margin}${yamlKey(name)}:${blockText(item, column + step, step)}`).join("");
}

/** A map in a list begins on the line of its hyphen. */
function compact(item: ConfigValue, column: number, step: number): string {
  const text = blockText(item, column + 2, step);
  return typeof item === "object" && item !== null && !Array.isArray(item) && text.startsWith("\n")
    ? ` ${text.slice(1 + column + 2)}`
    : text;
}

type Scalar = string | bigint | number | boolean | null;

function scalarText(value: Scalar, place: ScalarPlace): string {
  if (value === null) return "null";
  if (typeof value === "string") return stringToken(value, place);
  if (typeof value === "number") return yamlToken("float", goFloatText(value), place);
  return String(value);
}

function entriesOf(
  value: ReadonlyMap<string, ConfigValue> | { readonly [name: string]: ConfigValue },
): readonly (readonly [string, ConfigValue])[] {
  return value instanceof Map ? [...value] : Object.entries(value as { readonly [name: string]: ConfigValue });
}

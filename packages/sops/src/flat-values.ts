import { canonicalText, goFloatText } from "./canonical-text.ts";
import type { ConfigPath, ConfigValue, LeafKind } from "./document.ts";
import { invalidInput, pathText } from "./problems.ts";

/** A value in a format that has texts alone, as SOPS writes it. */
export function flatText(kind: LeafKind, text: string): string {
  if (kind === "bytes")
    throw invalidInput("A value that is no text cannot stand in this format; take the format binary.");
  return kind === "bool" ? String(canonicalText("bool", text) === "True") : text;
}

/** A value that somebody sets. @throws EnvelopeError InvalidInput for maps, lists and null */
export function flatTextOf(value: ConfigValue, path: ConfigPath): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return goFloatText(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  throw invalidInput(`${pathText(path)} can hold a text alone in this format.`);
}

/** Edges of a text's lines, line breaks left out; with nothing after the last line break, no line there. */
export function lineSpans(source: string): { readonly start: number; readonly end: number; readonly next: number }[] {
  const spans: { start: number; end: number; next: number }[] = [];
  for (let start = 0; start < source.length; ) {
    const found = source.indexOf("\n", start);
    const end = found < 0 ? source.length : found;
    const next = found < 0 ? end : end + 1;
    spans.push({ start, end, next });
    start = next;
  }
  return spans;
}

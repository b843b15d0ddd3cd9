import type { AST } from "toml-eslint-parser";
import { canonicalText, fitsInt64, floatToken, goFloatText } from "../canonical-text.ts";
import type { ConfigValue, LeafKind, SopsMetadataTree, SopsMetadataValue } from "../document.ts";
import { invalidInput } from "../problems.ts";
import type { TomlNode } from "./toml-tree.ts";

/** A scalar as SOPS would see it. */
export function tomlLeaf(node: AST.TOMLValue): { kind: LeafKind; text: string; unfit?: string } {
  if (node.kind === "string") return { kind: "str", text: node.value };
  if (node.kind === "boolean") return { kind: "bool", text: node.value ? "True" : "False" };
  if (node.kind === "integer") {
    const text = node.bigint.toString();
    return fitsInt64(node.bigint) ? { kind: "int", text } : { kind: "int", text, unfit: "is a number beyond 64 bits." };
  }
  if (node.kind === "float") return { kind: "float", text: goFloatText(node.value) };
  if (node.kind === "offset-date-time") {
    const text = canonicalText("time", node.datetime.replace(/[ t]/, "T").replace(/z$/, "Z"));
    if (text !== undefined) return { kind: "time", text };
  }
  return {
    kind: "str",
    text: node.datetime,
    unfit: "is a date or time without a zone, for which SOPS has no type: write it as a string.",
  };
}

/** A value's token. @throws EnvelopeError InvalidInput for what TOML has not */
export function tomlToken(kind: LeafKind, text: string): string {
  const make = tokens.get(kind);
  if (make === undefined) throw invalidInput("A value that is no text cannot stand in TOML; take the format binary.");
  return make(text);
}

const tokens: ReadonlyMap<LeafKind, (text: string) => string> = new Map([
  ["str", stringToken],
  ["int", (text) => text],
  ["time", (text) => text],
  ["bool", (text) => String(canonicalText("bool", text) === "True")],
  ["float", (text) => specialFloats.get(text) ?? floatToken(text)],
]);

const specialFloats = new Map([
  ["NaN", "nan"],
  ["+Inf", "inf"],
  ["-Inf", "-inf"],
]);

/** JSON's escapes are among TOML's. Texts of several lines keep them. */
function stringToken(text: string): string {
  const escaped = JSON.stringify(text).replaceAll("\u007f", "\\u007F");
  if (!text.includes("\n") || /[^\P{Cc}\n\t]/u.test(text)) return escaped;
  const lines = escaped.slice(1, -1).replaceAll(/\\(.)/g, (whole, sign) => (sign === "n" ? "\n" : whole));
  return `"""\n${lines}"""`;
}

const bareKey = /^[A-Za-z0-9_-]+$/;

/** A name as it stands before a `=`. */
export function tomlKey(name: string): string {
  return bareKey.test(name) ? name : JSON.stringify(name).replaceAll("\u007f", "\\u007F");
}

/** A value in one line. @throws EnvelopeError InvalidInput for null */
export function tomlText(value: ConfigValue): string {
  if (typeof value === "string") return stringToken(value);
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return tomlToken("float", goFloatText(value));
  if (value === null) throw invalidInput("TOML has no null: remove the entry instead.");
  if (Array.isArray(value)) return `[${value.map(tomlText).join(", ")}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value as { readonly [name: string]: ConfigValue });
  const inner = entries.map(([name, item]) => `${tomlKey(name)} = ${tomlText(item)}`).join(", ");
  return inner === "" ? "{}" : `{ ${inner} }`;
}

/** A value as programs have it. */
export function tomlValue(node: TomlNode): ConfigValue {
  if (node.type === "map") return new Map([...node.entries].map(([name, item]) => [name, tomlValue(item)]));
  if (node.type === "list") return node.items.map(tomlValue);
  const { node: scalar } = node;
  if (scalar.kind === "integer") return scalar.bigint;
  if (scalar.kind === "string" || scalar.kind === "boolean" || scalar.kind === "float") return scalar.value;
  return scalar.datetime;
}

/** Metadata as plain objects without a prototype. */
export function tomlMetadata(node: TomlNode): SopsMetadataValue {
  if (node.type === "list") return node.items.map(tomlMetadata);
  if (node.type === "map") {
    const tree: Record<string, SopsMetadataValue> = Object.create(null);
    for (const [name, item] of node.entries) tree[name] = tomlMetadata(item);
    return tree;
  }
  const value = tomlValue(node);
  return typeof value === "bigint" ? Number(value) : (value as SopsMetadataValue);
}

/** A table of the metadata: plain values first, then a table for each entry of a list. */
export function tomlTable(path: readonly string[], tree: SopsMetadataTree, header = `[${path.join(".")}]`): string {
  const plain: string[] = [];
  const tables: string[] = [];
  for (const [name, value] of Object.entries(tree)) {
    if (value === null) continue;
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "object" && item !== null)) {
      const inner = [...path, tomlKey(name)];
      for (const item of value) tables.push(tomlTable(inner, item as SopsMetadataTree, `[[${inner.join(".")}]]`));
    } else {
      plain.push(`${tomlKey(name)} = ${tomlText(wholeNumber(value))}`);
    }
  }
  return [[header, ...plain].join("\n"), ...tables].join("\n\n");
}

/** Metadata's numbers are whole. */
function wholeNumber(value: SopsMetadataValue): ConfigValue {
  return typeof value === "number" ? BigInt(value) : (value as ConfigValue);
}

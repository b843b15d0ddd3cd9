import { canonicalText, fitsInt64, floatToken, goFloatText } from "../canonical-text.ts";
import type { ConfigValue, LeafKind, SopsMetadataValue } from "../document.ts";
import { invalidInput } from "../problems.ts";
import type { JsonNode, JsonScalar } from "./json-tree.ts";

/** A scalar as SOPS sees it. @returns undefined for null, which SOPS leaves alone */
export function jsonLeaf({ type, text }: JsonScalar): { kind: LeafKind; text: string; unfit?: string } | undefined {
  if (type === "string") return { kind: "str", text };
  if (type === "literal")
    return text === "null" ? undefined : { kind: "bool", text: text === "true" ? "True" : "False" };
  const whole = /^-?[0-9]+$/.test(text);
  if (whole && text.length <= 20 && fitsInt64(BigInt(text))) return { kind: "int", text: BigInt(text).toString() };
  const value = Number(text);
  if (!Number.isFinite(value)) {
    return { kind: "float", text, unfit: "is a number beyond what SOPS can hold: write it as a string." };
  }
  const float = goFloatText(value);
  return {
    kind: "float",
    text: float,
    ...(whole && { unfit: "is a number beyond 64 bits, which SOPS rounds: write it as a string." }),
  };
}

/** A value's token. @throws EnvelopeError InvalidInput for what JSON has not */
export function jsonToken(kind: LeafKind, text: string): string {
  const make = tokens.get(kind);
  if (make === undefined) throw invalidInput("A value that is no text cannot stand in JSON; take the format binary.");
  return make(text);
}

const tokens: ReadonlyMap<LeafKind, (text: string) => string> = new Map([
  ["str", (text) => JSON.stringify(text)],
  ["time", (text) => JSON.stringify(text)],
  ["int", (text) => text],
  ["bool", (text) => (canonicalText("bool", text) === "True" ? "true" : "false")],
  [
    "float",
    (text) => {
      if (!Number.isFinite(Number(text))) throw invalidInput(`JSON has no number ${text}.`);
      return floatToken(text);
    },
  ],
]);

/** A value as programs have it. */
export function jsonValue(node: JsonNode): ConfigValue {
  if (node.type === "object") return new Map(node.members.map(({ name, value }) => [name, jsonValue(value)]));
  if (node.type === "array") return node.items.map(jsonValue);
  if (node.type === "string") return node.text;
  if (node.type === "literal") return node.text === "null" ? null : node.text === "true";
  return /^-?[0-9]+$/.test(node.text) ? BigInt(node.text) : Number(node.text);
}

/** Metadata as plain objects without a prototype. */
export function jsonMetadata(node: JsonNode): SopsMetadataValue {
  if (node.type === "array") return node.items.map(jsonMetadata);
  if (node.type !== "object") return JSON.parse(node.type === "string" ? JSON.stringify(node.text) : node.text);
  const tree: Record<string, SopsMetadataValue> = Object.create(null);
  for (const { name, value } of node.members) tree[name] = jsonMetadata(value);
  return tree;
}

/**
 * Writes a value.
 *
 * @param indent of a level; undefined writes all on one line
 * @param margin what the value's own lines begin with
 */
export function jsonText(value: ConfigValue, indent: string | undefined, margin: string): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw invalidInput(`JSON has no number ${value}.`);
    return floatToken(goFloatText(value));
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const inner = indent === undefined ? "" : `${margin}${indent}`;
  const entries = isList
    ? (value as readonly ConfigValue[]).map((item) => jsonText(item, indent, inner))
    : entriesOf(value as ReadonlyMap<string, ConfigValue>).map(
        ([name, item]) => `${JSON.stringify(name)}: ${jsonText(item, indent, inner)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return open + close;
  if (indent === undefined) return `${open}${entries.join(", ")}${close}`;
  return `${open}\n${entries.map((entry) => inner + entry).join(",\n")}\n${margin}${close}`;
}

/** The entries of a map, whichever of the two forms it has. */
function entriesOf(value: ReadonlyMap<string, ConfigValue> | { readonly [name: string]: ConfigValue }) {
  return value instanceof Map ? [...value] : Object.entries(value as { readonly [name: string]: ConfigValue });
}

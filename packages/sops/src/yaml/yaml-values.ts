import type { ConfigPath, ConfigValue, SopsMetadataValue } from "../document.ts";
import { checkLimit } from "../limits.ts";
import type { YamlNode } from "./yaml-nodes.ts";

/** What a path leads to. Null, which may be written as nothing, is `null`; undefined: there is nothing. */
export function nodeAt(top: YamlNode | undefined, path: ConfigPath): YamlNode | null | undefined {
  let node: YamlNode | null | undefined = top;
  for (const part of path) {
    while (node?.type === "alias") node = node.target;
    if (node?.type === "map" && typeof part === "string") node = entryOf(node.entries, part);
    else if (node?.type === "list" && typeof part === "number")
      node = node.items[part] && (node.items[part].value ?? null);
    else return undefined;
  }
  return node;
}

function entryOf(entries: readonly { name: string; value: YamlNode | undefined }[], name: string) {
  const entry = entries.find((candidate) => candidate.name === name);
  return entry && (entry.value ?? null);
}

/** A value as programs have it. @throws EnvelopeError LimitExceeded for aliases of aliases */
export function yamlValue(node: YamlNode | null): ConfigValue {
  return toValue(node, { count: 0 }, 0);
}

function toValue(node: YamlNode | null | undefined, seen: { count: number }, depth: number): ConfigValue {
  checkLimit("depth", depth);
  checkLimit("leaves", ++seen.count);
  if (node == null) return null;
  if (node.type === "alias") return toValue(node.target, seen, depth + 1);
  if (node.type === "list") return node.items.map(({ value }) => toValue(value, seen, depth + 1));
  if (node.type === "map")
    return new Map(node.entries.map(({ name, value }) => [name, toValue(value, seen, depth + 1)]));
  const { value } = node;
  if (value.kind === "null" || value.kind === "unfit") return null;
  if (value.kind === "int") return BigInt(value.text);
  if (value.kind === "bool") return value.text === "True";
  if (value.kind === "float") return Number(value.text.replace("Inf", "Infinity"));
  return value.text;
}

/** Metadata as plain objects without a prototype. */
export function yamlMetadata(node: YamlNode | null): SopsMetadataValue {
  return plain(yamlValue(node));
}

function plain(value: ConfigValue): SopsMetadataValue {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return (value as readonly ConfigValue[]).map(plain);
  if (!(value instanceof Map)) return value as SopsMetadataValue;
  const tree: Record<string, SopsMetadataValue> = Object.create(null);
  for (const [name, item] of value as ReadonlyMap<string, ConfigValue>) tree[name] = plain(item);
  return tree;
}

import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { checkLimit } from "../limits.ts";
import { malformedFile } from "../problems.ts";

/** A value of a TOML text and where it stands. */
export type TomlNode = TomlMap | TomlList | TomlScalar;

/** A map: the top, a table, an inline table, or what a dotted key implies. */
export interface TomlMap {
  readonly type: "map";
  readonly entries: Map<string, TomlNode>;
  /** Where an inline table stands. */
  readonly inline?: AST.TOMLInlineTable;
  /** The tables, and keys with values, by which it is made, in the file's order. */
  readonly places: (AST.TOMLTable | AST.TOMLKeyValue)[];
}

export interface TomlList {
  readonly type: "list";
  readonly items: TomlNode[];
  /** Where it stands; undefined for a list of tables. */
  readonly inline?: AST.TOMLArray;
}

export interface TomlScalar {
  readonly type: "scalar";
  readonly node: AST.TOMLContentNode & { readonly type: "TOMLValue" };
}

export interface TomlTree {
  readonly top: TomlMap;
  readonly body: readonly (AST.TOMLTable | AST.TOMLKeyValue)[];
  readonly comments: readonly AST.Comment[];
}

/**
 * Parses TOML 1.0 with the place of each value.
 *
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export function parseToml(source: string): TomlTree {
  checkLimit("fileCharacters", source.length);
  const program = parse(source);
  const [{ body }] = program.body;
  const top = newMap();
  const counter = { leaves: program.comments.length };
  for (const item of body) {
    if (item.type === "TOMLKeyValue") addKeyValue(top, item, counter, 0);
    else {
      const map = mapAt(top, item.resolvedKey, item);
      for (const each of item.body) addKeyValue(map, each, counter, 0);
    }
  }
  return { top, body, comments: program.comments };
}

function parse(source: string): AST.TOMLProgram {
  try {
    return parseTOML(source, { tomlVersion: "1.0" });
  } catch (error) {
    // Its messages tell nothing of the text.
    if (error instanceof ParseError) throw malformedFile(`it is not TOML: ${error.message}`, error.lineNumber);
    // Brackets in one another that the stack does not hold.
    if (error instanceof RangeError) checkLimit("depth", Number.POSITIVE_INFINITY);
    throw error;
  }
}

function newMap(inline?: AST.TOMLInlineTable): TomlMap {
  return { type: "map", entries: new Map(), places: [], ...(inline && { inline }) };
}

interface Counter {
  leaves: number;
}

function addKeyValue(map: TomlMap, item: AST.TOMLKeyValue, counter: Counter, depth: number): void {
  const keys = item.key.keys.map(nameOf);
  const last = keys.pop() ?? "";
  checkLimit("depth", depth + keys.length);
  let parent = map;
  for (const key of keys) {
    const next = parent.entries.get(key) ?? newMap();
    parent.entries.set(key, next);
    if (next.type === "map") parent = next;
    parent.places.push(item);
  }
  parent.entries.set(last, nodeOf(item.value, counter, depth + 1));
}

function nodeOf(node: AST.TOMLContentNode, counter: Counter, depth: number): TomlNode {
  checkLimit("depth", depth);
  if (node.type === "TOMLValue") {
    checkLimit("leaves", ++counter.leaves);
    return { type: "scalar", node };
  }
  if (node.type === "TOMLArray") {
    return { type: "list", items: node.elements.map((item) => nodeOf(item, counter, depth + 1)), inline: node };
  }
  const map = newMap(node);
  for (const item of node.body) addKeyValue(map, item, counter, depth);
  return map;
}

/** The map of a table's header; positions are those of tables in lists. */
function mapAt(top: TomlMap, path: readonly (string | number)[], table: AST.TOMLTable): TomlMap {
  checkLimit("depth", path.length);
  let node: TomlNode = top;
  for (const [index, part] of path.entries()) {
    const nextIsPosition = typeof path[index + 1] === "number";
    const made = (): TomlNode => (nextIsPosition ? { type: "list", items: [] } : newMap());
    let next: TomlNode;
    if (typeof part === "number") {
      const list: TomlList = node as TomlList;
      next = list.items[part] ?? made();
      list.items[part] = next;
    } else {
      const map: TomlMap = node as TomlMap;
      next = map.entries.get(part) ?? made();
      map.entries.set(part, next);
    }
    node = next;
    if (node.type === "map") node.places.push(table);
  }
  return node as TomlMap;
}

/** A key's own text. */
export function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

/** What is at a path. */
export function tomlNodeAt(top: TomlMap, path: readonly (string | number)[]): TomlNode | undefined {
  let node: TomlNode | undefined = top;
  for (const part of path) node = node && tomlChildOf(node, part);
  return node;
}

export function tomlChildOf(node: TomlNode, part: string | number): TomlNode | undefined {
  if (node.type === "list") return typeof part === "number" ? node.items[part] : undefined;
  return node.type === "map" && typeof part === "string" ? node.entries.get(part) : undefined;
}

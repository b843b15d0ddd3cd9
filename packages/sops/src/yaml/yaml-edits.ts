import { type ConfigPath, type ConfigValue, metadataKey } from "../document.ts";
import { invalidInput, pathText } from "../problems.ts";
import type { YamlEntry, YamlItem, YamlList, YamlMap, YamlNode, YamlTree } from "./yaml-nodes.ts";
import { blockText, flowText, yamlKey } from "./yaml-tokens.ts";

/** A change of a text: what is from `start` to before `end` becomes `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What puts a value at a path of a document. @throws EnvelopeError InvalidInput */
export function setSplice(source: string, tree: YamlTree, path: ConfigPath, value: ConfigValue, step: number): Splice {
  if (tree.top === undefined) return firstSplice(source, tree, nested(path, value), step);
  let node: YamlNode = tree.top;
  for (const [depth, part] of path.entries()) {
    const entry = entryIn(node, part);
    const isLast = depth === path.length - 1;
    if (entry === undefined)
      return addSplice(source, tree, node, path, depth, nested(path.slice(depth + 1), value), step);
    if (isLast || entry.value === undefined || isNull(entry.value)) {
      return replaceSplice(source, node as YamlMap | YamlList, entry, nested(path.slice(depth + 1), value), step);
    }
    node = entry.value;
  }
  throw invalidInput("A path has at least one name.");
}

/** What takes an entry away; undefined when there is none. */
export function removeSplice(source: string, tree: YamlTree, path: ConfigPath): Splice | undefined {
  let parent: YamlNode | undefined = tree.top;
  for (const part of path.slice(0, -1)) parent = parent && entryIn(parent, part)?.value;
  const last = path.at(-1);
  if (parent === undefined || last === undefined) return undefined;
  const entry = entryIn(parent, last);
  if (entry === undefined || (parent.type !== "map" && parent.type !== "list")) return undefined;
  const entries: readonly (YamlEntry | YamlItem)[] = parent.type === "map" ? parent.entries : parent.items;
  const index = entries.findIndex(({ start }) => start === entry.start);
  const [before, after] = [entries[index - 1], entries[index + 1]];
  if (parent.isFlow) {
    if (before !== undefined) return { start: before.end, end: entry.end, text: "" };
    return { start: entry.start, end: after?.start ?? entry.end, text: "" };
  }
  if (before === undefined && after === undefined) {
    return { start: parent.start, end: parent.end, text: parent.type === "map" ? "{}" : "[]" };
  }
  // The first of a list's map stands behind the hyphen; the next one moves there.
  const lineStart = lineStartOf(source, entry.start);
  if (source.slice(lineStart, entry.start).trim() !== "") return { start: entry.start, end: after!.start, text: "" };
  return { start: lineStart, end: nextLine(source, entry.end), text: "" };
}

/** Spaces of a level: those of the first map or list inside another; SOPS's four when there is none. */
export function stepOf(trees: readonly YamlTree[]): number {
  for (const { top } of trees) {
    for (const { value, name } of top?.entries ?? []) {
      if (name === metadataKey || value === undefined) continue;
      if (value.type === "map" && !value.isFlow && value.column > 0) return value.column;
      if (value.type === "list" && !value.isFlow && value.column > 0) return value.column;
    }
  }
  return 4;
}

function nested(path: ConfigPath, value: ConfigValue): ConfigValue {
  return path.reduceRight<ConfigValue>(
    (inner, part) => (typeof part === "number" ? [inner] : new Map([[part, inner]])),
    value,
  );
}

function entryIn(node: YamlNode, part: string | number): YamlEntry | YamlItem | undefined {
  if (node.type === "map" && typeof part === "string") return node.entries.find(({ name }) => name === part);
  return node.type === "list" && typeof part === "number" ? node.items[part] : undefined;
}

function isNull(node: YamlNode): boolean {
  return node.type === "scalar" && node.value.kind === "null";
}

function replaceSplice(
  source: string,
  parent: YamlMap | YamlList,
  entry: YamlEntry | YamlItem,
  value: ConfigValue,
  step: number,
): Splice {
  const start = "colonEnd" in entry ? entry.colonEnd : entry.contentStart;
  const behind = endOfText(source, entry.end);
  if (parent.isFlow) {
    const space = "colonEnd" in entry ? " " : "";
    return { start, end: behind, text: space + flowText(value) };
  }
  const column = parent.column + (parent.type === "list" ? 2 : step);
  const text = blockText(value, column, step);
  // A block scalar has its lines behind it, so that no comment can be.
  const isAlone = source.slice(behind, lineEndOf(source, behind)).trim() === "";
  const fits = isAlone || !text.includes("\n");
  return { start, end: behind, text: fits ? text : ` ${flowText(value)}` };
}

function addSplice(
  source: string,
  tree: YamlTree,
  parent: YamlNode,
  path: ConfigPath,
  depth: number,
  value: ConfigValue,
  step: number,
): Splice {
  const part = path[depth]!;
  const fits = parent.type === "map" ? typeof part === "string" : parent.type === "list" && typeof part === "number";
  if (!fits || (parent.type !== "map" && parent.type !== "list")) {
    throw invalidInput(`${pathText(path)} leads through ${pathText(path.slice(0, depth))}, which has no such entries.`);
  }
  const entries: readonly (YamlEntry | YamlItem)[] = parent.type === "map" ? parent.entries : parent.items;
  if (parent.isFlow) {
    const text = typeof part === "string" ? `${yamlKey(part)}: ${flowText(value)}` : flowText(value);
    const last = entries.at(-1);
    if (last !== undefined) return { start: last.end, end: last.end, text: `, ${text}` };
    if (parent === tree.top) return { ...parent, text: blockText(nested([part], value), 0, step).trimStart() };
    return { start: parent.start + 1, end: parent.end - 1, text };
  }
  // SOPS's metadata is last, behind all comments.
  if (parent === tree.top && part === metadataKey && !parent.isFlow) {
    return lineSplice(source, tree.end, `${metadataKey}:${blockText(value, step, step)}\n`);
  }
  const last = entries.findLast((entry) => parent !== tree.top || !("name" in entry) || entry.name !== metadataKey);
  const margin = " ".repeat(parent.column);
  const column = parent.column + (parent.type === "list" ? 2 : step);
  const own =
    typeof part === "string"
      ? `${margin}${yamlKey(part)}:${blockText(value, column, step)}\n`
      : `${blockText([value], parent.column, step).slice(1)}\n`;
  if (last === undefined) {
    const lineStart = lineStartOf(source, entries[0]!.start);
    return { start: lineStart, end: lineStart, text: own };
  }
  return lineSplice(source, nextLine(source, endOfText(source, last.end)), own);
}

/** The first entry of a document that has none. */
function firstSplice(source: string, tree: YamlTree, value: ConfigValue, step: number): Splice {
  const text = `${blockText(value, 0, step).trimStart()}\n`;
  return lineSplice(source, tree.end, text);
}

/** Adds lines at the beginning of a line, or behind a last line that has no end. */
function lineSplice(source: string, at: number, text: string): Splice {
  const open = at > 0 && source[at - 1] !== "\n" ? "\n" : "";
  return { start: at, end: at, text: open + text };
}

/** A block scalar's last line ends in its text; what follows begins on the next. */
function endOfText(source: string, end: number): number {
  return source[end - 1] === "\n" ? end - 1 : end;
}

function lineStartOf(source: string, offset: number): number {
  return source.lastIndexOf("\n", offset - 1) + 1;
}

function lineEndOf(source: string, offset: number): number {
  const end = source.indexOf("\n", offset);
  return end < 0 ? source.length : end;
}

/** Where the line after that of a place begins. */
function nextLine(source: string, offset: number): number {
  if (offset > 0 && source[offset - 1] === "\n") return offset;
  return Math.min(source.length, lineEndOf(source, offset) + 1);
}

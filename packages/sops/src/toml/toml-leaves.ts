import type { AST } from "toml-eslint-parser";
import { type Leaf, metadataKey } from "../document.ts";
import type { TextEdits } from "../text-edits.ts";
import { nameOf, type TomlTree } from "./toml-tree.ts";
import { tomlLeaf, tomlToken } from "./toml-values.ts";

interface Found extends Leaf {
  readonly start: number;
}

/** A part of the file in which comments stand, and the path of its map or list. */
interface Region {
  readonly start: number;
  readonly end: number;
  readonly path: readonly string[];
}

/**
 * A document's values and comments in the file's order. A comment counts for the value on whose line it stands, or before
 * which it stands on lines of its own, and for a table whose header it stands before.
 */
export function tomlLeaves(source: string, tree: TomlTree, edits: TextEdits): readonly Leaf[] {
  const above = commentsAbove(source, tree.comments);
  const found: Found[] = [];
  const regions: Region[] = [];
  const walkKeyValue = (item: AST.TOMLKeyValue, path: readonly string[], comments: readonly string[]): void => {
    walk(item.value, [...path, ...item.key.keys.map(nameOf)], [...comments, ...above(item)]);
  };
  const walk = (node: AST.TOMLContentNode, path: readonly string[], comments: readonly string[]): void => {
    const [start, end] = node.range;
    if (node.type === "TOMLValue") {
      const replace: Leaf["replace"] = (kind, text) => edits.replace(start, end, tomlToken(kind, text));
      found.push({ path, ...tomlLeaf(node), comments, start, replace });
      return;
    }
    regions.push({ start, end, path });
    if (node.type === "TOMLInlineTable") for (const item of node.body) walkKeyValue(item, path, comments);
    else for (const item of node.elements) walk(item, path, [...comments, ...above(item)]);
  };
  for (const item of tree.body) {
    if (item.type === "TOMLKeyValue") {
      if (nameOf(item.key.keys[0]!) !== metadataKey) walkKeyValue(item, [], []);
      continue;
    }
    const path = item.resolvedKey.filter((part) => typeof part === "string");
    regions.push({ start: item.range[0], end: Number.POSITIVE_INFINITY, path });
    if (path[0] === metadataKey) continue;
    const comments = above(item);
    for (const each of item.body) walkKeyValue(each, path, comments);
  }
  for (const comment of tree.comments) {
    const leaf = commentLeaf(comment, regions, edits, above);
    if (leaf.path[0] !== metadataKey) found.push(leaf);
  }
  return found.sort((a, b) => a.start - b.start);
}

function commentLeaf(
  comment: AST.Comment,
  regions: readonly Region[],
  edits: TextEdits,
  above: (node: AST.Comment) => readonly string[],
): Found {
  const [start, end] = comment.range;
  const path = regions.findLast((region) => region.start < start && end <= region.end)?.path ?? [];
  return {
    path,
    kind: "comment",
    text: comment.value,
    comments: above(comment),
    start,
    replace: (_, text) => edits.replace(start, end, `#${text.replaceAll("\n", "\n#")}`),
  };
}

/** For a place: the comments on the lines right above it, and behind it on its line. */
function commentsAbove(source: string, comments: readonly AST.Comment[]) {
  const whole = new Map<number, string>();
  const behind = new Map<number, string>();
  for (const { value, loc, range } of comments) {
    const before = source.slice(source.lastIndexOf("\n", range[0] - 1) + 1, range[0]);
    (before.trim() === "" ? whole : behind).set(loc.start.line, value);
  }
  return (node: AST.TOMLNode | AST.Comment): readonly string[] => {
    const list: string[] = [];
    for (let line = node.loc.start.line - 1; whole.has(line); line--) list.unshift(whole.get(line)!);
    const own = node.type === "Block" ? undefined : behind.get(node.loc.end.line);
    return own === undefined ? list : [...list, own];
  };
}

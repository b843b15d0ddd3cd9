import type { Leaf, LeafKind } from "../document.ts";
import { metadataKey } from "../document.ts";
import { checkLimit } from "../limits.ts";
import { invalidInput } from "../problems.ts";
import type { TextEdits } from "../text-edits.ts";
import type { YamlComment } from "./yaml-comments.ts";
import type { YamlAlias, YamlMap, YamlNode, YamlScalar, YamlTree } from "./yaml-nodes.ts";
import { yamlKey, yamlToken } from "./yaml-tokens.ts";

/** A leaf of a document and where it counts. */
interface PlacedLeaf {
  readonly order: number;
  readonly leaf: Leaf;
}

/** What leaves of a text share. */
export interface LeafContext {
  readonly source: string;
  readonly edits: TextEdits;
  /** Spaces of a level. */
  readonly step: number;
}

/** All leaves of a document, without SOPS's metadata. */
export function leavesOf(tree: YamlTree, context: LeafContext): readonly Leaf[] {
  return new LeafCollector(tree, context).collect();
}

class LeafCollector {
  readonly #tree: YamlTree;
  readonly #context: LeafContext;
  readonly #found: PlacedLeaf[] = [];
  readonly #aliases: AliasText[] = [];
  #count = 0;

  constructor(tree: YamlTree, context: LeafContext) {
    this.#tree = tree;
    this.#context = context;
  }

  collect(): readonly Leaf[] {
    const { top, comments } = this.#tree;
    const metadata = top?.entries.find(({ name }) => name === metadataKey);
    const inTree = comments.filter(
      ({ start }) => metadata === undefined || start < metadata.start || start > metadata.end,
    );
    const inEffect = commentsInEffect(inTree, top);
    if (top !== undefined) this.#map(top, [], inEffect, metadata?.name);
    for (const comment of inTree) this.#comment(comment, inEffect);
    return this.#found.sort((a, b) => a.order - b.order).map(({ leaf }) => leaf);
  }

  #map(map: YamlMap, path: readonly string[], inEffect: CommentsInEffect, without?: string): void {
    for (const { name, value, start } of map.entries) {
      if (name !== without) this.#node(value, [...path, name], inEffect, start);
    }
  }

  #node(node: YamlNode | undefined, path: readonly string[], inEffect: CommentsInEffect, entry: number): void {
    if (node?.type === "map") this.#map(node, path, inEffect);
    if (node?.type === "list") for (const { value, start } of node.items) this.#node(value, path, inEffect, start);
    const comments = () => inEffect.at(entry);
    if (node?.type === "alias") this.#alias(node, path, comments);
    if (node?.type === "scalar") this.#scalar(node, path, comments);
  }

  #scalar(node: YamlScalar, path: readonly string[], comments: () => readonly string[]): void {
    const { value } = node;
    if (value.kind === "null" || value.kind === "unfit") return;
    this.#push(node.start, {
      path,
      kind: value.kind,
      text: value.text,
      get comments() {
        return comments();
      },
      replace: (kind, text) => {
        this.#writeAliases();
        replaceScalar(node, kind, text, this.#context);
      },
    });
  }

  /** What an alias repeats are values of its own: once anything changes, they are written out in its place. */
  #alias(alias: YamlAlias, path: readonly string[], comments: () => readonly string[]): void {
    const text: AliasText = { alias, parts: [] };
    this.#aliases.push(text);
    this.#repeat(alias.target, path, comments, alias.start, text.parts, 0);
  }

  #repeat(
    node: YamlNode | undefined,
    path: readonly string[],
    comments: () => readonly string[],
    order: number,
    parts: string[],
    depth: number,
  ): void {
    checkLimit("depth", depth);
    if (node === undefined) {
      parts.push("null");
    } else if (node.type === "alias") {
      this.#repeat(node.target, path, comments, order, parts, depth + 1);
    } else if (node.type === "scalar") {
      this.#repeatScalar(node, path, comments, order, parts);
    } else {
      const [open, close] = node.type === "map" ? ["{", "}"] : ["[", "]"];
      const entries = node.type === "map" ? node.entries : node.items;
      parts.push(open);
      for (const [index, entry] of entries.entries()) {
        if (index > 0) parts.push(", ");
        if ("name" in entry) parts.push(`${yamlKey(entry.name)}: `);
        const inner = "name" in entry ? [...path, entry.name] : path;
        this.#repeat(entry.value, inner, comments, order, parts, depth + 1);
      }
      parts.push(close);
    }
  }

  #repeatScalar(
    { value }: YamlScalar,
    path: readonly string[],
    comments: () => readonly string[],
    order: number,
    parts: string[],
  ) {
    if (value.kind === "null" || value.kind === "unfit") {
      checkLimit("leaves", ++this.#count);
      parts.push("null");
      return;
    }
    const place = { isFlow: true, blockIndent: undefined };
    const index = parts.push(yamlToken(value.kind, value.text, place)) - 1;
    this.#push(order, {
      path,
      kind: value.kind,
      text: value.text,
      get comments() {
        return comments();
      },
      replace: (kind, text) => {
        parts[index] = yamlToken(kind, text, place);
        this.#writeAliases();
      },
    });
  }

  #writeAliases(): void {
    for (const { alias, parts } of this.#aliases) {
      this.#context.edits.replace(alias.start, alias.end, parts.join(""));
    }
  }

  #comment(comment: YamlComment, inEffect: CommentsInEffect): void {
    const { start, end, container, text } = comment;
    this.#push(comment.order - 0.5, {
      path: container.path,
      kind: "comment",
      text,
      get comments() {
        return inEffect.before(comment);
      },
      otherPaths: comment.others.map(({ path }) => path),
      replace: (kind, replacement) => {
        if (kind !== "comment") throw invalidInput("A comment stays a comment.");
        this.#writeAliases();
        this.#context.edits.replace(start, end, `#${replacement.replaceAll(/[\r\n]+/g, " ")}`);
      },
    });
  }

  #push(order: number, leaf: Leaf): void {
    checkLimit("leaves", ++this.#count);
    this.#found.push({ order, leaf });
  }
}

/** The text that stands for an alias, in parts that its leaves are some of. */
interface AliasText {
  readonly alias: YamlAlias;
  readonly parts: string[];
}

function replaceScalar(node: YamlScalar, kind: LeafKind, text: string, { source, edits, step }: LeafContext): void {
  const { container, body } = node;
  if (kind === "comment") {
    // SOPS encrypts a comment in a list as an item of it.
    if (node.itemStart === undefined || container.isFlow) {
      throw invalidInput(`${container.path.join(".")}: an encrypted comment stands where no comment can.`);
    }
    edits.replace(node.itemStart, node.end, `#${text.replaceAll(/[\r\n]+/g, " ")}`);
    return;
  }
  const lineEnd = source.indexOf("\n", node.end);
  const rest = source.slice(node.end, lineEnd < 0 ? undefined : lineEnd);
  const isLast = body === undefined && rest.trim() === "";
  const token = yamlToken(kind, text, {
    isFlow: container.isFlow,
    blockIndent: isLast ? Math.max(container.column, 0) + (container.isList ? 2 : step) : undefined,
  });
  // A block scalar needs a line's end, which a file's last line may lack.
  const end = token.startsWith("|") && isLast && lineEnd < 0 ? "\n" : "";
  edits.replace(node.start, node.end, token + end);
  for (const { start, end: after } of node.apart) edits.replace(start, after, "");
  if (body !== undefined && body.end > body.start) edits.replace(body.start, body.end, "");
}

/** Which comments hold at a place. Asked for only by rules by comment: they would take much memory to keep. */
interface CommentsInEffect {
  /** For what an entry, by its start, holds. */
  at(entry: number): readonly string[];
  before(comment: YamlComment): readonly string[];
}

/** Comments before a place: those of the entries around it, and the first `count` of its own container's. */
interface CommentChain {
  readonly outer: CommentChain | undefined;
  readonly own: readonly string[];
  readonly count: number;
}

/**
 * The comments right before each entry, those of the entries around it first. A comment that follows a value begins anew.
 */
function commentsInEffect(comments: readonly YamlComment[], top: YamlMap | undefined): CommentsInEffect {
  const atEntry = new Map<number, CommentChain>();
  const atComment = new Map<YamlComment, CommentChain>();
  const byContainer = Map.groupBy(comments, ({ container }) => container);
  const walk = (node: YamlNode | undefined, outer: CommentChain | undefined): void => {
    if (node?.type !== "map" && node?.type !== "list") return;
    const own = [...(byContainer.get(node) ?? [])].sort((a, b) => a.order - b.order);
    const entries: readonly { start: number; value: YamlNode | undefined }[] =
      node.type === "map" ? node.entries : node.items;
    let pending: string[] = [];
    let next = 0;
    const takeUntil = (start: number) => {
      for (; next < own.length && own[next]!.order <= start; next++) {
        atComment.set(own[next]!, { outer, own: pending, count: pending.length });
        pending.push(own[next]!.text);
      }
    };
    for (const { start, value } of entries) {
      takeUntil(start);
      const inner = { outer, own: pending, count: pending.length };
      atEntry.set(start, inner);
      pending = [];
      walk(value, inner);
    }
    takeUntil(Number.POSITIVE_INFINITY);
  };
  if (comments.length > 0) walk(top, undefined);
  return {
    at: (entry) => textsOf(atEntry.get(entry)),
    before: (comment) => textsOf(atComment.get(comment)),
  };
}

function textsOf(chain: CommentChain | undefined): readonly string[] {
  if (chain === undefined) return [];
  const texts = [...textsOf(chain.outer), ...chain.own.slice(0, chain.count)];
  checkLimit("commentsOfValue", texts.length);
  return texts;
}

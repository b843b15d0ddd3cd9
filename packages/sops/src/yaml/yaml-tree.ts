import { Composer, CST, Parser } from "yaml";
import { checkLimit } from "../limits.ts";
import { malformedFile } from "../problems.ts";
import { lineAt } from "../text-edits.ts";
import { type CommentToken, placeComments } from "./yaml-comments.ts";
import type {
  Container,
  Mark,
  Placed,
  YamlAlias,
  YamlEntry,
  YamlItem,
  YamlList,
  YamlMap,
  YamlNode,
  YamlScalar,
  YamlTree,
} from "./yaml-nodes.ts";
import { resolvePlain, resolveTagged, type YamlValue } from "./yaml-scalars.ts";

/**
 * Parses YAML with the place of everything. What SOPS refuses is refused: other keys than strings, lists and plain values at
 * the top.
 *
 * @throws EnvelopeError MessageMalformed, with the line; LimitExceeded
 */
export function parseYaml(source: string): readonly YamlTree[] {
  checkLimit("fileCharacters", source.length);
  const tokens = [...new Parser().parse(source)];
  const trees: YamlTree[] = [];
  const leading: CommentToken[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type === "document") {
      const next = tokens[index + 1]?.offset ?? source.length;
      trees.push(new TreeBuilder(source, leading.splice(0)).build(token, next));
    } else if (token.type === "directive" && /^%YAML\s+(?!1\.1\s*$)/.test(token.source)) {
      throw malformedFile("SOPS takes the directive %YAML 1.1 alone: leave the line out", lineAt(source, token.offset));
    } else if (token.type === "comment") {
      const last = trees.at(-1);
      if (last === undefined) leading.push({ offset: token.offset, text: token.source });
    }
  }
  // Only once the depth is known to be bearable.
  for (const document of new Composer({ uniqueKeys: false, logLevel: "silent" }).compose(tokens)) {
    const [error] = document.errors;
    if (error !== undefined)
      throw malformedFile(error.message.replace(/ at line [\s\S]*$/, ""), lineAt(source, error.pos[0]));
  }
  return trees;
}

const topContainer: Container = { path: [], column: -1, isFlow: false, isList: false, parent: undefined };

/** Where a node stands: what its entries' paths begin with, and what it is in. */
interface Spot {
  readonly path: readonly string[];
  readonly parent: Container;
}

interface Props {
  readonly places: readonly Placed[];
  readonly start: number | undefined;
  readonly anchor: string | undefined;
  readonly tag: string | undefined;
}

class TreeBuilder {
  readonly #source: string;
  readonly #comments: CommentToken[];
  readonly #marks: Mark[] = [];
  readonly #anchors = new Map<string, YamlNode | "open">();
  #nodes = 0;

  constructor(source: string, leading: readonly CommentToken[]) {
    this.#source = source;
    this.#comments = [...leading];
  }

  /** @param end where the next document begins, or this one is said to end */
  build(document: CST.Document, end: number): YamlTree {
    const props = this.#props(document.start);
    const node = document.value && this.#node(document.value, props, { path: [], parent: topContainer }, 0);
    this.#collect(document.end);
    const start = document.start.find(({ type }) => type === "doc-start");
    const isNothing = node === undefined || (node.type === "scalar" && node.value.kind === "null");
    const top = node?.type === "map" ? node : undefined;
    if (!isNothing && top === undefined) throw this.#problem("SOPS takes YAML files with a map at the top", node.start);
    return {
      top,
      comments: placeComments(this.#source, this.#comments, this.#marks, topContainer),
      start: start === undefined ? document.offset : start.offset + start.source.length,
      end,
    };
  }

  #node(token: CST.Token, props: Props, spot: Spot, depth: number, itemStart?: number): YamlNode {
    checkLimit("depth", depth);
    checkLimit("leaves", ++this.#nodes);
    if (props.anchor !== undefined) this.#anchors.set(props.anchor, "open");
    const node = this.#unanchored(token, props, spot, depth, itemStart);
    if (props.anchor !== undefined) this.#anchors.set(props.anchor, node);
    return node;
  }

  #unanchored(token: CST.Token, props: Props, spot: Spot, depth: number, itemStart?: number): YamlNode {
    if (token.type === "alias") return this.#alias(token, spot.parent);
    if (token.type === "block-map") return this.#map(token, props, spot, depth);
    if (token.type === "block-seq") return this.#list(token, props, spot, depth);
    if (token.type === "flow-collection") {
      return token.start.type === "flow-map-start"
        ? this.#map(token, props, spot, depth)
        : this.#list(token, props, spot, depth);
    }
    if (CST.isScalar(token)) return this.#scalar(token, props, spot.parent, itemStart);
    throw this.#problem("this is no YAML", token.offset);
  }

  #alias(token: CST.FlowScalar, container: Container): YamlAlias {
    const target = this.#anchors.get(token.source.slice(1));
    if (target === undefined) throw this.#problem(`there is no anchor for ${token.source} before it`, token.offset);
    if (target === "open") throw this.#problem(`${token.source} is inside of what it repeats`, token.offset);
    this.#marks.push({ offset: token.offset, kind: "scalar", container });
    this.#collect(token.end);
    return { type: "alias", start: token.offset, end: token.offset + token.source.length, target, container };
  }

  #scalar(token: CST.FlowScalar | CST.BlockScalar, props: Props, container: Container, itemStart?: number): YamlScalar {
    const offset = token.type === "block-scalar" ? headerOf(token).offset : token.offset;
    this.#marks.push({ offset, kind: "scalar", container });
    const resolved = CST.resolveAsScalar(token, true, (at, _code, message) => {
      throw this.#problem(message, at);
    });
    const text = resolved?.value ?? "";
    const isPlain = token.type === "scalar";
    const value: YamlValue =
      props.tag !== undefined
        ? resolveTagged(props.tag, text, isPlain)
        : isPlain
          ? resolvePlain(text)
          : { kind: "str", text };
    if (value.kind === "unfit") throw this.#problem(value.why, offset);
    const isNear = /^[^\n#]*$/.test(this.#source.slice(props.start ?? offset, offset));
    const apart = isNear ? [] : props.places;
    const start = isNear ? (props.start ?? offset) : offset;
    const common = { type: "scalar" as const, start, value, container, anchor: props.anchor, apart, itemStart };
    if (token.type === "block-scalar") {
      this.#collect(token.props);
      const header = headerOf(token);
      const bodyStart = token.props.reduce((end, prop) => Math.max(end, endOf(prop)), 0);
      const body = {
        start: bodyStart,
        end: bodyStart + token.source.length - trailingBlank(token.source),
      };
      return { ...common, end: endOf(header), body };
    }
    this.#collect(token.end);
    return { ...common, end: endOf(token), body: undefined };
  }

  #map(token: CST.BlockMap | CST.FlowCollection, props: Props, { path, parent }: Spot, depth: number): YamlMap {
    const isFlow = token.type === "flow-collection";
    const entries: YamlEntry[] = [];
    const first = token.items.find((item) => item.key != null || item.sep != null);
    const column = isFlow || first === undefined ? token.indent : this.#columnOf(keyStart(first) ?? token.offset);
    const self = { type: "map" as const, path, column, isFlow, isList: false, parent, entries, anchor: props.anchor };
    const map: YamlMap = { ...self, start: token.offset, end: token.offset };
    const names = new Set<string>();
    for (const item of token.items) {
      const keyProps = this.#props(item.start);
      if (item.key == null && item.sep == null && item.value == null) continue;
      entries.push(this.#entry(item, keyProps, map, names, depth));
    }
    return this.#closed(map, token, entries);
  }

  #entry(item: CST.CollectionItem, keyProps: Props, map: YamlMap, names: Set<string>, depth: number): YamlEntry {
    const { key, sep = [], value } = item;
    const start = keyProps.start ?? keyStart(item) ?? 0;
    this.#marks.push({ offset: start, kind: "entry", container: map });
    const node = key == null ? undefined : this.#key(key, keyProps, map);
    if (node?.type !== "scalar" || (node.value.kind !== "str" && node.value.kind !== "bytes")) {
      throw this.#problem("a key is not a string: put it into quotes", start);
    }
    const valueProps = this.#props(sep);
    const name = node.value.text;
    if (names.has(name)) throw this.#problem(`the key ${JSON.stringify(name)} is in its map twice`, start);
    names.add(name);
    const spot = { path: [...map.path, name], parent: map };
    const colon = sep.find(({ type }) => type === "map-value-ind");
    const colonEnd = colon === undefined ? node.end : endOf(colon);
    const child = value == null ? undefined : this.#node(value, valueProps, spot, depth + 1);
    return { name, start, colonEnd, value: child, end: child === undefined ? colonEnd : lastOf(child) };
  }

  #key(token: CST.Token, props: Props, map: YamlMap): YamlNode {
    if (!CST.isScalar(token) || token.type === "block-scalar") {
      throw this.#problem("a key is not a plain string", token.offset);
    }
    if (token.type === "alias") throw this.#problem("a key is an alias: write it out", token.offset);
    const node = this.#scalar(token, props, map);
    if (props.anchor !== undefined) this.#anchors.set(props.anchor, node);
    return node;
  }

  #list(token: CST.BlockSequence | CST.FlowCollection, props: Props, { path, parent }: Spot, depth: number): YamlList {
    const isFlow = token.type === "flow-collection";
    const items: YamlItem[] = [];
    const column = isFlow ? token.indent : this.#columnOf(token.offset);
    const self = { type: "list" as const, path, column, isFlow, isList: true, parent, items, anchor: props.anchor };
    const list: YamlList = { ...self, start: token.offset, end: token.offset };
    for (const item of token.items) {
      const itemProps = this.#props(item.start);
      const hyphen = item.start.find(({ type }) => type === "seq-item-ind");
      if (hyphen === undefined && item.value == null && item.key == null) continue;
      if (item.key != null || item.sep != null) {
        throw this.#problem("a list has a pair without braces: write { key: value }", keyStart(item) ?? token.offset);
      }
      const start = hyphen?.offset ?? itemProps.start ?? item.value?.offset ?? token.offset;
      this.#marks.push({ offset: start, kind: "item", container: list });
      const value =
        item.value == null
          ? undefined
          : this.#node(item.value, itemProps, { path, parent: list }, depth + 1, hyphen?.offset);
      const contentStart = hyphen === undefined ? start : endOf(hyphen);
      items.push({ start, contentStart, value, end: value === undefined ? contentStart : lastOf(value) });
    }
    return this.#closed(list, token, items);
  }

  /** The collection with its end: after its bracket, or after the last of its entries. */
  #closed<Node extends YamlMap | YamlList>(node: Node, token: CST.Token, entries: readonly Placed[]): Node {
    if (token.type !== "flow-collection") return Object.assign(node, { end: entries.at(-1)?.end ?? node.end });
    const close = token.end.find(({ type }) => type === "flow-map-end" || type === "flow-seq-end");
    const end = close === undefined ? this.#source.length : endOf(close);
    this.#marks.push({ offset: end - 1, kind: "end", container: node });
    this.#collect(token.end);
    return Object.assign(node, { end });
  }

  /** Anchor and tag among the tokens before a node; comments go to the others. */
  #props(tokens: readonly CST.SourceToken[]): Props {
    this.#collect(tokens);
    const anchor = tokens.findLast(({ type }) => type === "anchor");
    const tag = tokens.findLast(({ type }) => type === "tag");
    const places = [anchor, tag].flatMap((token) =>
      token === undefined ? [] : [{ start: token.offset, end: endOf(token) }],
    );
    return {
      start: places.length === 0 ? undefined : Math.min(...places.map(({ start }) => start)),
      places,
      anchor: anchor?.source.slice(1),
      tag: tag?.source,
    };
  }

  #collect(tokens: readonly CST.Token[] | undefined): void {
    for (const token of tokens ?? []) {
      if (token.type === "comment") this.#comments.push({ offset: token.offset, text: token.source });
    }
  }

  #columnOf(offset: number): number {
    return offset - (this.#source.lastIndexOf("\n", offset - 1) + 1);
  }

  #problem(what: string, offset: number) {
    return malformedFile(what, lineAt(this.#source, offset));
  }
}

function keyStart(item: CST.CollectionItem): number | undefined {
  const props = item.start.find(({ type }) => type === "anchor" || type === "tag" || type === "explicit-key-ind");
  return props?.offset ?? item.key?.offset ?? item.sep?.[0]?.offset;
}

/** Where a value's text ends: a block scalar's after its lines. */
function lastOf(node: YamlNode): number {
  return node.type === "scalar" && node.body !== undefined ? Math.max(node.end, node.body.end) : node.end;
}

function headerOf(token: CST.BlockScalar): CST.SourceToken {
  const header = token.props.find(({ type }) => type === "block-scalar-header");
  return header as CST.SourceToken;
}

function endOf(token: CST.Token): number {
  return token.offset + ("source" in token ? token.source.length : 0);
}

/** The empty lines behind a block scalar's last line: they stay, so that comments behind them stay what they are. */
function trailingBlank(body: string): number {
  const lineEnd = body.indexOf("\n", body.trimEnd().length);
  return lineEnd < 0 ? 0 : body.length - lineEnd - 1;
}

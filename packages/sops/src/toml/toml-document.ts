import type { AST } from "toml-eslint-parser";
import {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  metadataKey,
  type SopsMetadataTree,
} from "../document.ts";
import { invalidInput, pathText } from "../problems.ts";
import { TextEdits } from "../text-edits.ts";
import { tomlLeaves } from "./toml-leaves.ts";
import { parseToml, type TomlMap, type TomlNode, type TomlTree, tomlChildOf, tomlNodeAt } from "./toml-tree.ts";
import { tomlKey, tomlMetadata, tomlTable, tomlText, tomlValue } from "./toml-values.ts";

/**
 * TOML 1.0, in SOPS's structure: paths, types and metadata are as in YAML, the metadata in the table `sops` at the end. The
 * real `sops` reads no TOML.
 */
export const tomlFormat: ConfigFormat = {
  name: "toml",
  encoding: "utf8",
  parse: (text) => new TomlDocument(text),
};

class TomlDocument implements ConfigDocument {
  #source: string;
  #tree: TomlTree;
  #edits = new TextEdits();

  constructor(source: string) {
    this.#source = source;
    this.#tree = parseToml(source);
  }

  leaves(): readonly Leaf[] {
    this.#settle();
    return tomlLeaves(this.#source, this.#tree, this.#edits);
  }

  metadata(): unknown {
    this.#settle();
    const node = this.#tree.top.entries.get(metadataKey);
    return node && tomlMetadata(node);
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    this.remove([metadataKey]);
    if (metadata === undefined) return;
    this.#rewrite(this.#source.length, this.#source.length, `${this.#gap()}${tomlTable([metadataKey], metadata)}\n`);
  }

  get(path: ConfigPath): ConfigValue | undefined {
    this.#settle();
    const node = tomlNodeAt(this.#tree.top, path);
    return node && tomlValue(node);
  }

  set(path: ConfigPath, value: ConfigValue): void {
    this.#settle();
    if (path.length === 0) throw invalidInput("A path has at least one name.");
    let node: TomlNode = this.#tree.top;
    for (const [depth, part] of path.entries()) {
      const child = tomlChildOf(node, part);
      if (child === undefined) {
        this.#add(node, path, depth, value);
        return;
      }
      node = child;
    }
    const place = node.type === "scalar" ? node.node : node.inline;
    if (place === undefined) {
      throw invalidInput(`${pathText(path)} is made of tables: set the values in it, or remove it first.`);
    }
    this.#rewrite(place.range[0], place.range[1], tomlText(value));
  }

  remove(path: ConfigPath): boolean {
    this.#settle();
    const parent = tomlNodeAt(this.#tree.top, path.slice(0, -1));
    const last = path.at(-1);
    const node = parent && last !== undefined ? tomlChildOf(parent, last) : undefined;
    if (parent === undefined || node === undefined || last === undefined) return false;
    const within = parent.type === "scalar" ? undefined : parent.inline;
    if (within?.type === "TOMLArray") this.#removeElement(within, within.elements, Number(last));
    else for (const place of this.#placesOf(parent, node, path)) this.#removePlace(place);
    this.#settle();
    return true;
  }

  render(): string {
    this.#settle();
    return this.#source;
  }

  /** The keys with values, and the tables, that make what is at a path. */
  #placesOf(parent: TomlNode, node: TomlNode, path: ConfigPath): readonly (AST.TOMLTable | AST.TOMLKeyValue)[] {
    if (node.type === "map" && node.inline === undefined) return [...new Set(node.places)];
    if (node.type === "list" && node.inline === undefined) {
      return [...new Set(node.items.flatMap((item) => (item.type === "map" ? item.places : [])))];
    }
    const value = node.type === "scalar" ? node.node : node.inline;
    const item = value?.parent;
    if (item?.type !== "TOMLKeyValue") throw invalidInput(`${pathText(path)} cannot be removed alone.`);
    return parent.type === "scalar" ? [] : [item];
  }

  #removePlace(place: AST.TOMLTable | AST.TOMLKeyValue): void {
    const { parent } = place;
    if (place.type === "TOMLKeyValue" && parent.type === "TOMLInlineTable") {
      this.#removeElement(parent, parent.body, parent.body.indexOf(place));
      return;
    }
    const start = this.#lineStart(place.range[0]);
    const end = this.#lineEnd(place.range[1]);
    const empty = place.type === "TOMLTable" ? (/(?:^|\n)(\r?\n)$/.exec(this.#source.slice(0, start))?.[1] ?? "") : "";
    this.#edits.replace(start - empty.length, end, "");
  }

  #removeElement(within: AST.TOMLNode, elements: readonly AST.TOMLNode[], index: number): void {
    const previous = elements[index - 1];
    const next = elements[index + 1];
    const { range } = elements[index]!;
    if (previous !== undefined) this.#edits.replace(previous.range[1], range[1], "");
    else if (next !== undefined) this.#edits.replace(range[0], next.range[0], "");
    else this.#edits.replace(within.range[0] + 1, within.range[1] - 1, "");
  }

  /** Adds what is missing of a path from `depth` on, to the last that there is. */
  #add(parent: TomlNode, path: ConfigPath, depth: number, value: ConfigValue): void {
    const part = path[depth]!;
    const names = path.slice(depth);
    if (parent.type === "list" && parent.inline && part === parent.items.length && names.length === 1) {
      this.#addElement(parent.inline, parent.inline.elements, tomlText(value));
      return;
    }
    if (parent.type !== "map" || names.some((name) => typeof name !== "string")) {
      throw invalidInput(
        `${pathText(path)} leads through ${pathText(path.slice(0, depth))}, which has no such entries.`,
      );
    }
    const keyed = (under: ConfigPath): string =>
      `${[...under, ...names].map((name) => tomlKey(String(name))).join(".")} = ${tomlText(value)}`;
    if (parent.inline) {
      this.#addElement(parent.inline, parent.inline.body, keyed([]));
      return;
    }
    const table = tableOf(parent, this.#tree, path.slice(0, depth));
    if (table !== undefined) {
      const at = this.#lineEnd(table.body.at(-1)?.range[1] ?? this.#headerEnd(table));
      this.#insertLine(at, keyed([]));
      return;
    }
    // A map that only dotted keys, or the headers of tables below it, make: its entry stands beside those keys.
    const beside = parent.places.findLast((place) => place.type === "TOMLKeyValue");
    if (beside !== undefined && beside.parent.type === "TOMLTable") {
      const above = beside.parent.resolvedKey.length;
      this.#insertLine(this.#lineEnd(beside.range[1]), keyed(path.slice(above, depth)));
      return;
    }
    const last = this.#tree.body.findLast((item) => item.type === "TOMLKeyValue");
    this.#insertLine(last ? this.#lineEnd(last.range[1]) : this.#beforeTables(), keyed(path.slice(0, depth)));
  }

  #addElement(within: AST.TOMLNode, elements: readonly AST.TOMLNode[], text: string): void {
    const last = elements.at(-1);
    if (last !== undefined) this.#rewrite(last.range[1], last.range[1], `, ${text}`);
    else this.#rewrite(within.range[0] + 1, within.range[1] - 1, within.type === "TOMLArray" ? text : ` ${text} `);
  }

  #headerEnd(table: AST.TOMLTable): number {
    return table.key.range[1];
  }

  /** Where keys of the top may stand when there are none: at the end, or before the first table. */
  #beforeTables(): number {
    const [table] = this.#tree.body;
    return table === undefined ? this.#source.length : 0;
  }

  #insertLine(at: number, line: string): void {
    const broken = at === 0 || this.#source[at - 1] === "\n";
    this.#rewrite(at, at, `${broken ? "" : "\n"}${line}\n`);
  }

  #lineStart(offset: number): number {
    return this.#source.lastIndexOf("\n", offset - 1) + 1;
  }

  #lineEnd(offset: number): number {
    const found = this.#source.indexOf("\n", offset);
    return found < 0 ? this.#source.length : found + 1;
  }

  /** What parts the metadata from the text before them. */
  #gap(): string {
    if (this.#source === "") return "";
    return this.#source.endsWith("\n") ? "\n" : "\n\n";
  }

  #rewrite(start: number, end: number, text: string): void {
    this.#edits.replace(start, end, text);
    this.#settle();
  }

  #settle(): void {
    if (this.#edits.isEmpty) return;
    this.#source = this.#edits.apply(this.#source);
    this.#tree = parseToml(this.#source);
    this.#edits = new TextEdits();
  }
}

/** The table whose header is just this path. */
function tableOf({ places }: TomlMap, { body }: TomlTree, path: ConfigPath): AST.TOMLTable | undefined {
  const wanted = JSON.stringify(path);
  const isHere = (item: AST.TOMLTable | AST.TOMLKeyValue): item is AST.TOMLTable =>
    item.type === "TOMLTable" && JSON.stringify(item.resolvedKey) === wanted;
  return path.length === 0 ? undefined : (places.filter(isHere).at(-1) ?? body.find(isHere));
}

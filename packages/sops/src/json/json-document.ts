import {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  metadataKey,
  type SopsMetadataTree,
} from "../document.ts";
import { metadataValue } from "../metadata-value.ts";
import { invalidInput, malformedFile, pathText } from "../problems.ts";
import { TextEdits } from "../text-edits.ts";
import { type JsonMember, type JsonNode, type JsonObject, parseJson } from "./json-tree.ts";
import { jsonLeaf, jsonMetadata, jsonText, jsonToken, jsonValue } from "./json-values.ts";

/** JSON with an object at the top, as SOPS takes it. */
export const jsonFormat: ConfigFormat = {
  name: "json",
  encoding: "utf8",
  parse: (text) => new JsonDocument(text),
};

/** A JSON text that keeps its order, its spaces and its numbers' digits. */
export class JsonDocument implements ConfigDocument {
  #source: string;
  #top: JsonObject;
  #edits = new TextEdits();

  constructor(source: string) {
    this.#source = source;
    this.#top = parseTop(source);
  }

  leaves(): readonly Leaf[] {
    this.#settle();
    const edits = this.#edits;
    const leaves: Leaf[] = [];
    const walk = (node: JsonNode, path: readonly string[]): void => {
      if (node.type === "object") {
        for (const { name, value } of node.members) walk(value, [...path, name]);
      } else if (node.type === "array") {
        for (const item of node.items) walk(item, path);
      } else {
        const leaf = jsonLeaf(node);
        if (leaf === undefined) return;
        leaves.push({
          path,
          ...leaf,
          replace: (kind, text) => edits.replace(node.start, node.end, jsonToken(kind, text)),
        });
      }
    };
    for (const { name, value } of this.#top.members) if (name !== metadataKey) walk(value, [name]);
    return leaves;
  }

  metadata(): unknown {
    this.#settle();
    const node = memberOf(this.#top, metadataKey);
    return node && jsonMetadata(node.value);
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    if (metadata === undefined) this.remove([metadataKey]);
    else this.set([metadataKey], metadataValue(metadata));
  }

  get(path: ConfigPath): ConfigValue | undefined {
    this.#settle();
    let node: JsonNode | undefined = this.#top;
    for (const part of path) {
      node = node && childOf(node, part);
    }
    return node && jsonValue(node);
  }

  set(path: ConfigPath, value: ConfigValue): void {
    this.#settle();
    let node: JsonNode = this.#top;
    for (const [depth, part] of path.entries()) {
      const child = childOf(node, part);
      if (child === undefined) {
        this.#add(node, path, depth, value);
        return;
      }
      node = child;
    }
    if (path.length === 0) throw invalidInput("A path has at least one name.");
    const margin = marginOf(this.#source, node.start);
    this.#rewrite(node.start, node.end, jsonText(value, this.#indent(), margin));
  }

  remove(path: ConfigPath): boolean {
    this.#settle();
    const parent = path
      .slice(0, -1)
      .reduce<JsonNode | undefined>((node, part) => node && childOf(node, part), this.#top);
    const last = path.at(-1);
    if (parent === undefined || last === undefined) return false;
    const entries = entriesIn(parent);
    const index = entries.findIndex((entry, at) => (typeof last === "number" ? at === last : entry.name === last));
    if (index < 0) return false;
    const { start, end } = entries[index]!;
    const previous = entries[index - 1];
    const next = entries[index + 1];
    if (previous !== undefined) this.#rewrite(previous.end, end, "");
    else if (next !== undefined) this.#rewrite(start, next.start, "");
    else this.#rewrite(parent.start + 1, parent.end - 1, "");
    return true;
  }

  render(): string {
    this.#settle();
    return this.#source;
  }

  /** Adds what is missing of a path from `depth` on, to the last that there is. */
  #add(parent: JsonNode, path: ConfigPath, depth: number, value: ConfigValue): void {
    const part = path[depth]!;
    if (parent.type === "array" ? typeof part !== "number" : parent.type !== "object" || typeof part !== "string") {
      throw invalidInput(
        `${pathText(path)} leads through ${pathText(path.slice(0, depth))}, which has no such entries.`,
      );
    }
    const added = path
      .slice(depth + 1)
      .reduceRight<ConfigValue>(
        (inner, name) => (typeof name === "number" ? [inner] : new Map([[name, inner]])),
        value,
      );
    const entries = entriesIn(parent);
    // The metadata stays last.
    const last = entries.findLast(({ name }) => parent !== this.#top || name !== metadataKey) ?? undefined;
    const multiline = entries.length === 0 || this.#source.slice(parent.start, entries[0]!.start).includes("\n");
    const indent = multiline ? this.#indent() : undefined;
    const margin = marginOf(this.#source, parent.start);
    const inner = entries.length > 0 ? marginOf(this.#source, entries[0]!.start) : margin + (indent ?? "");
    const text =
      (typeof part === "string" ? `${JSON.stringify(part)}: ` : "") + jsonText(added, indent, multiline ? inner : "");
    if (last !== undefined) {
      this.#rewrite(last.end, last.end, multiline ? `,\n${inner}${text}` : `, ${text}`);
    } else if (entries.length > 0) {
      const first = entries[0]!;
      this.#rewrite(first.start, first.start, multiline ? `${text},\n${inner}` : `${text}, `);
    } else if (indent === undefined) {
      this.#rewrite(parent.start + 1, parent.end - 1, text);
    } else {
      this.#rewrite(parent.start + 1, parent.end - 1, `\n${inner}${text}\n${margin}`);
    }
  }

  /** What a level is indented by; undefined when the text is one line; SOPS's tabulator when nothing says. */
  #indent(): string | undefined {
    const first = this.#top.members[0];
    if (first === undefined) return "\t";
    const before = this.#source.slice(this.#top.start + 1, first.start);
    if (!before.includes("\n")) return undefined;
    return before.slice(before.lastIndexOf("\n") + 1) || "\t";
  }

  #rewrite(start: number, end: number, text: string): void {
    this.#edits.replace(start, end, text);
    this.#settle();
  }

  /** Carries changes out, so that places are those of the text. */
  #settle(): void {
    if (this.#edits.isEmpty) return;
    this.#source = this.#edits.apply(this.#source);
    this.#top = parseTop(this.#source);
    this.#edits = new TextEdits();
  }
}

interface Entry {
  readonly name?: string;
  readonly start: number;
  readonly end: number;
}

function parseTop(source: string): JsonObject {
  const top = parseJson(source);
  if (top.type !== "object") throw malformedFile("SOPS takes JSON files with an object at the top, such as {...}", 1);
  return top;
}

function entriesIn(node: JsonNode): readonly Entry[] {
  if (node.type === "array") return node.items;
  if (node.type !== "object") return [];
  return node.members.map(({ name, start, value }) => ({ name, start, end: value.end }));
}

function memberOf(node: JsonObject, name: string): JsonMember | undefined {
  return node.members.find((member) => member.name === name);
}

function childOf(node: JsonNode, part: string | number): JsonNode | undefined {
  if (node.type === "array") return typeof part === "number" ? node.items[part] : undefined;
  return node.type === "object" && typeof part === "string" ? memberOf(node, part)?.value : undefined;
}

/** The spaces that the line of a place begins with. */
function marginOf(source: string, offset: number): string {
  const line = source.slice(source.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

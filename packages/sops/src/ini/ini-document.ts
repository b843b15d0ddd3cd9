import {
  type ConfigDocument,
  type ConfigFormat,
  type ConfigPath,
  type ConfigValue,
  type Leaf,
  metadataKey,
  type SopsMetadataTree,
} from "../document.ts";
import { flattenMetadata, unflattenMetadata } from "../flat-metadata.ts";
import { flatText, flatTextOf } from "../flat-values.ts";
import { invalidInput } from "../problems.ts";
import { TextEdits } from "../text-edits.ts";
import { iniToken, trimSpace } from "./ini-tokens.ts";
import { commentMark, defaultSection, type IniComment, type IniKey, type IniSection, parseIni } from "./ini-tree.ts";

/**
 * INI as SOPS takes it: all values are texts, a path is a section's name and a key's; what stands before the first section
 * is in `DEFAULT`. The metadata are the section `sops`. Source: SOPS 3.13, stores/ini/store.go, and gopkg.in/ini.v1.
 */
export const iniFormat: ConfigFormat = {
  name: "ini",
  encoding: "utf8",
  parse: (text) => new IniDocument(text),
};

class IniDocument implements ConfigDocument {
  #source: string;
  #sections: readonly IniSection[];
  #edits = new TextEdits();

  constructor(source: string) {
    this.#source = source;
    this.#sections = parseIni(source);
  }

  leaves(): readonly Leaf[] {
    this.#settle();
    let place = defaultSection;
    return this.#sections.flatMap(({ name, items }) => {
      // A comment that ends the file becomes the metadata's once they follow it; it is still the last section's.
      if (name !== metadataKey) place = name;
      let comments: readonly string[] = [];
      return items
        .filter(({ type }) => type === "comment" || name !== metadataKey)
        .map((item): Leaf => {
          if (item.type === "key") {
            const leaf = this.#keyLeaf(item, [place, item.name], comments);
            comments = [];
            return leaf;
          }
          const { text } = item;
          const before = comments;
          comments = [...comments, text];
          const replace = (_: unknown, replacement: string) => this.#replaceComment(item, replacement);
          return { path: [place], kind: "comment", text, comments: before, replace };
        });
    });
  }

  metadata(): unknown {
    this.#settle();
    const found = this.#sections.filter(({ name }) => name === metadataKey);
    if (found.length === 0) return undefined;
    const keys = found.flatMap(keysOf);
    return unflattenMetadata(keys.map(({ name, value }) => [name, value.text.replaceAll("\\n", "\n")]));
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    this.#settle();
    for (const section of this.#sections) if (section.name === metadataKey) this.#removeLines(section);
    this.#settle();
    if (metadata === undefined) return;
    const flat = flattenMetadata(metadata);
    const width = Math.max(...flat.map(([name]) => name.length));
    const lines = flat.map(([name, text]) => `${name.padEnd(width)} = ${iniToken(text.replaceAll("\n", "\\n"))}`);
    this.#insert(this.#source.length, `${this.#gap()}[${metadataKey}]\n${lines.join("\n")}\n`);
  }

  get(path: ConfigPath): ConfigValue | undefined {
    this.#settle();
    const [section, name, ...below] = path;
    if (path.length === 0) {
      const plain = this.#sections.filter(({ name: each, items }) => each !== metadataKey && items.length > 0);
      return new Map(plain.map(({ name: each }) => [each, this.#valuesOf(each)]));
    }
    if (typeof section !== "string" || below.length > 0) return undefined;
    const values = this.#valuesOf(section);
    if (name === undefined) return values.size === 0 ? undefined : values;
    return typeof name === "string" ? values.get(name) : undefined;
  }

  set(path: ConfigPath, value: ConfigValue): void {
    this.#settle();
    const [section, name] = path;
    if (typeof section !== "string" || typeof name !== "string" || path.length !== 2 || section === metadataKey) {
      throw invalidInput(`An INI file has sections and names: take both as the path, such as ${defaultSection}.name.`);
    }
    const text = flatTextOf(value, path);
    const key = this.#keysAt(section).findLast((each) => each.name === name);
    if (key !== undefined) {
      this.#replaceValue(key, text);
      this.#settle();
      return;
    }
    const line = `${iniName(name)} = ${iniToken(text)}\n`;
    const found = this.#sections.findLast((each) => each.name === section);
    if (found !== undefined) this.#insert(found.next, line);
    else if (/^[^\]\n]+$/.test(section)) this.#insert(this.#source.length, `${this.#gap()}[${section}]\n${line}`);
    else throw invalidInput("A section's name has no line break and no bracket.");
  }

  remove(path: ConfigPath): boolean {
    this.#settle();
    const [section, name] = path;
    if (typeof section !== "string" || path.length > 2) return false;
    if (path.length === 1) {
      const found = this.#sections.filter((each) => each.name === section && each.next > each.start);
      for (const each of found) this.#removeLines(each);
      this.#settle();
      return found.length > 0;
    }
    const keys = this.#keysAt(section).filter((each) => each.name === name);
    for (const { start, value } of keys) this.#edits.replace(start, value.next, "");
    this.#settle();
    return keys.length > 0;
  }

  render(): string {
    this.#settle();
    return this.#source;
  }

  #keyLeaf(key: IniKey, path: readonly string[], comments: readonly string[]): Leaf {
    return {
      path,
      kind: "str",
      text: key.value.text,
      comments,
      replace: (kind, text) => this.#replaceValue(key, flatText(kind, text)),
    };
  }

  #replaceValue({ value }: IniKey, text: string): void {
    const bare = value.text === "" && /\s[=:]$/.test(this.#source.slice(0, value.start).slice(-2));
    this.#edits.replace(value.start, value.end, `${bare ? " " : ""}${iniToken(text, value.quote)}`);
  }

  /** Puts a comment of one line or more in the place of the first of its pieces; the others go. */
  #replaceComment({ pieces }: IniComment, text: string): void {
    const [first, ...others] = pieces;
    if (first === undefined) return;
    const [line = "", ...more] = text.split("\n");
    const mark = commentMark.exec(this.#source.slice(first.start, first.end))?.[0] ?? "; ";
    const lines = [
      mark + line,
      ...more.map((each) => (/^[#;]/.test(each) || trimSpace(each) === "" ? each : `; ${each}`)),
    ];
    // Behind a section's header a comment has no bracket: the last one of the line ends the header.
    const isFit =
      lines.length === 1 && !(/^\s*\[/.test(this.#source.slice(first.lineStart)) && mark.concat(line).includes("]"));
    if (!first.inline || isFit) this.#edits.replace(first.start, first.end, lines.join("\n"));
    else {
      this.#edits.replace(first.lineStart, first.lineStart, `${lines.join("\n")}\n`);
      this.#removePiece(first);
    }
    for (const piece of others) this.#removePiece(piece);
  }

  #removePiece({ inline, start, end, lineStart, next }: IniComment["pieces"][number]): void {
    const before = this.#source.slice(lineStart, start);
    if (inline) this.#edits.replace(lineStart + before.trimEnd().length, end, "");
    else this.#edits.replace(lineStart, next, "");
  }

  #valuesOf(section: string): Map<string, string> {
    return new Map(this.#keysAt(section).map(({ name, value }) => [name, value.text]));
  }

  #keysAt(section: string): readonly IniKey[] {
    return section === metadataKey ? [] : this.#sections.filter(({ name }) => name === section).flatMap(keysOf);
  }

  /** A section's lines, and the empty line before them. */
  #removeLines({ start, next }: IniSection): void {
    const empty = /(?:^|\n)(\r?\n)$/.exec(this.#source.slice(0, start))?.[1] ?? "";
    this.#edits.replace(start - empty.length, next, "");
  }

  /** What parts a section that is added from the text before it. */
  #gap(): string {
    return this.#source === "" ? "" : "\n";
  }

  #insert(at: number, text: string): void {
    const before = this.#source.slice(0, at);
    const head = before === "" || before.endsWith("\n") ? before : `${before}\n`;
    this.#replaceSource(head + text + this.#source.slice(at));
  }

  #settle(): void {
    if (!this.#edits.isEmpty) this.#replaceSource(this.#edits.apply(this.#source));
  }

  #replaceSource(source: string): void {
    this.#source = source;
    this.#sections = parseIni(source);
    this.#edits = new TextEdits();
  }
}

function keysOf({ items }: IniSection): readonly IniKey[] {
  return items.filter((item) => item.type === "key");
}

/** A key's name as it stands in its line. */
function iniName(name: string): string {
  if (name === "" || name === "-" || name !== trimSpace(name) || /[\n`]/.test(name)) {
    throw invalidInput(`An INI file has no name such as ${JSON.stringify(name)}.`);
  }
  return /["=:]/.test(name) || /^[#;[]/.test(name) ? `\`${name}\`` : name;
}

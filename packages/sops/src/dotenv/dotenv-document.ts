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
import { flatText, flatTextOf, lineSpans } from "../flat-values.ts";
import { checkLimit } from "../limits.ts";
import { invalidInput, malformedFile } from "../problems.ts";
import { TextEdits } from "../text-edits.ts";

/**
 * Lines of `NAME=VALUE`, as SOPS takes them: all of a line after the first `=` is the value, quotes, spaces and a carriage
 * return too; `\n` in it is a line break. A comment is a line that begins with `#`. The metadata are the names that begin
 * with `sops_`. Source: SOPS 3.13, stores/dotenv/store.go.
 */
export const dotenvFormat: ConfigFormat = {
  name: "dotenv",
  encoding: "utf8",
  parse: (text) => new DotenvDocument(text),
};

const metadataPrefix = `${metadataKey}_`;

interface Entry {
  /** Undefined for a comment. */
  readonly name: string | undefined;
  readonly text: string;
  /** Of the line. */
  readonly start: number;
  /** Of the value, or of the comment after its mark. */
  readonly valueStart: number;
  readonly end: number;
  /** Of the next line. */
  readonly next: number;
}

class DotenvDocument implements ConfigDocument {
  #source: string;
  #entries: readonly Entry[];
  #edits = new TextEdits();

  constructor(source: string) {
    checkLimit("fileCharacters", source.length);
    this.#source = source;
    this.#entries = parseEntries(source);
  }

  leaves(): readonly Leaf[] {
    this.#settle();
    const edits = this.#edits;
    let comments: readonly string[] = [];
    return this.#values().map(({ name, text, valueStart, end }): Leaf => {
      const isComment = name === undefined;
      const leaf = { path: isComment ? [] : [name], kind: isComment ? "comment" : "str", text, comments } as const;
      comments = isComment ? [...comments, text] : [];
      return {
        ...leaf,
        replace: (kind, replacement) =>
          edits.replace(valueStart, end, isComment ? commentToken(replacement) : token(flatText(kind, replacement))),
      };
    });
  }

  metadata(): unknown {
    this.#settle();
    const flat = this.#entries.flatMap(({ name, text }) =>
      name?.startsWith(metadataPrefix) ? [[name.slice(metadataPrefix.length), text] as const] : [],
    );
    return flat.length === 0 ? undefined : unflattenMetadata(flat);
  }

  setMetadata(metadata: SopsMetadataTree | undefined): void {
    this.#settle();
    for (const { name, start, next } of this.#entries) {
      if (name?.startsWith(metadataPrefix)) this.#edits.replace(start, next, "");
    }
    this.#settle();
    if (metadata === undefined) return;
    const lines = flattenMetadata(metadata).map(([name, text]) => `${metadataPrefix}${name}=${token(text)}`);
    this.#append(lines.join("\n"));
  }

  get(path: ConfigPath): ConfigValue | undefined {
    this.#settle();
    const values = new Map<string, string>();
    for (const { name, text } of this.#values()) if (name !== undefined) values.set(name, text);
    if (path.length === 0) return values;
    const [name, ...below] = path;
    return typeof name === "string" && below.length === 0 ? values.get(name) : undefined;
  }

  set(path: ConfigPath, value: ConfigValue): void {
    this.#settle();
    const text = token(flatTextOf(value, path));
    const [name] = path;
    if (typeof name !== "string" || path.length !== 1)
      throw invalidInput("A dotenv file has names alone: take one as the path.");
    const entry = this.#values().findLast((each) => each.name === name);
    if (entry !== undefined) {
      this.#edits.replace(entry.valueStart, entry.end, text);
      this.#settle();
      return;
    }
    if (!/^[^#=\n][^=\n]*$/.test(name) || name.startsWith(metadataPrefix)) {
      throw invalidInput(`A dotenv file has no name such as ${JSON.stringify(name)}.`);
    }
    this.#append(`${name}=${text}`, this.#values().at(-1)?.next);
  }

  remove(path: ConfigPath): boolean {
    this.#settle();
    const found = this.#values().filter(({ name }) => path.length === 1 && name !== undefined && name === path[0]);
    for (const { start, next } of found) this.#edits.replace(start, next, "");
    this.#settle();
    return found.length > 0;
  }

  render(): string {
    this.#settle();
    return this.#source;
  }

  #values(): readonly Entry[] {
    return this.#entries.filter(({ name }) => !name?.startsWith(metadataPrefix));
  }

  /** Adds a line at a place that a line begins at, or at the end. */
  #append(line: string, at = this.#source.length): void {
    const before = this.#source.slice(0, at);
    const head = before === "" || before.endsWith("\n") ? before : `${before}\n`;
    this.#replaceSource(`${head}${line}\n${this.#source.slice(at)}`);
  }

  #settle(): void {
    if (!this.#edits.isEmpty) this.#replaceSource(this.#edits.apply(this.#source));
  }

  #replaceSource(source: string): void {
    this.#source = source;
    this.#entries = parseEntries(source);
    this.#edits = new TextEdits();
  }
}

function parseEntries(source: string): readonly Entry[] {
  const entries: Entry[] = [];
  for (const [index, { start, end, next }] of lineSpans(source).entries()) {
    if (start === end) continue;
    checkLimit("leaves", entries.length + 1);
    const line = source.slice(start, end);
    const isComment = line.startsWith("#");
    const equals = line.indexOf("=");
    // The line itself is not told: it may be a part of a secret.
    if (!isComment && equals < 0)
      throw malformedFile("a line of a dotenv file is NAME=VALUE or a # comment", index + 1);
    const valueStart = start + (isComment ? 1 : equals + 1);
    const written = source.slice(valueStart, end);
    entries.push({
      name: isComment ? undefined : line.slice(0, equals),
      text: isComment ? written : written.replaceAll("\\n", "\n"),
      start,
      valueStart,
      end,
      next,
    });
  }
  return entries;
}

function token(text: string): string {
  return text.replaceAll("\n", "\\n");
}

function commentToken(text: string): string {
  return text.replaceAll("\n", "\n#");
}

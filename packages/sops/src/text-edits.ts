/** Changes of a text, by places in the text as it was. They do not overlap. */
export class TextEdits {
  readonly #edits = new Map<number, { readonly end: number; readonly text: string }>();

  /** Puts `text` in the place of what is from `start` to before `end`; a second time at `start`, instead of the first. */
  replace(start: number, end: number, text: string): void {
    this.#edits.set(start, { end, text });
  }

  get isEmpty(): boolean {
    return this.#edits.size === 0;
  }

  /** The text with all changes. */
  apply(source: string): string {
    const parts: string[] = [];
    let offset = 0;
    for (const [start, { end, text }] of [...this.#edits].sort(([a], [b]) => a - b)) {
      parts.push(source.slice(offset, start), text);
      offset = end;
    }
    parts.push(source.slice(offset));
    return parts.join("");
  }
}

/** The line of a place, from 1. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at >= 0 && at < offset; at = source.indexOf("\n", at + 1)) line++;
  return line;
}

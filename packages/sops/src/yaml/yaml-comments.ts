import type { Container, Mark } from "./yaml-nodes.ts";

/** A comment as it stands in the text, with its mark. */
export interface CommentToken {
  readonly offset: number;
  readonly text: string;
}

/** A comment and where it belongs. */
export interface YamlComment {
  /** Of its `#`. */
  readonly start: number;
  readonly end: number;
  /** Without its `#`. */
  readonly text: string;
  readonly container: Container;
  /** Where it stands among the entries of its container, as SOPS sees it: a place in the text. */
  readonly order: number;
  /** The maps and lists that it may belong to as well. */
  readonly others: readonly Container[];
}

/**
 * Gives each comment to a map or list as go.yaml.in/yaml/v3 does, by whose paths SOPS encrypts comments: YAML itself leaves
 * that open. Source: its scannerc.go, v3.0.4, and what SOPS 3.13 makes of such files.
 */
export function placeComments(
  source: string,
  tokens: readonly CommentToken[],
  marks: readonly Mark[],
  top: Container,
): readonly YamlComment[] {
  const sorted = marks.toSorted((a, b) => a.offset - b.offset);
  const firsts = new Map<Container, number>();
  for (const { container, offset } of sorted) if (!firsts.has(container)) firsts.set(container, offset);
  const found: YamlComment[] = [];
  let index = 0;
  let run: CommentLine[] = [];
  const finishRun = () => {
    const [before, after] = [sorted[index - 1], sorted[index]];
    for (const [line, container] of placeRun(source, run, before, after, top)) {
      found.push(toComment(line, { container, order: line.offset }, before, after, top));
    }
    run = [];
  };
  for (const token of tokens.toSorted((a, b) => a.offset - b.offset)) {
    const line = lineOf(source, token);
    if ((sorted[index]?.offset ?? Number.POSITIVE_INFINITY) < token.offset) {
      finishRun();
      while ((sorted[index]?.offset ?? Number.POSITIVE_INFINITY) < token.offset) index++;
    }
    const before = sorted[index - 1];
    if (line.isAlone || before === undefined) run.push(line);
    else found.push(toComment(line, behind(before, sorted, index - 1, firsts), before, sorted[index], top));
  }
  finishRun();
  return found;
}

interface CommentLine extends CommentToken {
  readonly isAlone: boolean;
  /** From 0. */
  readonly column: number;
}

function lineOf(source: string, { offset, text }: CommentToken): CommentLine {
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  return {
    offset,
    text: text.replace(/\r$/, ""),
    isAlone: source.slice(lineStart, offset).trim() === "",
    column: offset - lineStart,
  };
}

type Place = Pick<YamlComment, "container" | "order">;

function toComment(
  { offset, text }: CommentLine,
  place: Place,
  before: Mark | undefined,
  after: Mark | undefined,
  top: Container,
): YamlComment {
  const chain = [...ancestors(before?.container), ...ancestors(after?.container), top];
  return {
    start: offset,
    end: offset + text.length,
    text: text.slice(1),
    ...place,
    others: [...new Set(chain)].filter((other) => other !== place.container),
  };
}

/** At the end of a line: before its entry, as SOPS sees it. */
function behind(before: Mark, marks: readonly Mark[], index: number, firsts: ReadonlyMap<Container, number>): Place {
  // After a bracket it is the first of what the brackets hold.
  if (before.kind === "end") {
    return { container: before.container, order: firsts.get(before.container) ?? before.offset };
  }
  for (let at = index; at >= 0; at--) {
    const mark = marks[at]!;
    if (mark.kind !== "scalar" && mark.container === before.container) {
      return { container: mark.container, order: mark.offset };
    }
  }
  return { container: before.container, order: before.offset };
}

/** The containers of comments that stand alone on successive lines, with nothing but empty lines between them. */
function placeRun(
  source: string,
  run: readonly CommentLine[],
  before: Mark | undefined,
  after: Mark | undefined,
  top: Container,
): readonly (readonly [CommentLine, Container])[] {
  const all = (container: Container) => run.map((line) => [line, container] as const);
  if (before === undefined) return all(after?.container ?? top);
  const inner = before.container;
  if (after?.container.isFlow === true && after.kind !== "end") return all(after.container);
  if (inner.isFlow && before.kind !== "end") return all(inner);
  const open = before.kind === "end" ? outOf(inner) : inner;
  // Behind the last line of an encrypted file comes SOPS's metadata.
  const next = after?.container ?? ancestors(open).at(-1) ?? top;
  if (!ancestors(open).includes(next)) return all(next);
  return new RunReader(source, { open, next, top }).read(run);
}

interface RunPlaces {
  /** The block of what stands before the comments. */
  readonly open: Container;
  /** Of what follows them. */
  readonly next: Container;
  readonly top: Container;
}

/**
 * Decides what comments between two values belong to: what follows them, unless that is indented less, or an empty line parts
 * them from it.
 */
class RunReader {
  readonly #source: string;
  readonly #places: RunPlaces;
  /** The column of the innermost block: lists that are not indented have none of their own. */
  readonly #indent: number;
  readonly #found: (readonly [CommentLine, Container])[] = [];
  /** Lines that belong together. */
  #group: CommentLine[] = [];
  #isFirstGroup = true;

  constructor(source: string, places: RunPlaces) {
    this.#source = source;
    this.#places = places;
    this.#indent = Math.max(0, ...blocksAround(places.open).map(({ column }) => column));
  }

  read(run: readonly CommentLine[]): readonly (readonly [CommentLine, Container])[] {
    const [first] = run;
    if (first === undefined) return [];
    const isBelow = !isEmptyLine(this.#source, lineStartBefore(this.#source, first.offset));
    let mayEnd = isBelow;
    for (const line of run) {
      this.#endBefore(line.column);
      this.#group.push(line);
      if (isEmptyLine(this.#source, lineStartAfter(this.#source, line.offset))) {
        if (mayEnd) this.#endByEmptyLine(isBelow);
        mayEnd = false;
      }
    }
    this.#endBefore(this.#places.next.column);
    this.#give(this.#places.next);
    return this.#found;
  }

  /** Something of another column, and outside of the block: the group belongs to what is before it. */
  #endBefore(column: number): void {
    const [first] = this.#group;
    if (first === undefined || column >= this.#indent || column === first.column) return;
    this.#give(this.#isFirstGroup ? this.#places.open : this.#byColumn(first.column));
  }

  #endByEmptyLine(isBelow: boolean): void {
    const [first] = this.#group;
    if (first === undefined) return;
    if (first.column < this.#indent) this.#give(this.#byColumn(first.column));
    else if (isBelow && this.#isFirstGroup) this.#give(this.#places.open);
  }

  #give(container: Container): void {
    for (const line of this.#group) this.#found.push([line, container]);
    if (this.#group.length > 0) this.#isFirstGroup = false;
    this.#group = [];
  }

  /** The innermost of the open maps that is not indented further; what ends a list belongs to the map around it. */
  #byColumn(column: number): Container {
    if (column <= this.#places.next.column) return this.#places.next;
    const blocks = blocksAround(this.#places.open).filter(({ isList }) => !isList);
    return blocks.find((block) => block.column <= column) ?? blocks.at(-1) ?? this.#places.top;
  }
}

function lineStartBefore(source: string, offset: number): number {
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  return source.lastIndexOf("\n", lineStart - 2) + 1;
}

function lineStartAfter(source: string, offset: number): number {
  const end = source.indexOf("\n", offset);
  return end < 0 ? source.length : end + 1;
}

/** Whether a line is empty; the end of the text is none. */
function isEmptyLine(source: string, lineStart: number): boolean {
  const end = source.indexOf("\n", lineStart);
  return end >= 0 && source.slice(lineStart, end).trim() === "";
}

/** The block that a finished flow collection stands in. */
function outOf(container: Container): Container {
  return ancestors(container).find(({ isFlow }) => !isFlow) ?? container;
}

/** The blocks with an indentation of their own, from the inside to the outside. */
function blocksAround(container: Container): readonly Container[] {
  return ancestors(container).filter(
    ({ isFlow, isList, column, parent }) => !isFlow && !(isList && parent !== undefined && parent.column === column),
  );
}

/** From the inside to the outside, without the top that no text stands for. */
function ancestors(container: Container | undefined): readonly Container[] {
  const chain: Container[] = [];
  for (let at = container; at !== undefined; at = at.parent) if (at.column >= 0 || at.isFlow) chain.push(at);
  return chain;
}

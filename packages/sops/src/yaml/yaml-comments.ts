import type { Container, Mark } from "./yaml-tree.ts";

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
 * Gives each comment to a map or list as go.yaml.in/yaml/v3 does, by which SOPS encrypts it: YAML itself leaves that open.
 * What stands alone before something belongs where that does; what is followed by something less indented belongs to
 * what it is indented like.
 */
export function placeComments(
  source: string,
  tokens: readonly CommentToken[],
  marks: readonly Mark[],
  top: Container,
): readonly YamlComment[] {
  const sorted = marks.toSorted((a, b) => a.offset - b.offset);
  const comments = tokens.toSorted((a, b) => a.offset - b.offset);
  const firsts = new Map<Container, number>();
  for (const { container, offset } of sorted) if (!firsts.has(container)) firsts.set(container, offset);
  let index = 0;
  return comments.map((token) => {
    while (index < sorted.length && sorted[index]!.offset < token.offset) index++;
    const before = sorted[index - 1];
    const after = sorted[index];
    const text = token.text.replace(/\r$/, "");
    const lineStart = source.lastIndexOf("\n", token.offset - 1) + 1;
    const isAlone = source.slice(lineStart, token.offset).trim() === "";
    const column = token.offset - lineStart;
    const place =
      isAlone || before === undefined
        ? ownLine(source, token.offset, column, before, after, top)
        : behind(before, sorted, index - 1, firsts);
    const chain = [...ancestors(before?.container), ...ancestors(after?.container), top];
    return {
      start: token.offset,
      end: token.offset + text.length,
      text: text.slice(1),
      ...place,
      others: [...new Set(chain)].filter((other) => other !== place.container),
    };
  });
}

type Place = Pick<YamlComment, "container" | "order">;

/** At the end of a line: before its entry, as SOPS sees it. */
function behind(before: Mark, marks: readonly Mark[], index: number, firsts: ReadonlyMap<Container, number>): Place {
  // After a bracket it is the first of what the brackets hold.
  if (before.kind === "end") {
    return { container: before.container, order: firsts.get(before.container) ?? before.offset };
  }
  for (let at = index; at >= 0; at--) {
    const mark = marks[at]!;
    if (mark.kind !== "scalar" && mark.container === before.container)
      return { container: mark.container, order: mark.offset };
  }
  return { container: before.container, order: before.offset };
}

function ownLine(
  source: string,
  offset: number,
  column: number,
  before: Mark | undefined,
  after: Mark | undefined,
  top: Container,
): Place {
  const here = (container: Container): Place => ({ container, order: offset });
  if (before === undefined) return here(after?.container ?? top);
  const inner = before.container;
  if (after?.container.isFlow === true && after.kind !== "end") return here(after.container);
  if (inner.isFlow && before.kind !== "end") return here(inner);
  const open = before.kind === "end" ? outOf(inner) : inner;
  // Behind the last line of an encrypted file comes SOPS's metadata.
  const next = after?.container ?? ancestors(open).at(-1) ?? top;
  const isNew = !ancestors(open).includes(next);
  if (isNew) return here(next);
  const indent = Math.max(0, ...ancestors(open).map((container) => (container.isFlow ? 0 : container.column)));
  if (next.column < indent && column > next.column) return here(byColumn(open, column, top));
  return here(isFootnote(source, offset) ? byColumn(open, column, top) : next);
}

/** Right below something, and with an empty line behind it: so are the comments right above and below it. */
function isFootnote(source: string, offset: number): boolean {
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  const isBelow = neighbour(source, lineStart, -1) === "content";
  return isBelow && neighbour(source, lineStart, 1) === "empty";
}

/** What the first line is, upwards or downwards, that is no comment. */
function neighbour(source: string, start: number, step: 1 | -1): "content" | "empty" | "none" {
  for (let lineStart = start; ; ) {
    const end = source.indexOf("\n", lineStart);
    if (step > 0 ? end < 0 || end === source.length - 1 : lineStart === 0) return "none";
    lineStart = step > 0 ? end + 1 : source.lastIndexOf("\n", lineStart - 2) + 1;
    const lineEnd = source.indexOf("\n", lineStart);
    const line = source.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).trim();
    if (!line.startsWith("#")) return line === "" ? "empty" : "content";
  }
}

/** The innermost of the open maps and lists that is not indented further. */
function byColumn(open: Container, column: number, top: Container): Container {
  return ancestors(open).find((container) => !container.isFlow && container.column <= column) ?? outermost(open) ?? top;
}

function outermost(container: Container): Container | undefined {
  return ancestors(container).at(-1);
}

/** The block that a finished flow collection stands in. */
function outOf(container: Container): Container {
  return ancestors(container).find(({ isFlow }) => !isFlow) ?? container;
}

/** From the inside to the outside, without the top that no text stands for. */
function ancestors(container: Container | undefined): readonly Container[] {
  const chain: Container[] = [];
  for (let at = container; at !== undefined; at = at.parent) if (at.column >= 0 || at.isFlow) chain.push(at);
  return chain;
}

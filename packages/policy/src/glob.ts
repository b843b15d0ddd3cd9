/** A wildcard pattern: the pieces between its `*`s, each of which may have `?` holes. */
export interface Glob {
  readonly head: Piece;
  /** The pieces between the first and the last `*`, in order. */
  readonly middle: readonly Piece[];
  /** Undefined when the pattern has no `*`: then `head` is all of it. */
  readonly tail: Piece | undefined;
  readonly minLength: number;
}

interface Piece {
  readonly text: string;
  /** UTF-16 code units with -1 for `?`; undefined when there is no `?`. */
  readonly codes: Int32Array | undefined;
}

/** A part of a pattern: literal text, `any` for `*`, `one` for `?`. */
export type GlobPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "one" };

const hole = -1;

export function compileGlob(parts: readonly GlobPart[]): Glob {
  const pieces: Piece[] = [];
  let text = "";
  let holes: number[] = [];
  const finishPiece = (): void => {
    pieces.push({ text, codes: holes.length === 0 ? undefined : codesOf(text, holes) });
    text = "";
    holes = [];
  };
  for (const part of parts) {
    if (part.kind === "any") finishPiece();
    else if (part.kind === "one") {
      holes.push(text.length);
      text += "?";
    } else text += part.text;
  }
  finishPiece();
  const [head, ...rest] = pieces as [Piece, ...Piece[]];
  const tail = rest.pop();
  const minLength = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  return { head, middle: rest.filter((piece) => piece.text !== ""), tail, minLength };
}

/**
 * Whether the code units of `value` in [from, to) match the whole pattern. Every piece is taken at its leftmost place
 * and never given back (which is enough for `*`), so the cost is at most the value's length times that of the longest
 * piece, never exponential.
 */
export function matchesGlob(glob: Glob, value: string, from = 0, to = value.length): boolean {
  const { head, middle, tail, minLength } = glob;
  if (tail === undefined) return to - from === minLength && isAt(head, value, from);
  if (to - from < minLength) return false;
  const end = to - tail.text.length;
  if (!isAt(head, value, from) || !isAt(tail, value, end)) return false;
  let at = from + head.text.length;
  for (const piece of middle) {
    const found = find(piece, value, at, end);
    if (found < 0) return false;
    at = found + piece.text.length;
  }
  return true;
}

function find(piece: Piece, value: string, from: number, to: number): number {
  const last = to - piece.text.length;
  if (piece.codes === undefined) {
    const found = value.indexOf(piece.text, from);
    return found <= last ? found : -1;
  }
  for (let at = from; at <= last; at++) if (isAt(piece, value, at)) return at;
  return -1;
}

/** The caller has checked that the piece fits. */
function isAt(piece: Piece, value: string, at: number): boolean {
  const { text, codes } = piece;
  if (codes === undefined) return value.startsWith(text, at);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code !== hole && code !== value.charCodeAt(at + i)) return false;
  }
  return true;
}

function codesOf(text: string, holes: readonly number[]): Int32Array {
  const codes = Int32Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  for (const at of holes) codes[at] = hole;
  return codes;
}

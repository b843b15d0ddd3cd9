/** Decoded bytes, or the index of the first character that is wrong, in the numbering of Go's decoder. */
export type Base64Result =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly index: number };

const equals = 0x3d;

/**
 * Decodes standard base64 with padding (RFC 4648 section 4) as the original's library does (Go, encoding/base64
 * `StdEncoding`): line breaks are skipped, unused trailing bits are ignored, everything else is refused.
 */
export function decodeBase64(text: string): Base64Result {
  const bytes = decodeUnbroken(text);
  if (bytes !== undefined) return { ok: true, bytes };
  const index = firstProblem(text);
  // Only line breaks can be between the two: what is left without them decodes.
  return index === undefined
    ? { ok: true, bytes: Buffer.from(text.replace(/[\r\n]/g, ""), "base64") }
    : { ok: false, index };
}

/** Go's words for text that is no base64. */
export function base64Problem(index: number): string {
  return `illegal base64 data at input byte ${index}`;
}

/** The bytes of base64 without line breaks; undefined when anything is out of the ordinary. */
function decodeUnbroken(text: string): Buffer | undefined {
  const { length } = text;
  if (length % 4 !== 0) return undefined;
  let padding = 0;
  if (length > 0 && text.charCodeAt(length - 1) === equals) padding = text.charCodeAt(length - 2) === equals ? 2 : 1;
  // Node's decoder skips what it does not know, which shows in the length, and takes the URL alphabet, which does not.
  if (text.includes("-") || text.includes("_")) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length === (length / 4) * 3 - padding ? bytes : undefined;
}

/** A letter of the alphabet, padding, a line break, or something else. */
function classify(code: number): "digit" | "padding" | "break" | "other" {
  if (code === 0x0a || code === 0x0d) return "break";
  if (code === equals) return "padding";
  const digit =
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b ||
    code === 0x2f;
  return digit ? "digit" : "other";
}

/** Where Go's decoder stops; undefined when it takes the whole text. The text is ASCII up to that index, so characters are bytes. */
function firstProblem(text: string): number | undefined {
  let digits = 0;
  let at = 0;
  for (; at < text.length; at += 1) {
    const kind = classify(text.charCodeAt(at));
    if (kind === "break") continue;
    if (kind === "digit") {
      digits = (digits + 1) % 4;
      continue;
    }
    if (kind === "other" || digits < 2) return at;
    return paddingProblem(text, at, digits);
  }
  // The text ended within a group of four: Go names where the group's last digits began.
  return digits === 0 ? undefined : text.length - digits;
}

/** What is wrong from the first `=` on, which follows `digits` (2 or 3) digits of its group. */
function paddingProblem(text: string, first: number, digits: number): number | undefined {
  let at = skipBreaks(text, first + 1);
  if (digits === 2) {
    if (at === text.length) return text.length;
    if (text.charCodeAt(at) !== equals) return at - 1;
    at = skipBreaks(text, at + 1);
  }
  return at < text.length ? at : undefined;
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (at < text.length && classify(text.charCodeAt(at)) === "break") at += 1;
  return at;
}

import { invariant } from "./invariant.ts";

const prefixBytes = 4;

/**
 * Writes `count` (u32be), then each string as its length in bytes (u32be) and its UTF-8. Different lists give different
 * bytes: a string that UTF-8 cannot carry (a lone surrogate) is refused, since two of those would encode alike.
 */
export function encodeLengthPrefixed(count: number, strings: readonly string[]): Buffer {
  let byteLength = prefixBytes;
  for (const text of strings) {
    invariant(text.isWellFormed(), "text is well-formed Unicode");
    byteLength += prefixBytes + Buffer.byteLength(text);
  }
  const out = Buffer.allocUnsafe(byteLength);
  let offset = out.writeUInt32BE(count, 0);
  for (const text of strings) {
    const written = out.write(text, offset + prefixBytes);
    out.writeUInt32BE(written, offset);
    offset += prefixBytes + written;
  }
  return out;
}

const lastCodePoint = 0x10ffff;

/**
 * The least text, by code points, above every text that starts with `prefix`: the range of a prefix listing is
 * `prefix <= name < bound`, which any ordered index serves and no wildcard can escape from.
 *
 * @returns undefined when there is no such text: for the empty prefix, and one of U+10FFFF only
 */
export function prefixUpperBound(prefix: string): string | undefined {
  const codePoints = [...prefix];
  while (codePoints.length > 0) {
    const last = codePoints.pop()?.codePointAt(0);
    if (last === undefined || last === lastCodePoint) continue;
    // The surrogates U+D800 to U+DFFF are no characters: UTF-8 has none.
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return codePoints.join("") + String.fromCodePoint(next);
  }
  return undefined;
}

/** Orders texts by code points, as the databases do. JavaScript's `<` orders by UTF-16 units, which differs. */
export function compareText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

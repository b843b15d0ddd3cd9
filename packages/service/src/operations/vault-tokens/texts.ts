const shownChars = 64;
const shownItems = 20;

/** A text as Go's %q writes it, cut where it is long. */
export function goQuote(text: string): string {
  return JSON.stringify(text.slice(0, shownChars));
}

/** A list of texts as Go's %q writes it. */
export function goList(texts: readonly string[]): string {
  return `[${texts.slice(0, shownItems).map(goQuote).join(" ")}]`;
}

/** Whether a text is as a pattern says, in which `*` stands for anything; a pattern without one is the text itself. */
export function matchesGlob(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Names in lower case, without space around them, each once and in order (OpenBao: `strutil.RemoveDuplicates`). */
export function lowerNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ""))].sort();
}

/** Prints a heading and a Markdown table; columns after the first are right-aligned. */
export function printTable(
  title: string,
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  console.log(`\n## ${title}\n`);
  console.log(`| ${heads.join(" | ")} |`);
  console.log(`| ${heads.map((_, index) => (index === 0 ? "---" : "---:")).join(" | ")} |`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

/** Says on a terminal what is under way. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}

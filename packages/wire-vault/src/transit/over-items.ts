import type { ItemOutcome } from "./item-answer.ts";

/**
 * Runs an operation on the items that could be read, and puts what became of each in the order of the input.
 *
 * @param parsed a text says what is wrong with an item
 */
export async function overItems<Parsed, Result>(
  parsed: readonly (Parsed | string)[],
  run: (items: readonly Parsed[]) => Promise<readonly Result[]>,
  describe: (result: Result) => ItemOutcome,
): Promise<readonly ItemOutcome[]> {
  const items = parsed.filter((item): item is Parsed => typeof item !== "string");
  const results = await run(items);
  let next = 0;
  return parsed.map((item) => (typeof item === "string" ? item : describe(results[next++]!)));
}

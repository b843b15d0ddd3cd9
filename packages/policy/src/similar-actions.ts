import { allActions } from "./actions.ts";

/** At most this many, and none that is further away. */
const mostSuggestions = 3;
const mostEdits = 4;

const known: ReadonlyMap<string, string> = new Map(allActions.map((action) => [action.toLowerCase(), action]));

/**
 * The `kms:` actions that a misspelt one may have meant, the nearest first: an unknown action is no error in a policy or a
 * question, so nothing else would tell. Undefined for an action that there is, in any case, and for other services'.
 */
export function similarActions(action: string): readonly string[] | undefined {
  const wanted = action.toLowerCase();
  if (!wanted.startsWith("kms:") || known.has(wanted)) return undefined;
  return [...known]
    .map(([name, shown]) => ({ shown, edits: editsBetween(wanted, name) }))
    .filter(({ edits }) => edits <= mostEdits)
    .sort((one, other) => one.edits - other.edits)
    .slice(0, mostSuggestions)
    .map(({ shown }) => shown);
}

/** Letters to put in, take out or exchange (Levenshtein distance). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let index = 1; index <= to.length; index++) {
      const exchanged = row[index - 1]! + (from[at - 1] === to[index - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[index]! + 1, next[index - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

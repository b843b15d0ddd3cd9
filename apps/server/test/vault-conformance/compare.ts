import type { Answer } from "./play.ts";
import type { Difference, Json } from "./scenario.ts";

/** What is at a path in one answer and in the other; undefined where nothing is. */
type Differing = Map<string, readonly [recorded: Json | undefined, actual: Json | undefined]>;

/** Members that Coffer has in every answer of some kind, as Vault has them, and OpenBao has not. */
const everywhere: readonly Difference[] = [{ at: "body.mount_type", row: "The member `mount_type`" }];

/** Rows of docs/divergences/vault.md that no step names. */
export const everywhereRows: readonly string[] = everywhere.map(({ row }) => row);

/**
 * Compares an answer with the recorded one.
 *
 * @returns a line for each place where it is neither the recorded one nor a known difference, and for each known
 *   difference that is none
 */
export function compare(recorded: Answer, actual: Answer, known: readonly Difference[] = []): string[] {
  const differing: Differing = new Map();
  collect("", recorded as unknown as Json, actual as unknown as Json, differing);
  for (const { at } of everywhere) if (differing.get(at)?.[0] === undefined) differing.delete(at);
  const findings: string[] = [];
  for (const { at, coffer } of known) {
    const found = differing.get(at);
    if (found === undefined) findings.push(`${at} is as recorded: take the difference out`);
    else if (show(found[1]) !== show(coffer)) findings.push(`${at}: ${show(found[1])}, not the known ${show(coffer)}`);
    differing.delete(at);
  }
  for (const [at, [was, is]] of differing) findings.push(`${at}: recorded ${show(was)}, now ${show(is)}`);
  return findings;
}

function collect(at: string, recorded: Json | undefined, actual: Json | undefined, into: Differing): void {
  if (isContainer(recorded) && isContainer(actual) && Array.isArray(recorded) === Array.isArray(actual)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(actual)])) {
      collect(at === "" ? name : `${at}.${name}`, recorded[name], actual[name], into);
    }
  } else if (show(recorded) !== show(actual)) into.set(at, [recorded, actual]);
}

function isContainer(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null;
}

function show(value: Json | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value, sorted);
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

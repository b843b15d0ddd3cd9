import type { PolicyProblem } from "./types.ts";

/** Thrown inside the parser, caught by `parsePolicy`; never leaves the package. */
export class Malformed extends Error {
  override readonly name = "Malformed";
  readonly problem: PolicyProblem;

  constructor(problem: PolicyProblem) {
    super(problem.reason);
    this.problem = problem;
  }
}

/** Where in the document the parser is. */
export interface Place {
  readonly path: string;
  readonly statement?: number;
  readonly sid?: string;
}

export function refuse(place: Place, reason: string): never {
  const { path, statement, sid } = place;
  throw new Malformed({
    ...(statement === undefined ? {} : { statement }),
    ...(sid === undefined ? {} : { sid }),
    path,
    reason,
  });
}

/** The place of a member: `Statement[0]` and `Action` make `Statement[0].Action`. */
export function within(place: Place, name: string): Place {
  return { ...place, path: place.path === "" ? name : `${place.path}.${name}` };
}

/** The members of an object, in a map so that `__proto__` and its like are ordinary names. */
export function readObject(value: unknown, place: Place): ReadonlyMap<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(place, "must be an object");
  return new Map(Object.entries(value));
}

export function readString(value: unknown, place: Place): string {
  return typeof value === "string" ? value : refuse(place, "must be a string");
}

/** One string, or a list of at least one. */
export function readStrings(value: unknown, place: Place): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return refuse(place, "must not be an empty list");
  return list.map((item) => (typeof item === "string" ? item : refuse(place, "must be a string or a list of strings")));
}

/** Condition values: numbers and booleans are what they are written as (IAM User Guide, "The policy language and JSON"). */
export function readScalars(value: unknown, place: Place): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return refuse(place, "must not be an empty list");
  return list.map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "boolean") return String(item);
    if (typeof item !== "number") return refuse(place, "must be a string, number or boolean, or a list of them");
    const isExact = Number.isInteger(item) ? Number.isSafeInteger(item) : Number.isFinite(item);
    return isExact ? String(item) : refuse(place, "has a number too large to be exact: write it as a string");
  });
}

/** Names are refused unless they are known, since a misspelt element would otherwise widen the policy in silence. */
export function allowOnly(members: ReadonlyMap<string, unknown>, known: ReadonlySet<string>, place: Place): void {
  for (const name of members.keys()) {
    if (!known.has(name)) refuse(place, `has an unknown element: ${printable(name)}`);
  }
}

/** Quotes a name out of the document so that it is harmless and short wherever it is shown. */
export function printable(name: string): string {
  const short = name.length > 64 ? `${name.slice(0, 64)}...` : name;
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, "?");
}

import { type Fields, refuseField } from "../http/fields.ts";

/** Texts by name: an object, or a list of `name=value` as the CLI sends them. Undefined when absent. */
export function pairsOf(fields: Fields, name: string): Readonly<Record<string, string>> | undefined {
  const value = fields.raw(name);
  if (value === undefined) return undefined;
  const entries: [string, string][] = [];
  if (typeof value === "string" || Array.isArray(value)) {
    for (const pair of fields.texts(name)) {
      const equals = pair.indexOf("=");
      if (equals < 1) return refuseField(name, "expected name=value");
      entries.push([pair.slice(0, equals), pair.slice(equals + 1)]);
    }
    return Object.fromEntries(entries);
  }
  if (typeof value !== "object" || value === null) return refuseField(name, "expected an object of texts");
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== "string" && typeof each !== "number" && typeof each !== "boolean") {
      return refuseField(name, "expected an object of texts");
    }
    entries.push([key, String(each)]);
  }
  return Object.fromEntries(entries);
}

/** An RFC 3339 time. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** What Vault shows of texts by name: null where there are none. */
export function shownPairs(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> | null {
  return Object.keys(pairs).length === 0 ? null : pairs;
}

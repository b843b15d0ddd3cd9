import { RE2JS } from "re2js";
import type { Leaf } from "./document.ts";
import { checkLimit } from "./limits.ts";
import { invalidInput } from "./problems.ts";

/** The rules by which values are chosen, by their names in the metadata. A file has one of them. */
export const ruleNames = [
  "unencrypted_suffix",
  "encrypted_suffix",
  "unencrypted_regex",
  "encrypted_regex",
  "unencrypted_comment_regex",
  "encrypted_comment_regex",
] as const;

export type RuleName = (typeof ruleNames)[number];

/** Which values are encrypted. Regular expressions are RE2's, as in SOPS: they match anywhere in a name. */
export interface EncryptionRule {
  readonly name: RuleName;
  readonly pattern: string;
}

/** What SOPS takes when nobody says. */
export const defaultRule: EncryptionRule = { name: "unencrypted_suffix", pattern: "_unencrypted" };

/** Tells whether a leaf is to be encrypted. */
export type LeafSelector = (leaf: Pick<Leaf, "path" | "kind" | "text" | "comments">) => boolean;

const selectors: ReadonlyMap<RuleName, (pattern: string) => LeafSelector> = new Map([
  ["unencrypted_suffix", (suffix) => byNames((name) => name.endsWith(suffix), false)],
  ["encrypted_suffix", (suffix) => byNames((name) => name.endsWith(suffix), true)],
  ["unencrypted_regex", (pattern) => byNames(matcher(pattern), false)],
  ["encrypted_regex", (pattern) => byNames(matcher(pattern), true)],
  [
    "unencrypted_comment_regex",
    (pattern) => {
      const matches = matcher(pattern);
      return ({ kind, text, comments = [] }) => !(comments.some(matches) || (kind === "comment" && matches(text)));
    },
  ],
  [
    "encrypted_comment_regex",
    (pattern) => {
      const matches = matcher(pattern);
      // The comment that says so stays readable; those that follow it do not.
      return ({ comments = [] }) => comments.some(matches);
    },
  ],
]);

/** @throws EnvelopeError InvalidInput for a rule or regular expression that there is not; LimitExceeded */
export function leafSelector({ name, pattern }: EncryptionRule): LeafSelector {
  checkLimit("ruleCharacters", pattern.length);
  const make = selectors.get(name);
  if (make === undefined) throw invalidInput(`There is no rule ${name}; there are ${ruleNames.join(", ")}.`);
  return make(pattern);
}

/** Any name on the path decides for all that is below it. */
function byNames(matches: (name: string) => boolean, whenMatched: boolean): LeafSelector {
  const known = memoized(matches);
  return ({ path }) => path.some(known) === whenMatched;
}

/** A regular expression of Go's, in linear time: a file may come from anywhere. */
function matcher(pattern: string): (text: string) => boolean {
  try {
    const compiled = RE2JS.compile(pattern);
    return memoized((text) => compiled.matcher(text).find());
  } catch (error) {
    throw invalidInput(`The rule's regular expression is not one of RE2's syntax: ${(error as Error).message}`);
  }
}

function memoized(decide: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const decided = decide(text);
    known.set(text, decided);
    return decided;
  };
}

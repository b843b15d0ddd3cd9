import { EnvelopeError } from "@coffer/envelope";

/** What a file may hold, so that a small one cannot take all memory (aliases of aliases) or the stack (nesting). */
export const limits = {
  /** Characters of a file. */
  fileCharacters: 64 * 1024 * 1024,
  /** Values and comments, those that aliases repeat counted each time. */
  leaves: 100_000,
  /** Maps and lists in one another. */
  depth: 100,
  /** Comments that hold for one value, where a rule by comment asks. */
  commentsOfValue: 1000,
  /** Recipients in a file. SOPS has no limit. */
  recipients: 100,
  /** Characters of a rule's regular expression. */
  ruleCharacters: 4096,
} as const;

/** @throws EnvelopeError LimitExceeded */
export function checkLimit(name: keyof typeof limits, value: number): void {
  if (value > limits[name]) {
    throw new EnvelopeError(
      "LimitExceeded",
      `The file has more ${what[name]} than ${limits[name]}, which is the limit.`,
    );
  }
}

const what: Readonly<Record<keyof typeof limits, string>> = {
  fileCharacters: "characters",
  leaves: "values",
  depth: "maps and lists in one another",
  commentsOfValue: "comments before a value",
  recipients: "recipients",
  ruleCharacters: "characters in a rule",
};

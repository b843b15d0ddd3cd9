import { EnvelopeError } from "@coffer/envelope";

/** A file that cannot be read as what it should be. @param line from 1 */
export function malformedFile(what: string, line?: number): EnvelopeError {
  return new EnvelopeError("MessageMalformed", line === undefined ? `${what}.` : `Line ${line}: ${what}.`);
}

export function invalidInput(what: string): EnvelopeError {
  return new EnvelopeError("InvalidInput", what);
}

/** A path as people read it: `db.users[0]`. Names are not secret in SOPS's files. */
export function pathText(path: readonly (string | number)[]): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  return text === "" ? "the top" : text.replace(/^\./, "");
}

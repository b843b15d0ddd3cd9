import { isRecord } from "../client.ts";
import { printable, styled } from "../terminal.ts";

type Json = Readonly<Record<string, unknown>>;

const reasons: ReadonlyMap<unknown, string> = new Map([
  ["explicit-deny", "a statement denies it"],
  ["key-policy", "the key policy names the caller"],
  ["grant", "a grant allows it"],
  ["identity-policy", "a policy of the caller allows it"],
  ["account-root", "the caller is the root of its account"],
  ["implicit-deny", "nothing allows it"],
  ["identity-implicit-deny", "the caller's own account does not allow it"],
  ["session-implicit-deny", "the session's policies do not allow it"],
  ["boundary-implicit-deny", "the permissions boundary does not allow it"],
  ["cross-account-unsupported", "AWS KMS has no such action on a key of another account"],
]);

const sources: ReadonlyMap<unknown, string> = new Map([
  ["key-policy", "key policy"],
  ["identity-policy", "identity policy"],
  ["session-policy", "session policy"],
  ["boundary", "permissions boundary"],
  ["grant", "grant"],
]);

/** The verdict of a decision, what decided it, what the statements lacked, and what would allow it; line by line. */
export function tellDecision(decision: Json): string[] {
  const { action, resource, allowed, reason, by, remedies } = decision;
  const verdict = allowed === true ? styled("green", "allowed") : styled("red", "denied");
  const lines = [
    `${verdict}: ${text(action)} on ${text(resource)}`,
    `  because ${reasons.get(reason) ?? text(reason)}${isRecord(by) ? `: ${placeOf(by)}` : ""}`,
  ];
  if (allowed === true) return lines;
  const statements = listOf(decision["considered"] ?? decision["statements"]).filter(
    ({ effect, failed }) => effect === "Allow" && isRecord(failed),
  );
  for (const statement of statements) lines.push(...tellStatement(statement));
  const { grant } = decision;
  if (isRecord(grant)) {
    lines.push(
      `  grant ${text(grant["grantId"])} does not allow it: its constraint on ${text(grant["failed"])} is not met`,
    );
  }
  const offered = listOf(remedies);
  for (const [at, remedy] of offered.entries()) {
    lines.push(at === 0 ? "  The least that would allow it:" : "  Or:");
    for (const step of listOf(remedy["steps"])) lines.push(...tellStep(step));
  }
  if (offered.length === 0) lines.push(`  ${hopeless.get(reason) ?? "Nothing that can be added would allow it."}`);
  return lines;
}

const hopeless: ReadonlyMap<unknown, string> = new Map([
  ["explicit-deny", "Nothing that is added helps against a Deny: change or remove that statement."],
  ["cross-account-unsupported", "No policy and no grant can allow it: use the key's own account."],
]);

/** `key policy, statement 2 (Sid "ops")`; statements and policies count from 1. */
function placeOf({ source, policy, statement, sid, grantId }: Json): string {
  const name = sources.get(source) ?? text(source);
  const number = typeof policy === "number" ? ` ${policy + 1}` : "";
  const which = typeof statement === "number" ? `, statement ${statement + 1}` : "";
  const grant = grantId === undefined ? "" : ` ${text(grantId)}`;
  return `${name}${number}${grant}${which}${sid === undefined ? "" : ` (Sid ${JSON.stringify(text(sid))})`}`;
}

function tellStatement(statement: Json): string[] {
  const { element, operator, key, expected, actual } = statement["failed"] as Json;
  const what = element === "Condition" ? `condition ${text(operator)} of ${text(key)}` : text(element);
  return [
    `  ${placeOf(statement)} does not match: its ${what}`,
    `    expects ${valuesOf(expected)}`,
    `    the request has ${actual === undefined ? "none" : valuesOf(actual)}`,
  ];
}

function tellStep(step: Json): string[] {
  if (step["add"] === "grant") return [`    a grant on ${text(step["key"])}:`, `      ${shown(step["grant"])}`];
  const to = sources.get(step["to"]) ?? text(step["to"]);
  return [`    a statement in the ${to} of ${text(step["of"])}:`, `      ${shown(step["statement"])}`];
}

function valuesOf(values: unknown): string {
  return Array.isArray(values) && values.length > 0 ? values.map((value) => shown(value)).join(", ") : "none";
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value));
}

function text(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value ?? null));
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

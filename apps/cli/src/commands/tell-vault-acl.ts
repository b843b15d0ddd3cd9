import { isRecord } from "../client.ts";
import { printable, styled } from "../terminal.ts";

type Json = Readonly<Record<string, unknown>>;

const reasons: ReadonlyMap<unknown, string> = new Map([
  ["root", "the token has the policy root"],
  ["allowed", "a rule gives the capability"],
  ["entity", "the token's entity is disabled or deleted"],
  ["authMethod", "the auth method that gave the token was disabled or moved"],
  ["noRule", "no rule of its policies is for this path"],
  ["deny", "a rule for this path says deny"],
  ["capability", "the rules for this path lack the capability"],
  ["parameter", "the rules for this path refuse a parameter"],
  ["wrapping", "the rules for this path want the answer wrapped, for another time than was asked for"],
  ["pagination", "the rules for this path want smaller pages"],
]);

/** What the ACL policies of a Vault token said, by which rules, and what would allow it; line by line. */
export function tellVaultAcl(decision: Json): string[] {
  const { path, capability, allowed, reason, parameter, rules, policies, remedy } = decision;
  const verdict = allowed === true ? styled("green", "allowed") : styled("red", "denied");
  const named = parameter === undefined ? "" : `: ${text(parameter)}`;
  const lines = [
    `${verdict}: ${text(capability)} on ${text(path)}`,
    `  because ${reasons.get(reason) ?? text(reason)}${named}`,
    ...listOf(rules).map((rule) => `  ${ruleOf(rule)}`),
  ];
  if (allowed === true) return lines;
  const names = Array.isArray(policies) ? policies.map(text).join(", ") : "";
  lines.push(`  The token's policies: ${names === "" ? "none" : names}`);
  return isRecord(remedy) ? [...lines, ...tellRemedy(remedy)] : lines;
}

function tellRemedy(remedy: Json): string[] {
  if (remedy["kind"] === "add") {
    return ["  The least that would allow it, in one of these policies:", `    ${text(remedy["rule"])}`];
  }
  const what = remedies.get(remedy["kind"]);
  return what === undefined ? [] : [`  ${what}`];
}

const remedies: ReadonlyMap<unknown, string> = new Map([
  ["remove", "Nothing that is added helps against a deny for the very path: change or remove that rule."],
  ["parameter", "Change the request's parameter, or what the rule says of it."],
  ["wrapping", "Ask for a wrapped answer (X-Vault-Wrap-TTL) within the rule's times."],
  ["pagination", "Ask for a smaller limit, or limit=max."],
]);

/** `policy dev, line 3: path "transit/*" has read, list` */
function ruleOf({ policy, line, path, capabilities }: Json): string {
  const given = Array.isArray(capabilities) ? capabilities.map(text).join(", ") : "";
  return `policy ${text(policy)}, line ${text(line)}: path ${text(JSON.stringify(path))} has ${given === "" ? "nothing" : given}`;
}

function text(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value ?? null));
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

import { vaultPolicyLimits } from "./vault-acl/limits.ts";
import { type MemberNode, type ObjectNode, PolicyRefusal } from "./vault-acl/nodes.ts";
import { readDocument } from "./vault-acl/read-document.ts";

/** How passwords are to be made (Vault documentation, "Password policies"). */
export interface PasswordPolicy {
  /** Characters. */
  readonly length: number;
  readonly rules: readonly PasswordRule[];
}

/** That so many characters are of a set. */
export interface PasswordRule {
  /** Each once. */
  readonly charset: readonly string[];
  readonly minChars: number;
}

export type PasswordPolicyParseResult =
  | { readonly ok: true; readonly policy: PasswordPolicy }
  | { readonly ok: false; readonly reason: string };

/** The shortest and the longest password that a policy may ask for, and the most characters of all its sets. */
export const passwordLimits = { leastLength: 4, mostLength: 100, charsetSize: 256 } as const;

/**
 * Parses a password policy, HCL or JSON. Stricter than the original: unknown keys and negative numbers are refused.
 * Never throws.
 */
export function parsePasswordPolicy(text: string): PasswordPolicyParseResult {
  try {
    if (Buffer.byteLength(text) > vaultPolicyLimits.textBytes) throw new PolicyRefusal("the policy is too large");
    return { ok: true, policy: policyOf(readDocument(text)) };
  } catch (error) {
    if (!(error instanceof PolicyRefusal)) throw error;
    return { ok: false, reason: error.message };
  }
}

function policyOf(document: ObjectNode): PasswordPolicy {
  let length = 0;
  const rules: PasswordRule[] = [];
  for (const member of document.members) {
    if (member.key === "length" && member.labels.length === 0) length = countOf(member);
    else if (member.key === "rule") rules.push(...rulesOf(member));
    else throw unknownKey(member);
  }
  check(length, rules);
  return { length, rules };
}

/** HCL's `rule "charset" { }`; JSON's `"rule": { "charset": { } }`, and a list of those. */
function rulesOf(member: MemberNode): PasswordRule[] {
  const [type, ...more] = member.labels;
  if (type !== undefined && more.length === 0) return [ruleOf(type, member)];
  const groups = member.value.kind === "list" ? member.value.items : [member.value];
  return groups.flatMap((group) => {
    if (group.kind !== "object" || more.length > 0)
      throw new PolicyRefusal(`a rule is no object on line ${member.line}`);
    return group.members.map((each) => ruleOf(each.key, each));
  });
}

function ruleOf(type: string, { value, line }: MemberNode): PasswordRule {
  if (type !== "charset") {
    throw new PolicyRefusal(`unable to parse rules: unable to parse rule ${type}: unrecognized rule type ${type}`);
  }
  if (value.kind !== "object") throw new PolicyRefusal(`a rule is no object on line ${line}`);
  let charset: readonly string[] = [];
  let minChars = 0;
  for (const member of value.members) {
    if (member.key === "charset") charset = charactersOf(member);
    else if (member.key === "min-chars") minChars = countOf(member);
    else throw unknownKey(member);
  }
  if (minChars > 0 && charset.length === 0) throw new PolicyRefusal(collected("no charset specified"));
  return { charset, minChars };
}

function charactersOf({ value, line }: MemberNode): readonly string[] {
  if (value.kind !== "literal" || typeof value.value !== "string") {
    throw new PolicyRefusal(`charset is no text on line ${line}`);
  }
  return [...new Set(value.value)];
}

function countOf({ key, value, line }: MemberNode): number {
  const count = value.kind === "literal" && /^[0-9]{1,6}$/.test(value.text) ? Number(value.text) : undefined;
  if (count === undefined) throw new PolicyRefusal(`${key} is no whole number on line ${line}`);
  return count;
}

function unknownKey({ key, line }: MemberNode): PolicyRefusal {
  return new PolicyRefusal(`invalid key ${JSON.stringify(key)} on line ${line}`);
}

function check(length: number, rules: readonly PasswordRule[]): void {
  const problems: string[] = [];
  const least = rules.reduce((sum, rule) => sum + rule.minChars, 0);
  if (length === 0) problems.push("length must be > 0");
  else if (length < least) {
    problems.push(`specified rules require at least ${least} characters but ${length} is specified`);
  }
  const characters = new Set(rules.flatMap((rule) => rule.charset));
  if (characters.size === 0) problems.push("no charset specified");
  // Go's unicode.IsPrint: of what is white, only the space is printable.
  if ([...characters].some((each) => each !== " " && /[\p{C}\p{Z}]/u.test(each))) {
    problems.push("non-printable character in charset");
  }
  if (characters.size > passwordLimits.charsetSize) {
    problems.push(`charset is too long: limited to ${passwordLimits.charsetSize} characters`);
  }
  if (problems.length > 0) throw new PolicyRefusal(collected(...problems));
  const { leastLength, mostLength } = passwordLimits;
  if (length < leastLength || length > mostLength) {
    throw new PolicyRefusal(`passwords must be between ${leastLength} and ${mostLength} characters`);
  }
}

function collected(...problems: readonly string[]): string {
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  return `${count} occurred:\n${problems.map((problem) => `\t* ${problem}\n`).join("")}\n`;
}

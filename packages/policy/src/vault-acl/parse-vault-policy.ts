import { parseVaultDuration, parseVaultTime } from "./durations.ts";
import { vaultPolicyLimits } from "./limits.ts";
import { type DocumentNode, type MemberNode, type ObjectNode, PolicyRefusal } from "./nodes.ts";
import { isTemplated, type PathTemplate, parsePathTemplate } from "./path-template.ts";
import { readDocument } from "./read-document.ts";
import type {
  VaultCapability,
  VaultParameterValue,
  VaultParameterValues,
  VaultPolicy,
  VaultPolicyRule,
} from "./types.ts";

/** What parsing a Vault policy gives; `reason` says what is wrong and on which line, in the words of the original. */
export type VaultPolicyParseResult =
  | { readonly ok: true; readonly policy: VaultPolicy }
  | { readonly ok: false; readonly reason: string };

const capabilities: ReadonlySet<string> = new Set<VaultCapability>([
  "create",
  "read",
  "update",
  "patch",
  "delete",
  "list",
  "scan",
  "sudo",
  "deny",
]);

const read: readonly VaultCapability[] = ["read", "list"];
const write: readonly VaultCapability[] = ["create", "read", "update", "delete", "list"];
/** What `policy = "..."` stood for before there were capabilities (Vault documentation, "Policies"). */
const legacyPolicies: ReadonlyMap<string, readonly VaultCapability[]> = new Map(
  Object.entries({ deny: ["deny"], read, write, sudo: [...write, "sudo"] } as const),
);

/** Known to the original, and refused here: to ignore a restriction would be to allow what it forbids. */
const unsupportedKeys: ReadonlySet<string> = new Set([
  "mfa_methods",
  "control_group",
  "list_scan_response_keys_filter_path",
]);
const pathKeys: ReadonlySet<string> = new Set([
  "comment",
  "policy",
  "capabilities",
  "allowed_parameters",
  "denied_parameters",
  "required_parameters",
  "min_wrapping_ttl",
  "max_wrapping_ttl",
  "pagination_limit",
  "expiration",
  ...unsupportedKeys,
]);
const documentKeys: ReadonlySet<string> = new Set(["name", "path"]);

/**
 * Parses a Vault ACL policy: HCL, or JSON where the text begins with `{` (OpenBao 2.5 documentation, "Policies").
 * Stricter than OpenBao: what is set twice, what cannot be enforced, and negative durations are refused. Never throws.
 */
export function parseVaultPolicy(text: string): VaultPolicyParseResult {
  try {
    if (Buffer.byteLength(text) > vaultPolicyLimits.textBytes) {
      throw new PolicyRefusal(`the policy is larger than ${vaultPolicyLimits.textBytes} bytes`);
    }
    return { ok: true, policy: policyOf(readDocument(text)) };
  } catch (error) {
    if (!(error instanceof PolicyRefusal)) throw error;
    return { ok: false, reason: `failed to parse policy: ${error.message}` };
  }
}

function policyOf(document: ObjectNode): VaultPolicy {
  checkKeys(document.members, documentKeys, "");
  const rules: VaultPolicyRule[] = [];
  let templated = false;
  for (const member of document.members) {
    if (member.key === "name") {
      if (member.labels.length > 0) throw new PolicyRefusal(`name: not a text on line ${member.line}`);
      textOf(member);
    } else {
      for (const block of pathBlocks(member)) {
        templated ||= isTemplated(templateOf(block));
        rules.push(ruleOf(block));
        if (rules.length > vaultPolicyLimits.paths) {
          throw new PolicyRefusal(`the policy has more than ${vaultPolicyLimits.paths} paths`);
        }
      }
    }
  }
  return { rules, templated };
}

interface PathBlock {
  readonly path: string;
  readonly line: number;
  readonly body: ObjectNode;
}

/** HCL's `path "a" { }`; JSON's `"path": { "a": { } }` and `"path": [{ "a": { } }]`. */
function pathBlocks(member: MemberNode): PathBlock[] {
  const { labels, line, value } = member;
  const [path, ...more] = labels;
  if (path !== undefined) {
    if (more.length > 0 || value.kind !== "object") throw new PolicyRefusal(`a path has one name, on line ${line}`);
    return [{ path, line, body: value }];
  }
  const groups = value.kind === "list" ? value.items : [value];
  return groups.flatMap((group) => {
    if (group.kind !== "object") throw new PolicyRefusal(`path is not an object on line ${line}`);
    return group.members.map((block) => {
      if (block.value.kind !== "object" || block.labels.length > 0) {
        throw new PolicyRefusal(`path ${quote(block.key)} is not an object on line ${block.line}`);
      }
      return { path: block.key, line: block.line, body: block.value };
    });
  });
}

function templateOf({ path, line }: PathBlock): PathTemplate {
  const template = parsePathTemplate(path);
  if (template === undefined) {
    throw new PolicyRefusal(`failed to validate policy templating: unbalanced templating characters on line ${line}`);
  }
  // Compiling must not find what parsing let pass: a value may be empty.
  const bare = template.map((part) => ("text" in part ? part.text : "")).join("");
  if (path.includes("+*") || bare.includes("+*")) {
    throw new PolicyRefusal(`path ${quote(path)}: invalid use of wildcards ('+*' is forbidden)`);
  }
  return template;
}

function ruleOf({ path, line, body }: PathBlock): VaultPolicyRule {
  checkKeys(body.members, pathKeys, `path ${quote(path)}: `);
  const members = new Map(body.members.map((member) => [member.key, member]));
  for (const member of body.members) {
    if (unsupportedKeys.has(member.key)) {
      throw new PolicyRefusal(`path ${quote(path)}: ${member.key} on line ${member.line} is not supported`);
    }
    if (member.labels.length > 0) {
      throw new PolicyRefusal(`path ${quote(path)}: ${member.key} on line ${member.line} takes no name`);
    }
  }
  const given = <T>(key: string, readMember: (member: MemberNode, path: string) => T): T | undefined => {
    const member = members.get(key);
    return member === undefined ? undefined : readMember(member, path);
  };
  const rule = {
    path: path.replace(/^\//, ""),
    line,
    capabilities: capabilitiesOf(given("policy", legacyOf), given("capabilities", textsOf), path),
    allowedParameters: given("allowed_parameters", parametersOf),
    deniedParameters: given("denied_parameters", parametersOf),
    requiredParameters: given("required_parameters", textsOf),
    minWrappingTtlSeconds: given("min_wrapping_ttl", durationOf),
    maxWrappingTtlSeconds: given("max_wrapping_ttl", durationOf),
    paginationLimit: given("pagination_limit", countOf),
    expiresAtMs: given("expiration", timeOf),
  };
  const { minWrappingTtlSeconds: min = 0, maxWrappingTtlSeconds: max = 0 } = rule;
  if (min > 0 && max > 0 && max < min) {
    throw new PolicyRefusal("max_wrapping_ttl cannot be less than min_wrapping_ttl");
  }
  return withoutAbsent(rule);
}

function capabilitiesOf(
  legacy: readonly VaultCapability[] | undefined,
  listed: readonly string[] = [],
  path: string,
): VaultCapability[] {
  const all = new Set<VaultCapability>(legacy);
  // As in the original, `deny` ends the list: what is behind it is not even looked at.
  for (const each of all.has("deny") ? [] : listed) {
    if (!isCapability(each)) throw new PolicyRefusal(`path ${quote(path)}: invalid capability ${quote(each)}`);
    if (each === "deny") return ["deny"];
    all.add(each);
  }
  return [...all];
}

function isCapability(value: string): value is VaultCapability {
  return capabilities.has(value);
}

function legacyOf(member: MemberNode, path: string): readonly VaultCapability[] {
  const value = textOf(member);
  const meant = legacyPolicies.get(value);
  if (meant === undefined) throw new PolicyRefusal(`path ${quote(path)}: invalid policy ${quote(value)}`);
  return meant;
}

function checkKeys(members: readonly MemberNode[], known: ReadonlySet<string>, prefix: string): void {
  const unknown = members.filter((member) => !known.has(member.key));
  if (unknown.length === 0) return;
  const lines = unknown.map((member) => `\t* ${prefix}invalid key ${quote(member.key)} on line ${member.line}`);
  const count = lines.length === 1 ? "1 error" : `${lines.length} errors`;
  throw new PolicyRefusal(`${count} occurred:\n${lines.join("\n")}\n\n`);
}

function textOf(member: MemberNode): string {
  return literalText(member.value, member);
}

function literalText(node: DocumentNode, member: MemberNode): string {
  if (node.kind === "literal" && typeof node.value !== "boolean") return node.text;
  throw new PolicyRefusal(`${member.key}: unknown type for string on line ${node.line}`);
}

function textsOf(member: MemberNode): string[] {
  if (member.value.kind !== "list") throw new PolicyRefusal(`${member.key}: not a list on line ${member.line}`);
  return member.value.items.map((item) => literalText(item, member));
}

function durationOf(member: MemberNode): number {
  const seconds = member.value.kind === "literal" ? parseVaultDuration(member.value.value) : undefined;
  if (seconds === undefined) throw new PolicyRefusal(`error parsing ${member.key}: no duration on line ${member.line}`);
  return seconds;
}

function countOf(member: MemberNode): number {
  const count = Number(/^[0-9]{1,9}$/.exec(literalText(member.value, member))?.[0]);
  if (Number.isNaN(count)) throw new PolicyRefusal(`${member.key}: not a whole number on line ${member.line}`);
  return count;
}

function timeOf(member: MemberNode, path: string): number {
  const time = parseVaultTime(textOf(member));
  if (time === undefined) {
    throw new PolicyRefusal(`path ${quote(path)}: invalid expiration time: could not parse string as date and time`);
  }
  return time;
}

function parametersOf(member: MemberNode): VaultParameterValues {
  const { value } = member;
  if (value.kind !== "object") throw new PolicyRefusal(`${member.key}: not an object on line ${member.line}`);
  const values = new Map<string, readonly VaultParameterValue[]>();
  for (const parameter of value.members) {
    const name = parameter.key.toLowerCase();
    const place = `${member.key}.${parameter.key} on line ${parameter.line}`;
    if (parameter.value.kind !== "list" || parameter.labels.length > 0) throw new PolicyRefusal(`${place}: not a list`);
    // Names that differ in case alone are one name.
    if (values.has(name)) throw new PolicyRefusal(`${place}: was already set`);
    values.set(name, parameter.value.items.map(plainValue));
  }
  return values;
}

function plainValue(node: DocumentNode): VaultParameterValue {
  if (node.kind === "literal") return node.value;
  if (node.kind === "list") return node.items.map(plainValue);
  return Object.fromEntries(node.members.map((member) => [member.key, plainValue(member.value)]));
}

/** As Go's %q for what policies have in names. */
function quote(text: string): string {
  return JSON.stringify(text);
}

type WithoutUndefined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(value: T): WithoutUndefined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as WithoutUndefined<T>;
}

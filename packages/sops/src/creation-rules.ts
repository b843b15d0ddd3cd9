import { RE2JS } from "re2js";
import { parse } from "yaml";
import type { KeyGroups } from "./data-key.ts";
import { checkLimit } from "./limits.ts";
import { invalidInput, malformedFile } from "./problems.ts";
import { parseKmsRecipient, parseTransitRecipient, type Recipient } from "./recipients.ts";
import { type EncryptionRule, ruleNames } from "./rules.ts";

/** What `.sops.yaml` says of a file that is to be encrypted. */
export interface CreationRule extends KeyGroups {
  /** Absent: SOPS's own. */
  readonly rule?: EncryptionRule;
  readonly macOnlyEncrypted: boolean;
}

/** The name of the file with the rules. */
export const creationRulesFile = ".sops.yaml";

/** Kinds of keys that SOPS has and this package does not. */
const foreignKeys = ["age", "pgp", "gcp_kms", "hckms", "azure_keyvault"];

type Entry = Readonly<Record<string, unknown>>;

/**
 * The first rule of a `.sops.yaml` that holds for a file. Source: SOPS 3.13, config/config.go.
 *
 * @param text of `.sops.yaml`
 * @param path of the file, from the folder of `.sops.yaml`, with forward slashes
 * @throws EnvelopeError MessageMalformed for a file that is none; InvalidInput when no rule matches, or the rule has keys
 *   that are not AWS KMS's or Vault Transit's
 */
export function creationRule(text: string, path: string): CreationRule {
  checkLimit("fileCharacters", text.length);
  for (const rule of rulesIn(text)) {
    const pattern = textOf(rule["path_regex"], "path_regex");
    if (pattern === undefined || matches(pattern, path)) return readRule(rule);
  }
  throw invalidInput(`No creation rule of ${creationRulesFile} matches ${path}: add one, or name the keys.`);
}

function rulesIn(text: string): readonly Entry[] {
  let tree: unknown;
  try {
    tree = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw malformedFile(`${creationRulesFile} is not YAML: ${(error as Error).message.split("\n")[0]}`);
  }
  const rules = isEntry(tree) ? tree["creation_rules"] : undefined;
  if (!Array.isArray(rules) || !rules.every(isEntry)) {
    throw malformedFile(`${creationRulesFile} has no list of creation_rules`);
  }
  return rules;
}

function matches(pattern: string, path: string): boolean {
  checkLimit("ruleCharacters", pattern.length);
  try {
    return RE2JS.compile(pattern).matcher(path).find();
  } catch (error) {
    throw invalidInput(`The path_regex ${pattern} is not one of RE2's syntax: ${(error as Error).message}`);
  }
}

function readRule(rule: Entry): CreationRule {
  const chosen = ruleNames.flatMap((name) => {
    const pattern = textOf(rule[name], name);
    return pattern === undefined ? [] : [{ name, pattern }];
  });
  if (chosen.length > 1)
    throw invalidInput(`A creation rule has ${chosen.map(({ name }) => name).join(" and ")}: leave one.`);
  const groups = Array.isArray(rule["key_groups"])
    ? rule["key_groups"].filter(isEntry).map(readGroup)
    : [readKeys(rule)];
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw invalidInput("The creation rule names no keys: give kms or hc_vault_transit_uri.");
  }
  const threshold = rule["shamir_threshold"];
  return {
    groups,
    ...(typeof threshold === "number" && threshold > 0 && { shamirThreshold: threshold }),
    ...(chosen[0] && { rule: chosen[0] }),
    macOnlyEncrypted: rule["mac_only_encrypted"] === true,
  };
}

function readKeys(rule: Entry): readonly Recipient[] {
  refuseForeign(rule);
  const profile = textOf(rule["aws_profile"], "aws_profile");
  const options = profile === undefined ? {} : { profile };
  return [
    ...keyList(rule["kms"], "kms").map((text) => parseKmsRecipient(text, options)),
    ...keyList(rule["hc_vault_transit_uri"], "hc_vault_transit_uri").map(parseTransitRecipient),
  ];
}

function readGroup(group: Entry): readonly Recipient[] {
  refuseForeign(group);
  const merged = Array.isArray(group["merge"]) ? group["merge"].filter(isEntry).flatMap(readGroup) : [];
  const kms = Array.isArray(group["kms"]) ? group["kms"].filter(isEntry) : [];
  return [
    ...merged,
    ...kms.map((key) => {
      const profile = textOf(key["aws_profile"], "aws_profile");
      const role = textOf(key["role"], "role");
      const arn = textOf(key["arn"], "arn") ?? "";
      return parseKmsRecipient(role === undefined ? arn : `${arn}+${role}`, {
        context: contextOf(key["context"]),
        ...(profile !== undefined && { profile }),
      });
    }),
    ...keyList(group["hc_vault"], "hc_vault").map(parseTransitRecipient),
  ];
}

function refuseForeign(keys: Entry): void {
  const found = foreignKeys.filter((name) => keyList(keys[name], name, "any").length > 0);
  if (found.length > 0) {
    throw invalidInput(
      `The creation rule names ${found.join(" and ")} keys; only KMS and Vault Transit keys are supported: use sops for this file.`,
    );
  }
}

/** A list, or a text with commas, as SOPS takes both. */
function keyList(value: unknown, name: string, any?: "any"): readonly string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string")
    return value
      .split(",")
      .map((key) => key.trim())
      .filter((key) => key !== "");
  if (Array.isArray(value) && any !== undefined) return value.map(String);
  if (Array.isArray(value) && value.every((key) => typeof key === "string")) return value;
  throw malformedFile(`${creationRulesFile}: ${name} is not a text or a list of texts`);
}

function contextOf(value: unknown): Record<string, string> {
  if (!isEntry(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (text === null ? [] : [[name, String(text)]])),
  );
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw malformedFile(`${creationRulesFile}: ${name} is not a text`);
  return value;
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

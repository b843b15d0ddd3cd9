import { metadataKey, type SopsMetadataTree, type SopsMetadataValue } from "./document.ts";
import { checkLimit } from "./limits.ts";
import { malformedFile } from "./problems.ts";
import { parseRecipient, type Recipient, type RecipientGroup, recipientEntry, recipientTypes } from "./recipients.ts";
import { defaultRule, type EncryptionRule, ruleNames } from "./rules.ts";

/** What stands under `sops` in a file. Source: SOPS 3.13, stores/stores.go. */
export interface SopsMetadata {
  readonly groups: readonly RecipientGroup[];
  /** How many groups it takes; of several groups. */
  readonly shamirThreshold?: number | undefined;
  /** Of the last change: RFC 3339 in whole seconds. The MAC is bound to it. */
  readonly lastModified: string;
  /** Encrypted under the data key. */
  readonly mac: string;
  readonly macOnlyEncrypted: boolean;
  readonly rule: EncryptionRule;
  /** The release of SOPS whose format it is. */
  readonly version: string;
}

/** The release of SOPS that this package was compared with. */
export const sopsVersion = "3.13.3";

/** Reads what `ConfigDocument.metadata` gives. @throws EnvelopeError MessageMalformed, LimitExceeded */
export function parseMetadata(value: unknown): SopsMetadata {
  const tree = asTree(value, metadataKey);
  const rules = ruleNames.flatMap((name) => {
    const pattern = optionalText(tree, name);
    return pattern === undefined ? [] : [{ name, pattern }];
  });
  if (rules.length > 1) {
    throw malformedFile(`sops has the rules ${rules.map(({ name }) => name).join(" and ")}; a file has one`);
  }
  const lastModified = optionalText(tree, "lastmodified") ?? "";
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(lastModified)) {
    throw malformedFile("sops.lastmodified is not a time such as 2026-11-23T10:00:00Z");
  }
  const threshold = tree["shamir_threshold"];
  return {
    groups: parseGroups(tree),
    ...(threshold !== undefined && threshold !== null && { shamirThreshold: wholeNumber(threshold) }),
    lastModified,
    mac: optionalText(tree, "mac") ?? "",
    macOnlyEncrypted: /^(?:1|t|true)$/i.test(optionalText(tree, "mac_only_encrypted") ?? ""),
    rule: rules[0] ?? defaultRule,
    version: optionalText(tree, "version") ?? "",
  };
}

/**
 * The metadata as it is written, names in SOPS's order. What `before` has and this package does not know stays.
 *
 * @param before the tree that the file had, when it had one
 */
export function metadataTree(metadata: SopsMetadata, before: SopsMetadataTree = {}): SopsMetadataTree {
  const entries = new Map<string, SopsMetadataValue>(
    Object.entries(before).filter(([name]) => !ourNames.has(name) && !isRecipientType(name)),
  );
  const [only, ...others] = metadata.groups;
  if (others.length === 0) for (const [type, list] of groupEntries(only ?? [])) entries.set(type, list);
  else entries.set("key_groups", metadata.groups.map(keyGroupTree));
  if (metadata.shamirThreshold !== undefined) entries.set("shamir_threshold", metadata.shamirThreshold);
  entries.set("lastmodified", metadata.lastModified);
  entries.set("mac", metadata.mac);
  if (metadata.macOnlyEncrypted) entries.set("mac_only_encrypted", true);
  entries.set(metadata.rule.name, metadata.rule.pattern);
  entries.set("version", metadata.version);
  return Object.fromEntries(orderedLike(before, [...entries]));
}

const ourNames = new Set<string>([
  ...ruleNames,
  "key_groups",
  "shamir_threshold",
  "lastmodified",
  "mac",
  "mac_only_encrypted",
  "version",
]);

/** Entries stand where they stood, so that a change shows alone; new ones, and a new file's, in the alphabet's order. */
function orderedLike(before: SopsMetadataTree, entries: readonly (readonly [string, SopsMetadataValue])[]) {
  const places = new Map(Object.keys(before).map((name, index) => [name, index]));
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const kept = sorted.filter(([name]) => places.has(name));
  kept.sort(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  for (const entry of sorted) {
    if (places.has(entry[0])) continue;
    const next = kept.findIndex(([name]) => name > entry[0]);
    kept.splice(next < 0 ? kept.length : next, 0, entry);
  }
  return kept;
}

function parseGroups(tree: SopsMetadataTree): readonly RecipientGroup[] {
  const whole = parseGroup(tree);
  const groups =
    whole.length > 0 ? [whole] : listOf(tree["key_groups"], "key_groups").map((group) => parseGroup(group));
  if (groups.length === 0) throw malformedFile("sops names no recipients");
  const emptyGroup = groups.findIndex((group) => group.length === 0);
  if (emptyGroup >= 0) throw malformedFile(`sops.key_groups[${emptyGroup}] names no recipients`);
  checkLimit(
    "recipients",
    groups.reduce((sum, group) => sum + group.length, 0),
  );
  return groups;
}

function parseGroup(tree: SopsMetadataTree): RecipientGroup {
  return recipientTypes.flatMap((type): readonly Recipient[] =>
    listOf(tree[type], type).map((entry) => parseRecipient(type, entry)),
  );
}

function groupEntries(group: RecipientGroup): readonly (readonly [string, readonly SopsMetadataTree[]])[] {
  return recipientTypes.flatMap((type) => {
    const entries = group.filter((recipient) => recipient.type === type).map(recipientEntry);
    return entries.length === 0 ? [] : [[type, entries] as const];
  });
}

/** SOPS writes empty lists of age and Transit keys in key groups. */
function keyGroupTree(group: RecipientGroup): SopsMetadataTree {
  const entries = new Map<string, readonly SopsMetadataTree[]>([["age", []], ["hc_vault", []], ...groupEntries(group)]);
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRecipientType(name: string): boolean {
  return recipientTypes.some((type) => type === name);
}

function asTree(value: unknown, where: string): SopsMetadataTree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformedFile(`${where} is not a map`);
  return value as SopsMetadataTree;
}

function listOf(value: SopsMetadataValue | undefined, name: string): readonly SopsMetadataTree[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformedFile(`sops.${name} is not a list`);
  return value.map((entry, index) => asTree(entry, `sops.${name}[${index}]`));
}

function optionalText(tree: SopsMetadataTree, name: string): string | undefined {
  const value = tree[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "object") throw malformedFile(`sops.${name} is not a text`);
  return String(value);
}

/** INI and dotenv have texts for numbers. */
function wholeNumber(value: SopsMetadataValue): number | undefined {
  const number = typeof value === "object" ? Number.NaN : Number(value);
  if (!Number.isSafeInteger(number) || number < 0 || number > 255) {
    throw malformedFile("sops.shamir_threshold is not a whole number up to 255");
  }
  return number === 0 ? undefined : number;
}

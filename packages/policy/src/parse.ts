import { ActionIndex, type CompiledStatement } from "./compiled.ts";
import { allowOnly, Malformed, type Place, readObject, readString, refuse, within } from "./shapes.ts";
import { compileStatement, type DocumentFacts, type StatementRules } from "./statement.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { CompiledPolicy, ParseResult, PolicyKind } from "./types.ts";

/** The most bytes of UTF-8 a key policy may have (AWS KMS Developer Guide, "Key policy format"). */
export const maxKeyPolicyBytes = 32_768;

/**
 * The most characters the other kinds may have, white space apart: the largest of the limits of IAM, that of the inline
 * policies of a role (IAM User Guide, "IAM and AWS STS quotas").
 */
const maxPolicyCharacters = 10_240;
const maxDocumentCharacters = 131_072;
// Document, Statement, statement, Condition, operator and value list are six.
const maxDepth = 8;
/** Each `?` behind a `*` is tried at every place of the value; this bounds what one evaluation can cost. */
const maxSingleWildcards = 512;

const currentVersion = "2012-10-17";
/** A document without Version is of this one (IAM User Guide, "IAM JSON policy elements: Version"). */
const firstVersion = "2008-10-17";
const versions: ReadonlySet<string> = new Set([firstVersion, currentVersion]);

const keyPolicyCharacters = /^[\t\n\r\x20-\xff]*$/;
const alphanumeric = /^[A-Za-z0-9]*$/;

interface KindRules extends StatementRules {
  readonly elements: ReadonlySet<string>;
}

const identityRules: KindRules = {
  elements: new Set(["Version", "Statement"]),
  hasPrincipal: false,
  resource: "needed",
  isSid: (sid) => alphanumeric.test(sid),
  uniqueSids: true,
};

const rules: Readonly<Record<PolicyKind, KindRules>> = {
  identity: identityRules,
  session: identityRules,
  boundary: identityRules,
  key: {
    elements: new Set(["Version", "Id", "Statement"]),
    hasPrincipal: true,
    resource: "optional",
    isSid: () => true,
    uniqueSids: false,
  },
  trust: {
    elements: new Set(["Version", "Id", "Statement"]),
    hasPrincipal: true,
    resource: "prohibited",
    isSid: (sid) => alphanumeric.test(sid),
    uniqueSids: true,
  },
};

/**
 * Parses and compiles a policy document (IAM User Guide, "Grammar of the IAM JSON policy language"). Anything that the
 * grammar does not have is refused: unknown and doubled elements, wrong types, unknown operators, malformed principals.
 * Never throws for any text.
 *
 * `principalIds`: the unique ids that ARNs of users and roles in it stand for; a caller with such an ARN and another id is
 * not the one that the policy names.
 */
export function parsePolicy(
  text: string,
  kind: PolicyKind,
  principalIds: Readonly<Record<string, string>> = {},
): ParseResult {
  try {
    return { ok: true, policy: compilePolicy(text, kind, principalIds) };
  } catch (cause) {
    if (cause instanceof Malformed) return { ok: false, problem: cause.problem };
    throw cause;
  }
}

function compilePolicy(text: string, kind: PolicyKind, principalIds: Readonly<Record<string, string>>): CompiledPolicy {
  const top: Place = { path: "" };
  checkSize(text, kind, top);
  if (countOf(text, "?") > maxSingleWildcards) {
    return refuse(top, `a policy has at most ${maxSingleWildcards} '?' wildcards`);
  }
  const json = parseStrictJson(text, { maxDepth });
  if (!json.ok) return refuse(top, `${json.reason} at character ${json.offset}`);
  const members = readObject(json.value, top);
  const kindRules = rules[kind];
  allowOnly(members, kindRules.elements, top);
  if (members.has("Id")) readString(members.get("Id"), within(top, "Id"));
  const version = readVersion(members, within(top, "Version"));
  const statements = readStatements(members, kindRules, {
    variables: version === currentVersion,
    ids: new Map(Object.entries(principalIds)),
  });
  return { kind, version, statements, actions: new ActionIndex(statements) };
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

function checkSize(text: string, kind: PolicyKind, place: Place): void {
  if (kind === "key") {
    if (text.length > maxKeyPolicyBytes || Buffer.byteLength(text) > maxKeyPolicyBytes) {
      refuse(place, `is larger than ${maxKeyPolicyBytes} bytes`);
    }
    if (!keyPolicyCharacters.test(text)) refuse(place, "has a character outside of Latin-1");
  } else if (text.length > maxDocumentCharacters || text.replace(/\s+/g, "").length > maxPolicyCharacters) {
    refuse(place, `is larger than ${maxPolicyCharacters} characters without white space`);
  }
}

function readVersion(members: ReadonlyMap<string, unknown>, place: Place): string {
  if (!members.has("Version")) return firstVersion;
  const version = readString(members.get("Version"), place);
  return versions.has(version) ? version : refuse(place, `must be ${currentVersion} or ${firstVersion}`);
}

function readStatements(
  members: ReadonlyMap<string, unknown>,
  kindRules: KindRules,
  facts: DocumentFacts,
): readonly CompiledStatement[] {
  const place: Place = { path: "Statement" };
  if (!members.has("Statement")) return refuse(place, "is missing");
  const value = members.get("Statement");
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) return refuse(place, "must have at least one statement");
  const statements = list.map((item, index) => {
    const path = Array.isArray(value) ? `Statement[${index}]` : "Statement";
    return compileStatement(item, { path, statement: index }, kindRules, facts);
  });
  if (kindRules.uniqueSids) checkSids(statements);
  return statements;
}

function checkSids(statements: readonly CompiledStatement[]): void {
  const seen = new Set<string>();
  for (const { index, sid } of statements) {
    if (sid === undefined || sid === "") continue;
    if (seen.has(sid))
      refuse({ path: `Statement[${index}].Sid`, statement: index, sid }, "is the Sid of another statement too");
    seen.add(sid);
  }
}

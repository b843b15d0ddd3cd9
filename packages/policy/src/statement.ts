import type { CompiledStatement } from "./compiled.ts";
import { type CompiledCondition, compileCondition, isOperator } from "./conditions.ts";
import { UnfitValue } from "./operators.ts";
import {
  addAwsPrincipal,
  isServiceName,
  matchNames,
  type PrincipalIds,
  type PrincipalMatcher,
  type Strength,
} from "./principals.ts";
import {
  allowOnly,
  type Place,
  printable,
  readObject,
  readScalars,
  readString,
  readStrings,
  refuse,
  within,
} from "./shapes.ts";
import { compileActions, compileResource, isActionPattern, type ResourceMatcher } from "./targets.ts";
import type { Effect, StatementMatch } from "./types.ts";

/** What differs between kinds of policies. */
export interface StatementRules {
  /** A statement must have Principal or NotPrincipal; otherwise it must have neither. */
  readonly hasPrincipal: boolean;
  readonly resource: "needed" | "optional" | "prohibited";
  readonly isSid: (sid: string) => boolean;
  readonly uniqueSids: boolean;
}

type Members = ReadonlyMap<string, unknown>;

const elements: ReadonlySet<string> = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);
const principalTypes: ReadonlySet<string> = new Set(["AWS", "Service", "Federated", "CanonicalUser"]);

/** What a document says for all of its statements. */
export interface DocumentFacts {
  /** Whether its version has policy variables. */
  readonly variables: boolean;
  readonly ids: PrincipalIds;
}

/** Compiles one statement; throws `Malformed`. */
export function compileStatement(
  value: unknown,
  at: Place,
  rules: StatementRules,
  { variables, ids }: DocumentFacts,
): CompiledStatement {
  const members = readObject(value, at);
  const sid = members.has("Sid") ? readSid(members.get("Sid"), within(at, "Sid"), rules) : undefined;
  const place: Place = sid === undefined ? at : { ...at, sid };
  allowOnly(members, elements, place);
  const effect = readEffect(members, within(place, "Effect"));
  const index = place.statement ?? 0;
  return {
    index,
    ...(sid === undefined ? {} : { sid }),
    effect,
    principal: readPrincipal(members, place, rules, effect, ids),
    action: readActions(members, place),
    resource: readResources(members, place, rules, effect, variables),
    conditions: readConditions(members, within(place, "Condition"), effect, variables),
    matches: matchesOf(effect, index, sid),
  };
}

function readSid(value: unknown, place: Place, rules: StatementRules): string {
  const sid = readString(value, place);
  return rules.isSid(sid) ? sid : refuse(place, "must be of letters and digits alone");
}

function readEffect(members: Members, place: Place): Effect {
  const effect = members.get("Effect");
  return effect === "Allow" || effect === "Deny" ? effect : refuse(place, 'must be "Allow" or "Deny"');
}

/** The one of the two names that the statement has, undefined for neither. */
function oneOf(members: Members, name: string, place: Place): { name: string; isNegated: boolean } | undefined {
  const negated = `Not${name}`;
  if (members.has(name) && members.has(negated)) return refuse(place, `has both ${name} and ${negated}`);
  if (members.has(name)) return { name, isNegated: false };
  return members.has(negated) ? { name: negated, isNegated: true } : undefined;
}

function readPrincipal(
  members: Members,
  place: Place,
  rules: StatementRules,
  effect: Effect,
  ids: PrincipalIds,
): PrincipalMatcher | undefined {
  const found = oneOf(members, "Principal", place);
  if (!rules.hasPrincipal) {
    return found === undefined
      ? undefined
      : refuse(within(place, found.name), "does not belong in this kind of policy");
  }
  if (found === undefined) return refuse(within(place, "Principal"), "is missing");
  const { name, isNegated } = found;
  const here = within(place, name);
  if (isNegated && effect === "Allow") return refuse(here, "cannot be used with Allow: it would allow everybody else");
  return compilePrincipal(members.get(name), here, isNegated, ids);
}

function compilePrincipal(value: unknown, place: Place, isNegated: boolean, ids: PrincipalIds): PrincipalMatcher {
  if (value === "*") {
    const none: ReadonlySet<string> = new Set();
    return {
      isNegated,
      isEveryone: true,
      accounts: none,
      arns: none,
      services: none,
      federated: none,
      ids,
      written: ["*"],
    };
  }
  if (typeof value === "string") return refuse(place, 'must be "*" or an object');
  const members = readObject(value, place);
  allowOnly(members, principalTypes, place);
  if (members.size === 0) return refuse(place, "must not be empty");
  const into = { accounts: new Set<string>(), arns: new Set<string>(), everyone: false };
  const services = new Set<string>();
  const federated = new Set<string>();
  const written: string[] = [];
  for (const [type, list] of members) {
    const here = within(place, type);
    for (const name of readStrings(list, here)) {
      const reason = addPrincipal(type, name, into, { services, federated });
      if (reason !== undefined) refuse(here, `${printable(name)} ${reason}`);
      written.push(name);
    }
  }
  const { everyone: isEveryone, accounts, arns } = into;
  return { isNegated, isEveryone, accounts, arns, services, federated, ids, written };
}

/** Canonical users are read but no caller is one. */
function addPrincipal(
  type: string,
  name: string,
  into: Parameters<typeof addAwsPrincipal>[1],
  named: { readonly services: Set<string>; readonly federated: Set<string> },
): string | undefined {
  if (type === "AWS") return addAwsPrincipal(name, into);
  if (type !== "Service") {
    if (name === "" || /[*?\s]/.test(name)) return "is not a principal";
    if (type === "Federated") named.federated.add(name);
    return undefined;
  }
  if (!isServiceName(name)) return "is not a service principal, as in s3.amazonaws.com";
  named.services.add(name);
  return undefined;
}

function readActions(members: Members, place: Place): CompiledStatement["action"] {
  const found = oneOf(members, "Action", place);
  if (found === undefined) return refuse(within(place, "Action"), "is missing");
  const here = within(place, found.name);
  const written = readStrings(members.get(found.name), here);
  for (const action of written) {
    if (!isActionPattern(action)) refuse(here, `${printable(action)} is not of the form vendor:Action`);
  }
  return compileActions(written, found.isNegated);
}

const everyResource = compileEveryResource();

function compileEveryResource() {
  const pattern = compileResource("*", false);
  if (typeof pattern === "string") throw new Error(pattern);
  return pattern;
}

function readResources(
  members: Members,
  place: Place,
  rules: StatementRules,
  effect: Effect,
  variables: boolean,
): ResourceMatcher | undefined {
  const found = oneOf(members, "Resource", place);
  if (rules.resource === "prohibited") {
    if (found !== undefined) return refuse(within(place, found.name), "does not belong in this kind of policy");
    return { isNegated: false, needsValues: false, patterns: [everyResource], written: ["*"] };
  }
  if (found === undefined) {
    return rules.resource === "needed" ? refuse(within(place, "Resource"), "is missing") : undefined;
  }
  const here = within(place, found.name);
  const written = readStrings(members.get(found.name), here);
  const patterns = written.map((text) => {
    const pattern = compileResource(text, variables);
    return typeof pattern === "string" ? refuse(here, `${printable(text)} ${pattern}`) : pattern;
  });
  const { isNegated } = found;
  return { isNegated, needsValues: isNegated && effect === "Allow", patterns, written };
}

function readConditions(
  members: Members,
  place: Place,
  effect: Effect,
  variables: boolean,
): readonly CompiledCondition[] {
  if (!members.has("Condition")) return [];
  const conditions: CompiledCondition[] = [];
  for (const [operator, block] of readObject(members.get("Condition"), place)) {
    if (!isOperator(operator)) refuse(place, `has an unknown operator: ${printable(operator)}`);
    const here = within(place, operator);
    for (const [key, value] of readObject(block, here)) {
      conditions.push(readCondition(operator, key, readScalars(value, here), here, { effect, variables }));
    }
  }
  return conditions;
}

function readCondition(
  operator: string,
  key: string,
  values: readonly string[],
  place: Place,
  options: Parameters<typeof compileCondition>[3],
): CompiledCondition {
  try {
    return compileCondition(operator, key, values, options);
  } catch (cause) {
    if (!(cause instanceof UnfitValue)) throw cause;
    return refuse(place, `${printable(key)}: ${cause.message}`);
  }
}

function matchesOf(effect: Effect, statement: number, sid: string | undefined): CompiledStatement["matches"] {
  const match = (strength: Strength): StatementMatch =>
    Object.freeze({
      effect,
      statement,
      ...(sid === undefined ? {} : { sid }),
      principalMatch: matchNames[strength] ?? "none-needed",
    });
  return { 0: match(0), 1: match(1), 2: match(2), 3: match(3), 4: match(4), 5: match(5), 6: match(6) };
}

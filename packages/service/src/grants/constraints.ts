import type { ContextPairs, GrantConstraints } from "../model/grant.ts";
import type { OperationConditions } from "../pipeline/operation.ts";
import type { GrantOperationRow } from "./grant-operations.ts";

/** What a grant that is about to be made would allow. */
export interface Delegation {
  readonly operations: readonly string[];
  readonly constraints: GrantConstraints;
}

/** What somebody wants to do with a key, as far as grants look at it. */
export interface GrantUse {
  readonly operation: GrantOperationRow;
  /** The encryption context; undefined when the request has none. */
  readonly context: ContextPairs | undefined;
  /** `aws:SourceArn` of the request. */
  readonly sourceArn: string | undefined;
  /** For CreateGrant: what is to be given on. */
  readonly delegation?: Delegation | undefined;
}

/**
 * One pair as a text of its own. The names of pairs have no case in a constraint, their values do (AWS KMS API:
 * GrantConstraints). Only ASCII letters are folded, so that no two scripts meet in one name.
 */
export function pairText(name: string, value: string): string {
  return JSON.stringify([name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()), value]);
}

/** The pairs of an encryption context or constraint as texts. */
export function pairTexts(pairs: ContextPairs): readonly string[] {
  return Object.keys(pairs).map((name) => pairText(name, pairs[name]!));
}

/** Whether an encryption context has all pairs of a constraint. */
function includesAll(context: ContextPairs, wanted: ContextPairs): boolean {
  const present = new Set(pairTexts(context));
  return pairTexts(wanted).every((pair) => present.has(pair));
}

/** Whether an encryption context has the pairs of a constraint and no others. */
function isSame(context: ContextPairs, wanted: ContextPairs): boolean {
  if (Object.keys(context).length !== Object.keys(wanted).length) return false;
  return includesAll(context, wanted) && includesAll(wanted, context);
}

const noPairs: ContextPairs = {};

/**
 * Why a grant does not allow a use of one of its operations, or undefined when it does. The encryption context binds the
 * operations that have one; the source binds all but RetireGrant, and DescribeKey only where the request has a source;
 * CreateGrant must not give on more than there is (AWS KMS API: CreateGrant, `Constraints`; developer guide: granting
 * CreateGrant permission).
 */
export function constraintFailure(
  operations: ReadonlySet<string>,
  constraints: GrantConstraints,
  { operation, context = noPairs, sourceArn, delegation }: GrantUse,
): "encryptionContext" | "sourceArn" | "delegation" | undefined {
  const { encryptionContextSubset, encryptionContextEquals } = constraints;
  if (operation.hasContext) {
    if (encryptionContextEquals !== undefined && !isSame(context, encryptionContextEquals)) return "encryptionContext";
    if (encryptionContextSubset !== undefined && !includesAll(context, encryptionContextSubset)) {
      return "encryptionContext";
    }
  }
  if (constraints.sourceArn !== undefined && constraints.sourceArn !== sourceArn) {
    const exempt = operation.name === "RetireGrant" || (operation.name === "DescribeKey" && sourceArn === undefined);
    if (!exempt) return "sourceArn";
  }
  if (operation.name === "CreateGrant") {
    if (delegation === undefined || !delegation.operations.every((name) => operations.has(name))) return "delegation";
    if (!isAtLeastAsStrict(delegation.constraints, constraints)) return "delegation";
  }
  return undefined;
}

/** Whether what some constraints let pass, others let pass as well (AWS KMS developer guide: granting CreateGrant permission). */
export function isAtLeastAsStrict(child: GrantConstraints, parent: GrantConstraints): boolean {
  if (parent.sourceArn !== undefined && parent.sourceArn !== child.sourceArn) return false;
  const { encryptionContextEquals: equal, encryptionContextSubset: subset } = parent;
  if (equal !== undefined) {
    if (child.encryptionContextEquals === undefined || !isSame(child.encryptionContextEquals, equal)) return false;
  }
  if (subset === undefined) return true;
  const narrower = child.encryptionContextEquals ?? child.encryptionContextSubset;
  return narrower !== undefined && includesAll(narrower, subset);
}

const contextPrefix = "kms:encryptioncontext:";

/** The encryption context that an operation tells the policies, with the names as they were sent. */
export function contextOfConditions(conditions: OperationConditions | undefined): ContextPairs | undefined {
  const names = conditions?.get("kms:encryptioncontextkeys");
  if (conditions === undefined || names === undefined) return undefined;
  // Names that differ in case only share one condition key, with their values in the names' order.
  const used = new Map<string, number>();
  const pairs: [string, string][] = [];
  for (const name of names) {
    const key = contextPrefix + name.toLowerCase();
    const at = used.get(key) ?? 0;
    used.set(key, at + 1);
    const value = conditions.get(key)?.[at];
    if (value !== undefined) pairs.push([name, value]);
  }
  return Object.fromEntries(pairs);
}

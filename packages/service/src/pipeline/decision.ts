import {
  type AuthorizationDecision,
  type AuthorizationInput,
  type AuthorizationReason,
  type ConsideredStatement,
  explainAuthorization,
  findRemedies,
  type Remedy,
} from "@coffer/policy";
import { redactTokens } from "../audit/redact-tokens.ts";
import type { GrantRefusal } from "../grants/grant-set.ts";

/** What was decided on one action of a request, as the audit record keeps it. */
export interface DecisionRecord {
  readonly action: string;
  /** Absent when a key of the record's `resources` was allowed, the most frequent case by far. */
  readonly resource?: string;
  readonly allowed: boolean;
  readonly reason: AuthorizationReason;
  /** The statement or grant that decided. */
  readonly by?: NonNullable<AuthorizationDecision["by"]> & { readonly grantId?: string };
  /** Of a refusal: a grant of the caller that would have allowed it but for one thing. */
  readonly grant?: GrantRefusal;
  /** Of a refusal: the statements that came closest to allowing it, and what each of them lacked. */
  readonly considered?: readonly ConsideredStatement[];
  /** Of a refusal: what would have allowed it, the least first. */
  readonly remedies?: readonly Remedy[];
}

/** The cause of an AccessDenied that policies decided. It never leaves the process but for the audit record. */
export class PolicyDenial extends Error {
  override readonly name = "PolicyDenial";
  readonly record: DecisionRecord;

  constructor(record: DecisionRecord) {
    super(record.reason);
    this.record = record;
  }
}

/** An audit record stays small, however long the policies and the request's values are. */
const maxConsidered = 5;
const maxValues = 5;
const maxValueChars = 256;

/** How far a statement came, by the element that failed: they are looked at in this order. */
const progress = { Principal: 0, Action: 1, Resource: 2, Condition: 3 } as const;

/** The record of a decision; of a refusal with the reasons. */
export function recordDecision(input: AuthorizationInput, decision: AuthorizationDecision): DecisionRecord {
  const { action, resource } = input.request;
  if (decision.allowed) return { action, ...(input.keyPolicy === undefined ? { resource } : {}), ...decision };
  const considered = closestAllows(explainAuthorization(input));
  const remedies = findRemedies(input);
  return {
    action,
    resource,
    ...decision,
    ...(considered.length === 0 ? {} : { considered }),
    ...(remedies.length === 0 ? {} : { remedies }),
  };
}

function closestAllows(statements: readonly ConsideredStatement[]): ConsideredStatement[] {
  const missed = statements.filter(({ effect, failed }) => effect === "Allow" && failed !== undefined);
  const reached = ({ failed }: ConsideredStatement) => (failed === undefined ? 0 : progress[failed.element]);
  return missed
    .sort((a, b) => reached(b) - reached(a))
    .slice(0, maxConsidered)
    .map(shorten);
}

function shorten(statement: ConsideredStatement): ConsideredStatement {
  const { failed, ...rest } = statement;
  if (failed === undefined) return statement;
  const { expected, actual } = failed;
  return {
    ...rest,
    failed: {
      ...failed,
      ...(expected === undefined ? {} : { expected: shortenValues(expected) }),
      ...(actual === undefined ? {} : { actual: shortenValues(actual) }),
    },
  };
}

function shortenValues(values: readonly string[]): readonly string[] {
  // Redacted before they are cut, so that no part of a token is left.
  return values
    .slice(0, maxValues)
    .map(redactTokens)
    .map((value) => (value.length <= maxValueChars ? value : `${value.slice(0, maxValueChars)}...`));
}

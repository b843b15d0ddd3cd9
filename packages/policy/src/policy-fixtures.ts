import assert from "node:assert/strict";
import { holds } from "./conditions.ts";
import { parsePolicy } from "./parse.ts";
import type { CompiledPolicy, PolicyKind, PolicyPrincipal, PolicyProblem, PolicyRequest } from "./types.ts";

/** Callers and requests that tests share; account numbers are those of AWS's examples. */

export const account = "111122223333";
export const otherAccount = "444455556666";
export const keyArn = `arn:aws:kms:us-west-2:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

export function userOf(name: string, inAccount = account): PolicyPrincipal {
  return { arn: `arn:aws:iam::${inAccount}:user/${name}`, account: inAccount, kind: "user", userId: "AIDAEXAMPLE" };
}

export function rootOf(inAccount = account): PolicyPrincipal {
  return { arn: `arn:aws:iam::${inAccount}:root`, account: inAccount, kind: "root" };
}

export function sessionOf(role: string, session: string, inAccount = account): PolicyPrincipal {
  return {
    arn: `arn:aws:sts::${inAccount}:assumed-role/${role}/${session}`,
    account: inAccount,
    kind: "assumed-role",
    roleArn: `arn:aws:iam::${inAccount}:role/${role}`,
    userId: `AROAEXAMPLE:${session}`,
  };
}

export function serviceOf(serviceName: string): PolicyPrincipal {
  return { arn: serviceName, account: "", kind: "service", serviceName };
}

type RequestOptions = Partial<Omit<PolicyRequest, "context">> & {
  /** Keys in lower case. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
};

export function requestOf(options: RequestOptions = {}): PolicyRequest {
  const { context = {}, ...rest } = options;
  return {
    action: "kms:Encrypt",
    resource: keyArn,
    principal: userOf("Alice"),
    ...rest,
    context: new Map(Object.entries(context)),
  };
}

/** A policy of the current version. */
export function compile(kind: PolicyKind, ...statements: readonly object[]): CompiledPolicy {
  return compileText(kind, JSON.stringify({ Version: "2012-10-17", Statement: statements }));
}

export function compileText(kind: PolicyKind, text: string): CompiledPolicy {
  const result = parsePolicy(text, kind);
  assert.ok(result.ok, result.ok ? "" : `${result.problem.path}: ${result.problem.reason}`);
  return result.policy;
}

export function problemOf(kind: PolicyKind, document: unknown): PolicyProblem {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  const result = parsePolicy(text, kind);
  assert.ok(!result.ok, "the policy was accepted");
  return result.problem;
}

/** Whether an identity statement with this Condition (and `Allow`) applies to a request with this context. */
export function conditionHolds(
  condition: object,
  context: Readonly<Record<string, readonly string[]>>,
  effect: "Allow" | "Deny" = "Allow",
  principal = userOf("Alice"),
): boolean {
  const policy = compile("identity", { Effect: effect, Action: "*", Resource: "*", Condition: condition });
  const statement = policy.statements[0];
  assert.ok(statement);
  return statement.conditions.every((one) => holds(one, requestOf({ context, principal })));
}

import assert from "node:assert/strict";
import { it } from "node:test";
import { authorize } from "../src/authorize.ts";
import {
  account,
  compile,
  keyArn,
  otherAccount,
  requestOf,
  rootOf,
  sessionOf,
  userOf,
} from "../src/policy-fixtures.ts";
import type { PolicyPrincipal } from "../src/types.ts";

export type Statement = Readonly<Record<string, unknown>>;
type Context = Readonly<Record<string, readonly string[]>>;

export const kms = "https://docs.aws.amazon.com/kms/latest/developerguide";
export const iam = "https://docs.aws.amazon.com/IAM/latest/UserGuide";

export const root = rootOf();
export const alice = userOf("Alice");
export const keyUser = userOf("ExampleUser");
export const admin = sessionOf("ExampleAdminRole", "ann");
export const service = sessionOf("EncryptionApp", "run");
export const stranger = userOf("Zoe", otherAccount);

/** What is asked: who, what, with which condition keys (lower case), and whether AWS's page says yes. */
type Ask = readonly [who: PolicyPrincipal, action: string, context: Context, allowed: boolean];

export interface Example {
  readonly source: string;
  readonly key?: readonly Statement[];
  /** The caller's identity policy. */
  readonly identity?: readonly Statement[];
  readonly resource?: string;
  readonly asks: readonly Ask[];
}

export const delegation: Statement = { Effect: "Allow", Principal: { AWS: root.arn }, Action: "kms:*", Resource: "*" };
export const everything: Statement = { Effect: "Allow", Action: "*", Resource: "*" };

export function variable(name: string): string {
  return `$${`{${name}}`}`;
}

/** One test an example. */
export function testExamples(examples: readonly Example[]): void {
  for (const [at, { source, key, identity, resource = keyArn, asks }] of examples.entries()) {
    it(`${at + 1}: ${source}`, () => {
      for (const [principal, action, context, allowed] of asks) {
        const decision = authorize({
          request: requestOf({ principal, action, resource, context }),
          ...(key === undefined ? {} : { keyPolicy: compile("key", ...key), keyAccount: account }),
          identityPolicies: identity === undefined ? [] : [compile("identity", ...identity)],
        });
        assert.equal(decision.allowed, allowed, JSON.stringify([principal.arn, action, context, decision]));
      }
    });
  }
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluatePolicy } from "./evaluate.ts";
import { parsePolicy } from "./parse.ts";
import type { CompiledPolicy, PolicyPrincipal } from "./types.ts";

const provider = "arn:aws:iam::111122223333:oidc-provider/issuer.example";
const role = "arn:aws:iam::111122223333:role/app";

function trust(principal: unknown, more: object = {}): CompiledPolicy {
  const Statement = [{ Effect: "Allow", Principal: principal, Action: "sts:*", ...more }];
  const parsed = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement }), "trust");
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problem.reason);
  return parsed.policy;
}

function evaluate(policy: CompiledPolicy, principal: PolicyPrincipal) {
  return evaluatePolicy(policy, { action: "sts:AssumeRole", resource: role, principal, context: new Map() });
}

const user: PolicyPrincipal = {
  arn: "arn:aws:iam::111122223333:user/alice",
  account: "111122223333",
  kind: "user",
};
const federated: PolicyPrincipal = { arn: provider, account: "", kind: "federated", federatedProvider: provider };

describe("trust policies", () => {
  it("apply to the role that they hang on, and name no resources", () => {
    assert.equal(evaluate(trust({ AWS: user.arn }), user).allowsExactly, true);
    const named = { Effect: "Allow", Principal: "*", Action: "sts:*", Resource: "*" };
    const parsed = parsePolicy(JSON.stringify({ Statement: [named] }), "trust");
    assert.deepEqual(parsed.ok ? undefined : parsed.problem.path, "Statement[0].Resource");
  });
  it("must name principals", () => {
    const parsed = parsePolicy('{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}', "trust");
    assert.deepEqual(parsed.ok ? undefined : parsed.problem.path, "Statement[0].Principal");
  });
  it("meet a federated caller by its provider alone", () => {
    assert.equal(evaluate(trust({ Federated: provider }), federated).allowsExactly, true);
    assert.equal(evaluate(trust({ Federated: `${provider}/other` }), federated).allows, undefined);
    assert.equal(evaluate(trust({ AWS: "111122223333" }), federated).allows, undefined);
    assert.equal(evaluate(trust({ Service: "ec2.amazonaws.com" }), federated).allows, undefined);
    assert.equal(evaluate(trust({ Federated: provider }), user).allows, undefined);
  });
  it("exempt a provider from a Deny that names it", () => {
    const deny = { Effect: "Deny", NotPrincipal: { Federated: provider }, Action: "sts:*" };
    const parsed = parsePolicy(JSON.stringify({ Statement: [deny] }), "trust");
    assert.ok(parsed.ok);
    assert.equal(evaluate(parsed.policy, federated).denies, undefined);
    assert.notEqual(evaluate(parsed.policy, user).denies, undefined);
  });
});

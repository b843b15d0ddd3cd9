import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { authorize } from "./authorize.ts";
import { explainAuthorization } from "./explain.ts";
import {
  account,
  compile,
  compileText,
  keyArn,
  otherAccount,
  requestOf,
  rootOf,
  serviceOf,
  sessionOf,
  userOf,
} from "./policy-fixtures.ts";
import { findRemedies, leastGrant, leastStatement, type RemedyStep } from "./remedies.ts";
import type { AuthorizationInput, CompiledPolicy, PolicyKind } from "./types.ts";

type Statement = Readonly<Record<string, unknown>>;

const alice = userOf("Alice");
const delegation: Statement = { Effect: "Allow", Principal: { AWS: rootOf().arn }, Action: "kms:*", Resource: "*" };
const allowAll: Statement = { Effect: "Allow", Action: "*", Resource: "*" };
const allowOther: Statement = { Effect: "Allow", Action: "s3:*", Resource: "*" };
const denyAll: Statement = { Effect: "Deny", Action: "kms:Decrypt", Resource: "*" };
const partner: Statement = {
  Effect: "Allow",
  Principal: { AWS: rootOf(otherAccount).arn },
  Action: "kms:*",
  Resource: "*",
};
const session = sessionOf("Engineering", "bob");
const stranger = userOf("Zoe", otherAccount);

/** A world of policies as text, so that remedies can be written into it. */
interface World {
  readonly principal: AuthorizationInput["request"]["principal"];
  readonly action: string;
  readonly context: Readonly<Record<string, readonly string[]>>;
  readonly key: readonly Statement[] | undefined;
  readonly identity: readonly Statement[];
  readonly session: readonly Statement[] | undefined;
  readonly boundary: readonly Statement[] | undefined;
}

const base: World = {
  principal: alice,
  action: "kms:Decrypt",
  context: { "kms:encryptioncontext:dept": ["a$" + "{b}"], "kms:encryptioncontextkeys": ["dept"] },
  key: [delegation],
  identity: [],
  session: undefined,
  boundary: undefined,
};
const encryptionContext = { dept: "a$" + "{b}" };

function inputOf({ principal, action, context, key, identity, session: limits, boundary }: World): AuthorizationInput {
  const compiled = (kind: PolicyKind, statements: readonly Statement[]): CompiledPolicy => compile(kind, ...statements);
  return {
    request: requestOf({ principal, action, context, resource: key === undefined ? "*" : keyArn }),
    ...(key === undefined ? {} : { keyPolicy: compiled("key", key), keyAccount: account }),
    identityPolicies: identity.length === 0 ? [] : [compiled("identity", identity)],
    ...(limits === undefined ? {} : { sessionPolicies: [compiled("session", limits)] }),
    ...(boundary === undefined ? {} : { boundary: compiled("boundary", boundary) }),
  };
}

/** The world with the documents of a remedy written into its policies. */
function apply(world: World, steps: readonly RemedyStep[]): AuthorizationInput {
  let changed = world;
  const resource = world.key === undefined ? "*" : keyArn;
  const subject = { principal: world.principal, action: world.action, resource, encryptionContext };
  for (const step of steps) {
    if (step === "grant") continue;
    const statement = leastStatement(step, subject);
    if (step === "key-policy") changed = { ...changed, key: [...(changed.key ?? []), statement] };
    if (step === "identity-policy") changed = { ...changed, identity: [...changed.identity, statement] };
    if (step === "session-policy") changed = { ...changed, session: [...(changed.session ?? []), statement] };
    if (step === "boundary") changed = { ...changed, boundary: [...(changed.boundary ?? []), statement] };
  }
  return { ...inputOf(changed), ...(steps.includes("grant") ? { grantAllows: true } : {}) };
}

describe("the least that would allow a refused request", () => {
  const cases: readonly (readonly [name: string, Partial<World>, remedies: readonly (readonly RemedyStep[])[]])[] = [
    ["the account has the say and says nothing", {}, [["grant"], ["identity-policy"]]],
    ["the account has no say", { key: [partner], identity: [allowAll] }, [["grant"], ["key-policy"]]],
    ["the account's root without a say", { principal: rootOf(), key: [partner] }, [["grant"], ["key-policy"]]],
    ["the caller of another account", { principal: stranger }, [["grant"], ["key-policy", "identity-policy"]]],
    ["its key policy shares it already", { principal: stranger, key: [partner] }, [["grant"], ["identity-policy"]]],
    [
      "limits that are silent",
      { principal: session, identity: [allowAll], session: [allowOther], boundary: [allowOther] },
      [["boundary", "session-policy"]],
    ],
    [
      "limits that are silent, and no say",
      { principal: session, session: [allowOther], boundary: [allowOther] },
      [
        ["grant", "boundary", "session-policy"],
        ["identity-policy", "boundary", "session-policy"],
      ],
    ],
    ["an action that no grant has", { action: "kms:PutKeyPolicy" }, [["identity-policy"]]],
    ["an action without a key", { action: "kms:ListKeys", key: undefined }, [["identity-policy"]]],
    ["a service", { principal: serviceOf("s3.amazonaws.com") }, [["key-policy"]]],
    ["an explicit Deny", { identity: [denyAll] }, []],
    ["an action that does not cross accounts", { principal: stranger, action: "kms:DisableKey" }, []],
    ["what is allowed", { identity: [allowAll] }, []],
  ];
  for (const [name, world, remedies] of cases) {
    it(name, () => {
      const input = inputOf({ ...base, ...world });
      assert.deepEqual(findRemedies(input), remedies);
    });
  }

  it("is enough, whatever the policies are", () => {
    const some = (...statements: readonly Statement[]) =>
      fc.uniqueArray(fc.constantFrom(...statements), { minLength: 1, maxLength: 2 });
    const worlds = fc.record({
      principal: fc.constantFrom(
        alice,
        rootOf(),
        session,
        stranger,
        rootOf(otherAccount),
        serviceOf("s3.amazonaws.com"),
      ),
      action: fc.constantFrom("kms:Decrypt", "kms:PutKeyPolicy"),
      context: fc.constant(base.context),
      key: fc.option(some(delegation, partner, { ...delegation, Principal: { AWS: alice.arn } }), { nil: undefined }),
      identity: fc.oneof(fc.constant([]), some(allowAll, allowOther, denyAll)),
      session: fc.option(some(allowAll, allowOther), { nil: undefined }),
      boundary: fc.option(some(allowAll, allowOther), { nil: undefined }),
    });
    let tried = 0;
    fc.assert(
      fc.property(worlds, (world) => {
        const input = inputOf(world);
        const decision = authorize(input);
        if (decision.allowed) return;
        const remedies = findRemedies(input);
        const isHopeless = ["explicit-deny", "cross-account-unsupported"].includes(decision.reason);
        if (isHopeless) assert.deepEqual(remedies, []);
        for (const steps of remedies) {
          assert.equal(authorize(apply(world, steps)).allowed, true, JSON.stringify(steps));
          // Each step is needed.
          for (const step of steps) {
            const fewer = apply(
              world,
              steps.filter((other) => other !== step),
            );
            assert.equal(authorize(fewer).allowed, false, `without ${step} of ${steps.join()}`);
          }
          tried += 1;
        }
      }),
      { numRuns: 1000 },
    );
    assert.ok(tried > 100, `${tried}`);
  });

  it("is for this encryption context alone", () => {
    const subject = { principal: alice, action: "kms:Decrypt", resource: keyArn, encryptionContext };
    const policy = compileText(
      "identity",
      JSON.stringify({ Version: "2012-10-17", Statement: leastStatement("identity-policy", subject) }),
    );
    const ask = (dept: readonly string[]) =>
      authorize({
        ...inputOf({ ...base, context: { "kms:encryptioncontext:dept": dept } }),
        identityPolicies: [policy],
      }).allowed;
    assert.equal(ask(["a$" + "{b}"]), true);
    assert.equal(ask(["other"]), false);
    assert.equal(ask([]), false);
    assert.deepEqual(leastGrant(subject), {
      GranteePrincipal: alice.arn,
      Operations: ["Decrypt"],
      Constraints: { EncryptionContextEquals: encryptionContext },
    });
    assert.deepEqual(leastGrant({ ...subject, action: "kms:DescribeKey" }), {
      GranteePrincipal: alice.arn,
      Operations: ["DescribeKey"],
    });
    assert.equal(leastGrant({ ...subject, action: "kms:DisableKey" }), undefined);
    assert.equal(leastGrant({ ...subject, principal: session })?.GranteePrincipal, session.roleArn);
  });

  it("names of a context that differ in case only leave the condition out", () => {
    const subject = {
      principal: alice,
      action: "kms:Decrypt",
      resource: keyArn,
      encryptionContext: { a: "1", A: "2" },
    };
    assert.equal("Condition" in leastStatement("identity-policy", subject), false);
  });
});

describe("explainAuthorization", () => {
  it("tells of every statement of every policy", () => {
    const told = explainAuthorization(
      inputOf({ ...base, identity: [allowOther, denyAll], session: [allowAll], boundary: [allowOther] }),
    );
    assert.deepEqual(
      told.map(({ source, policy, statement, matched }) => [source, policy, statement, matched]),
      [
        ["key-policy", undefined, 0, true],
        ["identity-policy", 0, 0, false],
        ["identity-policy", 0, 1, true],
        ["boundary", undefined, 0, false],
        ["session-policy", 0, 0, true],
      ],
    );
    assert.deepEqual(told[1]?.failed, { element: "Action", expected: ["s3:*"], actual: ["kms:Decrypt"] });
  });
});

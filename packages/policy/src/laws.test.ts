import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { authorize } from "./authorize.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { account, compile, otherAccount, requestOf, rootOf, serviceOf, sessionOf, userOf } from "./policy-fixtures.ts";
import type { AuthorizationInput, PolicyKind } from "./types.ts";

type Statement = Readonly<Record<string, unknown>>;

const callers = [
  userOf("Alice"),
  rootOf(),
  sessionOf("Engineering", "bob"),
  userOf("Alice", otherAccount),
  rootOf(otherAccount),
  sessionOf("Engineering", "bob", otherAccount),
  serviceOf("s3.amazonaws.com"),
];
const names = callers
  .filter((caller) => caller.kind !== "service")
  .flatMap(({ arn, roleArn }) => [arn, ...(roleArn ? [roleArn] : [])]);
const principal = fc.oneof(
  fc.constant("*"),
  fc
    .uniqueArray(fc.constantFrom(...names, account, otherAccount), { minLength: 1, maxLength: 3 })
    .map((AWS) => ({ AWS })),
  fc.constant({ Service: "s3.amazonaws.com" }),
);
const action = fc.constantFrom("kms:Encrypt", "kms:Decrypt", "kms:*", "kms:PutKeyPolicy", "*", "s3:*");
const resource = fc.constantFrom(
  "*",
  requestOf().resource,
  `arn:aws:kms:*:${account}:key/*`,
  `arn:aws:kms:*:${otherAccount}:key/*`,
);
const condition = fc.constantFrom(
  undefined,
  { StringEquals: { "kms:ViaService": "s3.amazonaws.com" } },
  { StringNotEquals: { "kms:ViaService": "s3.amazonaws.com" } },
  { Bool: { "kms:GrantIsForAWSResource": "true" } },
  { "ForAllValues:StringLike": { "kms:EncryptionContextKeys": "a*" } },
);
const effect = fc.constantFrom("Allow", "Deny");

const identityStatement = fc.record({ Effect: effect, Action: action, Resource: resource, Condition: condition });
const keyStatement = fc.record({
  Effect: effect,
  Principal: principal,
  Action: action,
  Resource: resource,
  Condition: condition,
});

const list = (statement: fc.Arbitrary<Statement>) => fc.array(statement, { minLength: 1, maxLength: 4 });

interface World {
  readonly key: readonly Statement[] | undefined;
  readonly identity: readonly Statement[];
  readonly session: readonly Statement[] | undefined;
  readonly boundary: readonly Statement[] | undefined;
  readonly request: AuthorizationInput["request"];
  readonly grantAllows: boolean;
}

const context = fc.record({
  "kms:viaservice": fc.constantFrom([], ["s3.amazonaws.com"], ["ec2.amazonaws.com"]),
  "kms:grantisforawsresource": fc.constantFrom([], ["true"], ["false"]),
  "kms:encryptioncontextkeys": fc.constantFrom([], ["a", "ab"], ["a", "b"]),
});
const request = fc
  .record({
    principal: fc.constantFrom(...callers),
    action: fc.constantFrom("kms:Encrypt", "kms:PutKeyPolicy"),
    context,
  })
  .map(requestOf);

const world: fc.Arbitrary<World> = fc.record({
  key: fc.option(list(keyStatement), { nil: undefined, freq: 5 }),
  identity: list(identityStatement),
  session: fc.option(list(identityStatement), { nil: undefined }),
  boundary: fc.option(list(identityStatement), { nil: undefined }),
  request,
  grantAllows: fc.boolean(),
});

function decide(world: World) {
  const { key, identity, session, boundary, request, grantAllows } = world;
  return authorize({
    request,
    ...(key === undefined ? {} : { keyPolicy: compile("key", ...key), keyAccount: account }),
    identityPolicies: identity.map((statement) => compile("identity", statement)),
    ...(session === undefined ? {} : { sessionPolicies: [compile("session", ...session)] }),
    ...(boundary === undefined ? {} : { boundary: compile("boundary", ...boundary) }),
    grantAllows,
  });
}

const parts = ["key", "identity", "session", "boundary"] as const;
const extra = fc.record({
  part: fc.constantFrom(...parts),
  key: keyStatement,
  identity: identityStatement,
  front: fc.boolean(),
});
type Extra = { part: (typeof parts)[number]; key: Statement; identity: Statement; front: boolean };

/** The world with one more statement; undefined where there is no policy to put it into. */
function withStatement(world: World, { part, key, identity, front }: Extra, Effect: string): World | undefined {
  const list = world[part];
  if (list === undefined) return undefined;
  const statement = { ...(part === "key" ? key : identity), Effect };
  return { ...world, [part]: front ? [statement, ...list] : [...list, statement] };
}

const runs = { numRuns: 600 };

describe("laws of authorize", () => {
  it("adding an Allow never takes access away", () => {
    fc.assert(
      fc.property(world, extra, (before, added) => {
        const after = withStatement(before, added, "Allow");
        if (after !== undefined && decide(before).allowed) assert.equal(decide(after).allowed, true);
      }),
      runs,
    );
  });

  it("adding a Deny never gives access", () => {
    fc.assert(
      fc.property(world, extra, (before, added) => {
        const after = withStatement(before, added, "Deny");
        if (after !== undefined && !decide(before).allowed) assert.equal(decide(after).allowed, false);
      }),
      runs,
    );
  });

  it("a Deny that matches wins over everything", () => {
    const denial = { Effect: "Deny", Action: "*", Resource: "*" };
    fc.assert(
      fc.property(world, fc.constantFrom(...parts), (before, part) => {
        const list = before[part];
        if (list === undefined) return;
        const statement = part === "key" ? { ...denial, Principal: "*" } : denial;
        const decision = decide({ ...before, [part]: [...list, statement] });
        assert.deepEqual([decision.allowed, decision.reason], [false, "explicit-deny"]);
      }),
      runs,
    );
  });

  it("the order of statements and policies does not matter", () => {
    fc.assert(
      fc.property(world, fc.infiniteStream(fc.nat()), (one, random) => {
        const shuffle = (list: readonly Statement[] | undefined) =>
          list
            ?.map((statement) => ({ statement, at: random.next().value }))
            .sort((a, b) => a.at - b.at)
            .map((entry) => entry.statement);
        const two = {
          ...one,
          key: shuffle(one.key),
          identity: shuffle(one.identity) ?? [],
          session: shuffle(one.session),
          boundary: shuffle(one.boundary),
        };
        assert.equal(decide(two).allowed, decide(one).allowed);
        assert.equal(decide(two).reason, decide(one).reason);
      }),
      runs,
    );
  });

  it("a boundary, and session policies, never give access", () => {
    fc.assert(
      fc.property(world, (limited) => {
        const free = { ...limited, session: undefined, boundary: undefined };
        if (!decide(free).allowed) assert.equal(decide(limited).allowed, false);
      }),
      runs,
    );
  });

  it("no key is used without its key policy or a grant", () => {
    fc.assert(
      fc.property(world, (one) => {
        const decision = decide({
          ...one,
          key: [{ Effect: "Deny", Principal: { Service: "none.amazonaws.com" }, Action: "*", Resource: "*" }],
          grantAllows: false,
        });
        assert.equal(decision.allowed, false);
      }),
      runs,
    );
  });

  it("another account's caller needs its own account's consent or a grant", () => {
    fc.assert(
      fc.property(world, (one) => {
        const { principal } = one.request;
        if (
          one.key === undefined ||
          principal.kind === "service" ||
          principal.kind === "root" ||
          principal.account === account
        )
          return;
        const decision = decide({ ...one, identity: [], grantAllows: false });
        assert.equal(decision.allowed, false);
      }),
      runs,
    );
  });
});

describe("laws of evaluatePolicy", () => {
  const kinds: readonly PolicyKind[] = ["identity", "session", "boundary"];

  it("kinds without principals agree with one another", () => {
    fc.assert(
      fc.property(list(identityStatement), request, (statements, asked) => {
        const answers = kinds.map((kind) => JSON.stringify(evaluatePolicy(compile(kind, ...statements), asked)));
        assert.equal(new Set(answers).size, 1);
      }),
    );
  });

  it("a policy says what its statements say one by one", () => {
    fc.assert(
      fc.property(list(keyStatement), request, (statements, asked) => {
        const whole = evaluatePolicy(compile("key", ...statements), asked);
        const each = statements.map((statement) => evaluatePolicy(compile("key", statement), asked));
        assert.equal(
          whole.denies !== undefined,
          each.some((one) => one.denies !== undefined),
        );
        assert.equal(
          whole.allowsExactly,
          each.some((one) => one.allowsExactly),
        );
        assert.equal(
          whole.allowsAccount,
          each.some((one) => one.allowsAccount),
        );
        assert.equal(
          whole.allowsDirectly,
          each.some((one) => one.allowsDirectly),
        );
      }),
    );
  });
});

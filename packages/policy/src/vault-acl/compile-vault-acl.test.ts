import assert from "node:assert/strict";
import { test } from "node:test";
import { compileVaultAcl } from "./compile-vault-acl.ts";
import { defaultVaultPolicy } from "./default-vault-policy.ts";
import { parseVaultPolicy } from "./parse-vault-policy.ts";
import type { NamedVaultPolicy, VaultAcl, VaultAclOperation, VaultAclRequest, VaultPolicyIdentity } from "./types.ts";

function named(name: string, text: string): NamedVaultPolicy {
  const result = parseVaultPolicy(text);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return { name, policy: result.policy };
}

function aclOf(...texts: string[]): VaultAcl {
  return compileVaultAcl(texts.map((text, index) => named(`p${index}`, text)));
}

const first = `
path "dev/*" { policy = "sudo" }
path "stage/*" { policy = "write" }
path "stage/aws/*" {
  policy = "read"
  capabilities = ["update", "sudo"]
}
path "stage/aws/policy/*" { policy = "sudo" }
path "prod/*" { policy = "read" }
path "prod/aws/*" { policy = "deny" }
path "sys/*" { policy = "deny" }
path "foo/bar" { capabilities = ["read", "create", "sudo"] }
path "baz/quux" { capabilities = ["read", "create", "patch"] }
path "asdf/fdsa" { capabilities = ["scan"] }
path "test/+/segment" { capabilities = ["read"] }
path "+/segment/at/front" { capabilities = ["read"] }
path "test/segment/at/end/+" { capabilities = ["read"] }
path "test/segment/at/end/v2/+/" { capabilities = ["read"] }
path "test/+/wildcard/+/*" { capabilities = ["read"] }
path "1/2/*" { capabilities = ["create"] }
path "1/2/+" { capabilities = ["read"] }
path "1/2/+/+" { capabilities = ["update"] }
`;
const second = `
path "dev/hide/*" { policy = "deny" }
path "stage/aws/policy/*" {
  policy = "deny"
  capabilities = ["read", "update", "sudo"]
}
path "prod/*" { policy = "write" }
path "sys/seal" { policy = "sudo" }
path "foo/bar" { capabilities = ["deny"] }
path "baz/quux" { capabilities = ["deny"] }
`;

type Case = readonly [operation: VaultAclOperation, path: string, allowed: boolean, sudo: boolean];

function check(acl: VaultAcl, cases: readonly Case[]): void {
  for (const [operation, path, allowed, sudo] of cases) {
    const decision = acl.decide({ operation, path });
    assert.deepEqual([decision.allowed, decision.sudo], [allowed, sudo], `${operation} ${path}: ${decision.reason}`);
  }
}

// The cases of these two tests are those of OpenBao's acl_test.go (MPL-2.0): facts of the language.
test("one policy: exact paths, prefixes, segments, legacy policies, sudo", () => {
  check(aclOf(first), [
    ["read", "root", false, false],
    ["read", "dev/foo", true, true],
    ["update", "dev/foo", true, true],
    ["update", "/dev/foo", true, true],
    ["read", "dev", false, false],
    ["delete", "stage/foo", true, false],
    ["list", "stage/aws/foo", true, true],
    ["update", "stage/aws/foo", true, true],
    ["delete", "stage/aws/foo", false, true],
    ["update", "stage/aws/policy/foo", true, true],
    ["delete", "prod/foo", false, false],
    ["read", "prod/foo", true, false],
    ["list", "prod/foo", true, false],
    ["read", "prod/aws/foo", false, false],
    ["read", "foo/bar", true, true],
    ["list", "foo/bar", false, true],
    ["update", "foo/bar", false, true],
    ["create", "foo/bar", true, true],
    ["patch", "baz/quux", true, false],
    ["scan", "baz/quux", false, false],
    ["scan", "asdf/fdsa", true, false],
    ["scan", "asdf/fdsa/", true, false],
    ["list", "asdf/fdsa", false, false],
    ["read", "test/foo/bar/segment", false, false],
    ["read", "test/foo/segment", true, false],
    ["read", "test/segment/at/frond", false, false],
    ["read", "test/segment/at/front", true, false],
    ["read", "test/segment/at/end/foo", true, false],
    ["read", "test/segment/at/end/foo/", false, false],
    ["read", "test/segment/at/end/v2/foo/", true, false],
    ["read", "test/segment/wildcard/at/foo/", true, false],
    ["read", "test/segment/wildcard/at/end", true, false],
    ["read", "test/segment/wildcard/at", false, false],
    ["read", "1/2/3/4", false, false],
    ["read", "1/2/3", true, false],
    ["update", "1/2/3", false, false],
    ["update", "1/2/3/4", true, false],
    ["create", "1/2/3/4/5", true, false],
  ]);
});

test("two policies: rules of one path add up, and a denial denies", () => {
  const cases: Case[] = [
    ["read", "dev/hide/foo", false, false],
    ["list", "dev/hide/", false, false],
    ["update", "stage/aws/policy/foo", false, false],
    ["delete", "prod/foo", true, false],
    ["read", "prod/foo", true, false],
    ["read", "prod/aws/foo", false, false],
    ["read", "sys/status", false, false],
    ["update", "sys/seal", true, true],
    ["read", "foo/bar", false, false],
    ["create", "baz/quux", false, false],
  ];
  check(aclOf(first, second), cases);
  check(aclOf(second, first), cases);
});

const priorities: readonly (readonly [about: string, loses: string, wins: string, path: string])[] = [
  ["a later first wildcard", "foo/+/(ar/baz", "foo/(ar/+/baz", "foo/(ar/(ar/baz"],
  ["a later first wildcard, of segments", "+/*", "foo/+/*", "foo/bar/bar/baz"],
  ["fewer segments, at the same place", "+/*", "*", "foo/bar/bar/baz"],
  ["fewer segments", "foo/+/+/*", "foo/+/bar/baz", "foo/bar/bar/baz"],
  ["fewer segments, without globs", "foo/+/+/baz", "foo/+/bar/baz", "foo/bar/bar/baz"],
  ["no glob", "foo/bar/+/baz*", "foo/bar/+/baz", "foo/bar/bar/baz"],
  ["a longer text", "foo/bar/+/b*", "foo/bar/+/ba*", "foo/bar/bar/baz"],
  ["a longer prefix", "foo/b*", "foo/bar/*", "foo/bar/x"],
  ["a glob behind more text", "foo/+/x", "foo/bar*", "foo/bar/x"],
  ["a segment over a glob at its place", "foo/*", "foo/+", "foo/bar"],
  ["an exact path", "foo/+", "foo/bar", "foo/bar"],
  ["an exact path over a longer glob", "foo/bar*", "foo/bar", "foo/bar"],
  ["more bytes", "a/+/+/z", "a/+/\u00e9/+", "a/b/\u00e9/z"],
];
for (const [about, loses, wins, path] of priorities) {
  test(`of two rules for one path counts the one with ${about}`, () => {
    const rules = [`path "${loses}" { capabilities = ["read"] }`, `path "${wins}" { capabilities = ["update"] }`];
    for (const acl of [aclOf(...rules), aclOf(...rules.toReversed())]) {
      assert.ok(acl.decide({ operation: "update", path }).allowed);
      assert.equal(acl.decide({ operation: "read", path }).reason, "capability");
    }
  });
}

test("capabilities are those of sys/capabilities: sorted, root, or deny", () => {
  const acl = aclOf(first);
  assert.deepEqual(acl.capabilities("dev/"), ["create", "delete", "list", "read", "sudo", "update"]);
  assert.deepEqual(acl.capabilities("stage/aws/test"), ["list", "read", "sudo", "update"]);
  assert.deepEqual(acl.capabilities("dev"), ["deny"]);
  assert.deepEqual(acl.capabilities("prod/aws/x"), ["deny"]);
  assert.deepEqual(aclOf('path "a" {}').capabilities("a"), ["deny"]);
  assert.deepEqual(compileVaultAcl([named("root", "")]).capabilities("any/path"), ["root"]);
});

test("the policy named root allows everything, whatever stands in it or beside it", () => {
  const acl = compileVaultAcl([named("p", 'path "*" { policy = "deny" }'), named("root", "")]);
  assert.ok(acl.root);
  const { allowed, sudo, reason } = acl.decide({ operation: "delete", path: "sys/seal" });
  assert.deepEqual([allowed, sudo, reason], [true, true, "root"]);
  assert.ok(!compileVaultAcl([named("Root", "")]).root);
});

test("no policy allows nothing", () => {
  const { allowed, reason, rules } = compileVaultAcl([]).decide({ operation: "read", path: "a" });
  assert.deepEqual([allowed, reason, rules], [false, "noRule", []]);
});

test("a decision names the rules that made it", () => {
  const acl = aclOf('\npath "a/*" { capabilities = ["read"] }', 'path "a/*" { capabilities = ["list"] }\npath "b" {}');
  assert.deepEqual(acl.decide({ operation: "delete", path: "a/x" }), {
    allowed: false,
    sudo: false,
    wanted: "delete",
    reason: "capability",
    rules: [
      { policy: "p0", line: 2, path: "a/*", capabilities: ["read"] },
      { policy: "p1", line: 1, path: "a/*", capabilities: ["list"] },
    ],
  });
});

type ParameterCase = readonly [
  about: string,
  body: string,
  parameters: Record<string, unknown>,
  refused: string | undefined,
];
const parameterCases: readonly ParameterCase[] = [
  ["no parameters, where some are allowed", 'allowed_parameters = { "a" = [] }', {}, undefined],
  ["an allowed one", 'allowed_parameters = { "a" = [] }', { a: 1 }, undefined],
  ["an allowed one in capitals", 'allowed_parameters = { "a" = [] }', { A: 1 }, undefined],
  ["another one", 'allowed_parameters = { "a" = [] }', { a: 1, b: 2 }, "b"],
  ["another one, beside *", 'allowed_parameters = { "a" = ["x"], "*" = [] }', { b: 2 }, undefined],
  ["a wrong value, beside *", 'allowed_parameters = { "a" = ["x"], "*" = [] }', { a: "y" }, "a"],
  ["any value of * alone", 'allowed_parameters = { "*" = ["x"] }', { a: "y" }, undefined],
  ["allowed and denied", 'allowed_parameters = { "a" = [] }\ndenied_parameters = { "a" = [] }', { a: 1 }, "a"],
  ["none, where all are denied", 'denied_parameters = { "*" = [] }', {}, undefined],
  ["all denied", 'denied_parameters = { "*" = [] }\nallowed_parameters = { "*" = [] }', { a: 1 }, "a"],
  ["a denied value", 'denied_parameters = { "a" = ["bad*"] }', { a: "bad one" }, "a"],
  ["a denied value under another case", 'denied_parameters = { "dEny" = ["bad"] }', { DENY: "bad" }, "DENY"],
  ["a value that is not denied", 'denied_parameters = { "a" = ["bad"] }', { a: "good" }, undefined],
  ["a glob at the front", 'allowed_parameters = { "a" = ["*end"] }', { a: "the end" }, undefined],
  ["a glob at both sides", 'allowed_parameters = { "a" = ["*mid*"] }', { a: "amidst" }, undefined],
  ["a glob within is text", 'allowed_parameters = { "a" = ["x*y"] }', { a: "xzy" }, "a"],
  ["a lone * is text", 'allowed_parameters = { "a" = ["*"] }', { a: "x" }, "a"],
  ["a number", 'allowed_parameters = { "a" = [1, 2] }', { a: 2 }, undefined],
  ["a number as text", 'allowed_parameters = { "a" = [1, 2] }', { a: "2" }, "a"],
  ["a bool", 'allowed_parameters = { "a" = [false] }', { a: false }, undefined],
  ["an object", 'allowed_parameters = { "a" = [{ "good" = "one" }] }', { a: { good: "one" } }, undefined],
  ["an object with more", 'allowed_parameters = { "a" = [{ "good" = "one" }] }', { a: { good: "one", b: 1 } }, "a"],
  ["a list", 'denied_parameters = { "a" = [["x", "y"]] }', { a: ["x", "y"] }, "a"],
  ["a list in another order", 'denied_parameters = { "a" = [["x", "y"]] }', { a: ["y", "x"] }, undefined],
  ["null", 'allowed_parameters = { "a" = ["x"] }', { a: null }, "a"],
  ["a required one", 'required_parameters = ["a", "b"]', { a: 1, b: 1 }, undefined],
  ["a required one that is missing", 'required_parameters = ["a", "b"]', { a: 1 }, "b"],
  ["a required one in capitals", 'required_parameters = ["A"]', { a: 1 }, undefined],
  ["a name of Object.prototype", 'required_parameters = ["constructor"]', { a: 1 }, "constructor"],
  ["a name of Object.prototype, allowed", 'allowed_parameters = { "a" = [] }', { toString: 1 }, "toString"],
  ["no restriction", "allowed_parameters = {}\ndenied_parameters = {}", { a: 1 }, undefined],
];
for (const [about, body, parameters, refused] of parameterCases) {
  test(`parameters: ${about}`, () => {
    const acl = aclOf(`path "p" {\npolicy = "write"\ncapabilities = ["patch"]\n${body}\n}`);
    for (const operation of ["create", "read", "update", "patch"] as const) {
      const decision = acl.decide({ operation, path: "p", parameters });
      assert.deepEqual([decision.allowed, decision.parameter], [refused === undefined, refused], operation);
    }
    assert.ok(acl.decide({ operation: "delete", path: "p", parameters }).allowed);
    assert.ok(acl.decide({ operation: "list", path: "p", parameters }).allowed);
  });
}

test("rules of one path merge their restrictions", () => {
  const left = `path "p" {
    policy = "write"
    allowed_parameters = { "a" = ["1"], "b" = [] }
    denied_parameters = { "c" = ["1"] }
    required_parameters = ["a"]
  }`;
  const right = `path "p" {
    policy = "write"
    allowed_parameters = { "a" = ["2"], "b" = ["1"], "c" = [], "d" = [] }
    denied_parameters = { "d" = [] }
    required_parameters = ["b"]
  }`;
  const free = 'path "p" { policy = "write" }';
  const refused = (acl: VaultAcl, parameters: Record<string, unknown>) =>
    acl.decide({ operation: "update", path: "p", parameters }).parameter;
  for (const acl of [aclOf(left, right, free), aclOf(free, right, left)]) {
    assert.equal(refused(acl, { a: "1", b: "x" }), undefined);
    assert.equal(refused(acl, { a: "2", b: "x" }), undefined);
    assert.equal(refused(acl, { a: "3", b: "x" }), "a");
    assert.equal(refused(acl, { a: "1" }), "b");
    assert.equal(refused(acl, { b: "1" }), "a");
    assert.equal(refused(acl, { a: "1", b: "1", c: "1" }), "c");
    assert.equal(refused(acl, { a: "1", b: "1", c: "2" }), undefined);
    assert.equal(refused(acl, { a: "1", b: "1", d: "2" }), "d");
    assert.equal(refused(acl, { a: "1", b: "1", e: "2" }), "e");
  }
});

test("wrapping: the answer must be wrapped, neither too long nor too short", () => {
  const acl = aclOf(
    'path "p" { policy = "write" min_wrapping_ttl = 100 max_wrapping_ttl = 300 }\n' +
      'path "p" { policy = "write" min_wrapping_ttl = 50 max_wrapping_ttl = 200 }',
  );
  const reason = (wrapTtlSeconds?: number) =>
    acl.decide({ operation: "delete", path: "p", ...(wrapTtlSeconds === undefined ? {} : { wrapTtlSeconds }) }).reason;
  assert.deepEqual([49, 50, 200, 201].map(reason), ["wrapping", "allowed", "allowed", "wrapping"]);
  assert.equal(reason(), "wrapping");
  // Rules of two policies can leave no time at all.
  const none = aclOf('path "p" { policy = "read" min_wrapping_ttl = 300 }', 'path "p" { max_wrapping_ttl = 200 }');
  assert.ok(
    [100, 250, 400].every((wrap) => !none.decide({ operation: "read", path: "p", wrapTtlSeconds: wrap }).allowed),
  );
});

type PageCase = readonly [limit: unknown, allowed: boolean, replaced: number | undefined];
const pageCases: readonly PageCase[] = [
  [undefined, true, 50],
  ["max", true, 50],
  ["50", true, undefined],
  [20, true, undefined],
  ["", true, 50],
  ["51", false, undefined],
  ["-1", false, undefined],
  ["many", false, undefined],
  [1.5, false, undefined],
  [["1"], false, undefined],
];
for (const [limit, allowed, replaced] of pageCases) {
  test(`a list of at most 50 with limit=${JSON.stringify(limit)}`, () => {
    const acl = aclOf('path "p/" { policy = "read" pagination_limit = 50 }', 'path "p/" { pagination_limit = 80 }');
    const parameters = limit === undefined ? {} : { limit };
    const decision = acl.decide({ operation: "list", path: "p/", parameters });
    assert.deepEqual([decision.allowed, decision.limit], [allowed, replaced]);
    assert.ok(acl.decide({ operation: "read", path: "p/", parameters }).allowed);
  });
}

test("limit=max without a page size is no limit, and a required limit must be there", () => {
  const list = (acl: VaultAcl, parameters: Record<string, unknown>) =>
    acl.decide({ operation: "list", path: "p/", parameters });
  assert.equal(list(aclOf('path "p/" { policy = "read" }'), { limit: "max" }).limit, 0);
  const required = aclOf('path "p/" { policy = "read" pagination_limit = 5 required_parameters = ["limit"] }');
  assert.equal(list(required, {}).reason, "pagination");
  assert.equal(list(required, { limit: "max" }).limit, 5);
});

test("a rule is there until it expires", () => {
  const acl = aclOf(
    'path "a" { capabilities = ["read"] expiration = "1000" }\n' +
      'path "a" { capabilities = ["update"] }\n' +
      'path "b" { capabilities = ["deny"] expiration = "2000" }\npath "b" { capabilities = ["read"] }',
  );
  const at = (seconds: number) => ["a", "b"].map((path) => acl.capabilities(path, seconds * 1000));
  for (const _ of ["once", "and back in time"]) {
    assert.deepEqual(at(1000), [["read", "update"], ["deny"]]);
    assert.deepEqual(at(1001), [["update"], ["deny"]]);
    assert.deepEqual(at(2001), [["update"], ["read"]]);
  }
  // Whoever does not say the time gets no expiring grant, and every denial.
  assert.deepEqual([acl.capabilities("a"), acl.capabilities("b")], [["update"], ["deny"]]);
  assert.ok(!acl.decide({ operation: "read", path: "a" }).allowed);
});

test("a policy that expires takes its rules with it", () => {
  const text = 'path "a" { capabilities = ["read"] expiration = "1000" }\npath "b" { capabilities = ["read"] }';
  const acl = compileVaultAcl([{ ...named("p", text), expiresAtMs: 2_000_000 }]);
  const at = (seconds: number) => ["a", "b"].map((path) => acl.capabilities(path, seconds * 1000)[0]);
  assert.deepEqual(
    [at(1000), at(1001), at(2001)],
    [
      ["read", "read"],
      ["deny", "read"],
      ["deny", "deny"],
    ],
  );
});

const identity: VaultPolicyIdentity = {
  entity: {
    id: "e-1",
    name: "alice",
    metadata: { team: "blue", empty: "", path: "a/b", glob: "*", plus: "+" },
    aliases: [
      { mountAccessor: "auth_1", id: "al-1", name: "alice@x", metadata: { k: "v" }, customMetadata: { k: "w" } },
    ],
  },
  groups: [{ id: "g-1", name: "ops", metadata: { floor: "3" } }],
};
const templates: readonly (readonly [template: string, path: string | undefined])[] = [
  ["{{identity.entity.id}}", "e-1"],
  ["{{ identity.entity.name }}", "alice"],
  ["x{{identity.entity.metadata.team}}y", "xbluey"],
  ["x{{identity.entity.metadata.empty}}y", "xy"],
  ["{{identity.entity.aliases.auth_1.id}}", "al-1"],
  ["{{identity.entity.aliases.auth_1.name}}", "alice@x"],
  ["{{identity.entity.aliases.auth_1.metadata.k}}", "v"],
  ["{{identity.entity.aliases.auth_1.custom_metadata.k}}", "w"],
  ["{{identity.groups.ids.g-1.name}}", "ops"],
  ["{{identity.groups.names.ops.id}}", "g-1"],
  ["{{identity.groups.names.ops.metadata.floor}}", "3"],
  ["{{identity.entity.id}}/{{identity.entity.name}}", "e-1/alice"],
  ["{{identity.entity.metadata.other}}", undefined],
  ["{{identity.entity.metadata.constructor}}", undefined],
  ["{{identity.entity.metadata}}", undefined],
  ["{{identity.entity.aliases.auth_2.id}}", undefined],
  ["{{identity.entity.custom_metadata.team}}", undefined],
  ["{{identity.groups.names.dev.id}}", undefined],
  ["{{identity.entity.groups.names}}", undefined],
  ["{{time.now}}", undefined],
  ["{{other}}", undefined],
];
for (const [template, path] of templates) {
  test(`the template ${template} is ${path ?? "a rule that is not there"}`, () => {
    const policies = [
      named("p", `path "${template}" { capabilities = ["read"] }\npath "*" { capabilities = ["list"] }`),
    ];
    const acl = compileVaultAcl(policies, identity);
    if (path !== undefined) assert.deepEqual(acl.capabilities(path), ["read"]);
    assert.deepEqual(acl.capabilities(template), ["list"]);
    assert.deepEqual(compileVaultAcl(policies).capabilities(path ?? "x"), ["list"]);
  });
}

test("the default policy lets a token see to itself, and nothing else", () => {
  const acl = compileVaultAcl([named("default", defaultVaultPolicy)], identity);
  const allows = (operation: VaultAclRequest["operation"], path: string) => acl.decide({ operation, path }).allowed;
  assert.ok(allows("read", "auth/token/lookup-self"));
  assert.ok(allows("update", "auth/token/renew-self"));
  assert.ok(allows("update", "auth/token/revoke-self"));
  assert.ok(allows("update", "sys/capabilities-self"));
  assert.ok(allows("read", "identity/entity/id/e-1"));
  assert.ok(allows("read", "identity/entity/name/alice"));
  assert.ok(allows("update", "sys/wrapping/unwrap"));
  assert.ok(allows("update", "sys/tools/hash/sha2-256"));
  assert.ok(allows("delete", "cubbyhole/a/b"));
  assert.ok(!allows("read", "identity/entity/id/e-2"));
  assert.ok(!allows("update", "auth/token/create"));
  assert.ok(!allows("update", "transit/encrypt/k"));
  assert.ok(!allows("list", "sys/policies/acl/"));
});

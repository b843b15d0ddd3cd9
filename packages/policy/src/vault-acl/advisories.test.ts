// Each test is a published fault of Vault or OpenBao in the language of policies, and fails when it is made here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileVaultAcl } from "./compile-vault-acl.ts";
import { parseVaultPolicy } from "./parse-vault-policy.ts";
import type { NamedVaultPolicy, VaultPolicyIdentity } from "./types.ts";

function named(text: string, more: Partial<NamedVaultPolicy> = {}): NamedVaultPolicy {
  const result = parseVaultPolicy(text);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return { name: "p", policy: result.policy, ...more };
}

test("a list or scan with its slash does not beat the denial of what is below", () => {
  const acl = compileVaultAcl([
    named(`
      path "foo/metadata/*" { capabilities = ["list", "scan"] }
      path "foo/metadata/private/*" { capabilities = ["deny"] }
      path "foo/metadata/private/granted/*" { capabilities = ["list", "scan"] }
    `),
  ]);
  const allowed = [
    ["foo/", false],
    ["foo/metadata/", true],
    ["foo/metadata/test/", true],
    ["foo/metadata/private/", false],
    ["foo/metadata/private/internal/", false],
    ["foo/metadata/private/granted/", true],
    ["foo/metadata/private/granted/test/", true],
  ] as const;
  for (const operation of ["list", "scan"] as const) {
    for (const [path, wanted] of allowed) assert.equal(acl.decide({ operation, path }).allowed, wanted, path);
  }
});

test("a denial without the slash denies the list with it, and the reverse is a rule of its own", () => {
  const acl = compileVaultAcl([named('path "a/b" { policy = "deny" }\npath "a/*" { policy = "read" }')]);
  assert.equal(acl.decide({ operation: "list", path: "a/b/" }).reason, "deny");
  assert.equal(acl.decide({ operation: "read", path: "a/b" }).reason, "deny");
  const slashed = compileVaultAcl([named('path "a/b/" { policy = "deny" }\npath "a/*" { policy = "read" }')]);
  assert.equal(slashed.decide({ operation: "list", path: "a/b/" }).reason, "deny");
  assert.equal(slashed.decide({ operation: "read", path: "a/b" }).reason, "allowed");
});

const greedy = (value: string): VaultPolicyIdentity => ({
  entity: { id: "e", name: value, metadata: { team: value }, aliases: [] },
});
for (const value of ["*", "+", "a*", "x/+", "..", "a/b"]) {
  test(`somebody whose name is ${value} gets no wildcard and no other path by a template`, () => {
    const text = 'path "secret/{{identity.entity.name}}/*" { capabilities = ["read"] }';
    const acl = compileVaultAcl([named(text)], greedy(value));
    for (const path of ["secret/bob/x", "secret/a/b/c", "secret/x/bob/c", "secret/x"]) {
      assert.equal(acl.decide({ operation: "read", path }).reason, "noRule", path);
    }
  });
}

test("an operator can let templates have slashes, or wildcards", () => {
  const text = 'path "secret/{{identity.entity.metadata.team}}/*" { capabilities = ["read"] }';
  const slashes = compileVaultAcl([named(text, { allowSlashesInTemplates: true })], greedy("a/b"));
  assert.ok(slashes.decide({ operation: "read", path: "secret/a/b/c" }).allowed);
  const wildcards = compileVaultAcl([named(text, { allowWildcardsInTemplates: true })], greedy("+"));
  assert.ok(wildcards.decide({ operation: "read", path: "secret/anybody/c" }).allowed);
  const joined = named('path "secret/{{identity.entity.name}}*" { policy = "read" }', {
    allowWildcardsInTemplates: true,
  });
  assert.equal(compileVaultAcl([joined], greedy("+")).decide({ operation: "read", path: "secret/x" }).reason, "noRule");
});

test("limit=0 is not a list without an end", () => {
  const acl = compileVaultAcl([named('path "a/" { policy = "read" pagination_limit = 10 }')]);
  for (const limit of ["0", 0, "", "+0", "-0"]) {
    assert.equal(acl.decide({ operation: "list", path: "a/", parameters: { limit } }).limit, 10, String(limit));
  }
  assert.ok(!acl.decide({ operation: "list", path: "a/", parameters: { limit: "-1" } }).allowed);
});

test("paths count as they are: neither case nor space nor dots make them others", () => {
  const acl = compileVaultAcl([named('path "a/b" { policy = "deny" }\npath "a/c" { policy = "read" }')]);
  for (const path of ["A/c", "a/c ", " a/c", "a//c", "a/./c", "a/x/../c", "a/c%20"]) {
    assert.equal(acl.decide({ operation: "read", path }).reason, "noRule", path);
  }
});

test("where case does not count, no spelling gets round a rule, and none gets more", () => {
  const acl = compileVaultAcl([
    named(`
      path "names/*" { capabilities = ["read", "update", "sudo"] }
      path "names/target" { policy = "deny" }
      path "names/Narrow" { capabilities = ["read"] }
      path "other/Mixed" { capabilities = ["read"] }
    `),
  ]);
  const decide = (path: string, operation: "read" | "update" = "update") =>
    acl.decide({ operation, path, foldedPath: path.toLowerCase() });
  for (const path of ["names/target", "names/TARGET", "names/Target"]) assert.equal(decide(path).reason, "deny", path);
  for (const path of ["names/Narrow", "names/narrow", "names/NARROW"]) {
    assert.deepEqual([decide(path).reason, decide(path, "read").allowed], ["capability", true], path);
  }
  assert.deepEqual([decide("names/narrow", "read").sudo, decide("names/free", "read").sudo], [false, true]);
  assert.ok(decide("other/Mixed", "read").allowed);
  // As in the original, a rule allows its own spelling alone.
  assert.equal(decide("other/mixed", "read").reason, "noRule");
  assert.equal(acl.decide({ operation: "update", path: "names/TARGET" }).reason, "allowed");
});

test("a key that is set twice cannot show a reviewer one policy and the server another", () => {
  const twice = [
    'path "a" {\n capabilities = ["deny"]\n capabilities = ["read"]\n}',
    '{"path": {}, "path": {"*": {"policy": "sudo"}}}',
  ];
  for (const text of twice) assert.equal(parseVaultPolicy(text).ok, false);
});

test("a long or deep policy costs no more than its limits", () => {
  const deep = `path "a" { allowed_parameters = ${"{ a = ".repeat(5000)}`;
  assert.equal(parseVaultPolicy(deep).ok, false);
  assert.equal(parseVaultPolicy(`{"path":${'{"a":'.repeat(20_000)}`).ok, false);
  assert.equal(parseVaultPolicy("/*".repeat(60_000)).ok, false);
  assert.equal(parseVaultPolicy('"'.repeat(120_000)).ok, false);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileVaultAcl } from "./compile-vault-acl.ts";
import { parseVaultPolicy } from "./parse-vault-policy.ts";
import type { VaultAclOperation } from "./types.ts";
import { findVaultRemedy, type VaultRemedy } from "./vault-remedy.ts";

function aclOf(texts: readonly string[]) {
  return compileVaultAcl(
    texts.map((text, index) => {
      const result = parseVaultPolicy(text);
      assert.ok(result.ok);
      return { name: `p${index}`, policy: result.policy };
    }),
  );
}

function remedyOf(text: string, operation: VaultAclOperation, path: string, parameters = {}): VaultRemedy | undefined {
  const decision = aclOf([text]).decide({ operation, path, parameters });
  return findVaultRemedy({ ...decision, path, capability: decision.wanted });
}

test("where no rule is for the path, one for it is the least", () => {
  const rule = 'path "transit/encrypt/k" { capabilities = ["update"] }';
  assert.deepEqual(remedyOf('path "other" {}', "update", "transit/encrypt/k"), { kind: "add", rule });
});

test("a rule that would hide others keeps what they give", () => {
  const rule = 'path "transit/keys/k" { capabilities = ["delete", "list", "read"] }';
  assert.deepEqual(remedyOf('path "transit/*" { policy = "read" }', "delete", "transit/keys/k"), { kind: "add", rule });
});

test("a rule for the very path adds to the one that is there", () => {
  const rule = 'path "a/" { capabilities = ["list"] }';
  assert.deepEqual(remedyOf('path "a" { capabilities = ["read"] }', "list", "a/"), { kind: "add", rule });
});

test("against a denial of the very path nothing helps but its end", () => {
  const rules = [{ policy: "p0", line: 1, path: "a", capabilities: ["deny"] }];
  assert.deepEqual(remedyOf('path "a" { policy = "deny" }\npath "a" { policy = "read" }', "read", "a"), {
    kind: "remove",
    rules,
  });
});

test("what the request has to change is told", () => {
  assert.equal(
    remedyOf('path "a" { policy = "write" denied_parameters = { "x" = [] } }', "update", "a", { x: 1 })?.kind,
    "parameter",
  );
  assert.equal(remedyOf('path "a" { policy = "write" min_wrapping_ttl = 1 }', "update", "a")?.kind, "wrapping");
  assert.equal(
    remedyOf('path "a" { policy = "read" pagination_limit = 1 }', "list", "a", { limit: 2 })?.kind,
    "pagination",
  );
  assert.equal(remedyOf('path "a" { policy = "read" }', "read", "a"), undefined);
});

test("a rule that is told allows the request, and takes nothing away", () => {
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((all) => all.join("/"));
  const rulePath = fc.tuple(fc.array(fc.constantFrom("a", "b", "+"), { minLength: 1, maxLength: 3 }), fc.boolean());
  const operations = ["create", "read", "update", "delete", "list"] as const;
  const rule = fc.tuple(
    rulePath.map(([all, glob]) => (all.join("/") + (glob ? "*" : "")).replace("+*", "+")),
    fc.subarray([...operations, "sudo", "deny"]),
  );
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), path, fc.constantFrom(...operations), (rules, wanted, operation) => {
      const text = rules.map(
        ([each, capabilities]) => `path "${each}" { capabilities = ${JSON.stringify(capabilities)} }`,
      );
      const before = aclOf(text);
      const decision = before.decide({ operation, path: wanted });
      const remedy = findVaultRemedy({ ...decision, path: wanted, capability: decision.wanted });
      if (remedy?.kind !== "add") return;
      const after = aclOf([...text, remedy.rule]);
      assert.ok(after.decide({ operation, path: wanted }).allowed);
      for (const each of operations) {
        if (before.decide({ operation: each, path: wanted }).allowed) {
          assert.ok(after.decide({ operation: each, path: wanted }).allowed, each);
        }
      }
    }),
  );
});

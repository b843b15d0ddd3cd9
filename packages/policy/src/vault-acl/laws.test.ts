// Compares the compiled ACL with an evaluator that is written straight from the documentation, and tests the language's laws.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileVaultAcl } from "./compile-vault-acl.ts";
import { parseVaultPolicy } from "./parse-vault-policy.ts";
import type { VaultAcl, VaultAclOperation } from "./types.ts";

interface Rule {
  readonly path: string;
  readonly capabilities: readonly string[];
}

const operations: readonly VaultAclOperation[] = ["create", "read", "update", "patch", "delete", "list", "scan"];

const segment = fc.constantFrom("a", "b", "ab", "+", "");
const rulePath = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, glob]) => segments.join("/").replace(/^\/+/, "") + (glob ? "*" : ""))
  .filter((path) => !path.includes("+*"));
const rule: fc.Arbitrary<Rule> = fc.record({
  path: rulePath,
  capabilities: fc.subarray([...operations, "sudo"], { maxLength: 3 }).chain((some) => {
    return fc.constantFrom(some, some, some, [...some, "deny"]);
  }),
});
const policies = fc.array(fc.array(rule, { maxLength: 6 }), { minLength: 1, maxLength: 3 });
const requestPath = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "ab", "abc", ""), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, slash]) => `${segments.join("/")}${slash ? "/" : ""}`.replace(/^\/+/, ""));

function aclOf(all: readonly (readonly Rule[])[]): VaultAcl {
  return compileVaultAcl(
    all.map((rules, index) => {
      const text = rules.map((each) => {
        return `path ${JSON.stringify(each.path)} { capabilities = ${JSON.stringify(each.capabilities)} }`;
      });
      const result = parseVaultPolicy(text.join("\n"));
      assert.ok(result.ok);
      return { name: `p${index}`, policy: result.policy };
    }),
  );
}

function isSegmented(path: string): boolean {
  return path.split("/").includes("+");
}

function matches(pattern: string, path: string): boolean {
  const escaped = pattern.replace(/\*$/, "").replaceAll("+", "[^/]*");
  return new RegExp(`^${escaped}${pattern.endsWith("*") ? ".*" : ""}$`, "s").test(path);
}

/** The documentation's order: whether `left` is the less specific one. */
function losesTo(left: string, right: string): boolean {
  const facts = (path: string) => ({
    first: path.search(/\+|\*$/),
    glob: path.endsWith("*"),
    wildcards: path.split("/").filter((each) => each === "+" || each === "+*").length,
    length: path.replace(/\*$/, "").length,
    text: path,
  });
  const [l, r] = [facts(left), facts(right)];
  if (l.first !== r.first) return l.first < r.first;
  if (l.glob !== r.glob) return l.glob;
  if (l.wildcards !== r.wildcards) return l.wildcards > r.wildcards;
  if (l.length !== r.length) return l.length < r.length;
  return l.text < r.text;
}

/** What a naive reader makes of the rules: undefined where none is for the path. */
function naiveCapabilities(rules: readonly Rule[], path: string, lists: boolean): Set<string> | undefined {
  const sum = (winner: string) => {
    const same = rules.filter((each) => each.path === winner).flatMap((each) => each.capabilities);
    return new Set(same.includes("deny") ? ["deny"] : same);
  };
  const exact = (wanted: string) =>
    rules.some((each) => each.path === wanted && !/\*$/.test(wanted) && !isSegmented(wanted));
  const best = (wanted: string) => {
    const patterns = rules.map((each) => each.path).filter((each) => each.endsWith("*") || isSegmented(each));
    const [first, ...rest] = patterns.filter((each) => matches(each, wanted));
    return first === undefined ? undefined : rest.reduce((a, b) => (losesTo(a, b) ? b : a), first);
  };
  const bare = path.replace(/\/$/, "");
  if (exact(path)) return sum(path);
  if (lists && exact(bare)) return sum(bare);
  const pattern = best(path) ?? (lists ? best(bare) : undefined);
  return pattern === undefined ? undefined : sum(pattern);
}

test("the compiled ACL decides as a naive evaluator does", () => {
  fc.assert(
    fc.property(policies, requestPath, fc.constantFrom(...operations), (all, path, operation) => {
      const acl = aclOf(all);
      const lists = operation === "list" || operation === "scan";
      const naive = naiveCapabilities(all.flat(), path, lists);
      const { allowed, sudo } = acl.decide({ operation, path });
      assert.equal(allowed, naive?.has(operation) ?? false);
      assert.equal(sudo, naive?.has("sudo") ?? false);
      const listed = naiveCapabilities(all.flat(), path, true);
      const wanted = listed === undefined || listed.size === 0 ? ["deny"] : [...listed].sort();
      assert.deepEqual(acl.capabilities(path), wanted);
    }),
    { numRuns: 2000 },
  );
});

test("neither the order of the policies nor that of their rules matters", () => {
  fc.assert(
    fc.property(policies, requestPath, (all, path) => {
      const reversed = all.map((rules) => rules.toReversed()).reverse();
      for (const operation of operations) {
        const [one, other] = [aclOf(all), aclOf(reversed)].map((acl) => acl.decide({ operation, path }));
        assert.deepEqual([one?.allowed, one?.sudo, one?.reason], [other?.allowed, other?.sudo, other?.reason]);
      }
    }),
    { numRuns: 300 },
  );
});

test("a denial of the very path is never undone by another rule", () => {
  fc.assert(
    fc.property(policies, requestPath, (all, path) => {
      const acl = aclOf([...all, [{ path, capabilities: ["deny"] }]]);
      for (const operation of operations) assert.equal(acl.decide({ operation, path }).reason, "deny");
    }),
    { numRuns: 300 },
  );
});

test("what is allowed is allowed by a rule that is named", () => {
  fc.assert(
    fc.property(policies, requestPath, fc.constantFrom(...operations), (all, path, operation) => {
      const { allowed, rules } = aclOf(all).decide({ operation, path });
      if (allowed) assert.ok(rules.some((each) => each.capabilities.includes(operation)));
    }),
    { numRuns: 300 },
  );
});

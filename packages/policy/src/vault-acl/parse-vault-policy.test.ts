import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defaultVaultPolicy } from "./default-vault-policy.ts";
import { vaultPolicyLimits } from "./limits.ts";
import { parseVaultPolicy } from "./parse-vault-policy.ts";
import type { VaultPolicyRule } from "./types.ts";

function rulesOf(text: string): readonly VaultPolicyRule[] {
  const result = parseVaultPolicy(text);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return result.policy.rules;
}

function reasonOf(text: string): string {
  const result = parseVaultPolicy(text);
  assert.ok(!result.ok, "the policy was taken");
  return result.reason;
}

/** The one rule's member of `path "p" { ... }`. */
function member<K extends keyof VaultPolicyRule>(body: string, name: K): VaultPolicyRule[K] | undefined {
  return rulesOf(`path "p" {\n${body}\n}`)[0]?.[name];
}

test("HCL and JSON say the same", () => {
  const hcl = `
    # A comment
    name = "dev"
    path "secret/*" { // another
      capabilities = ["create", "update",]
      allowed_parameters = { "Color" = ["red", 1, true], "any" = [] }
      denied_parameters { "size" = [] }
      required_parameters = ["color"]
      min_wrapping_ttl = "1m" max_wrapping_ttl = 3600
    }
    /* the last
       one */
    path "/sys/health" { policy = "read" }
  `;
  const json = JSON.stringify({
    name: "dev",
    path: {
      "secret/*": {
        capabilities: ["create", "update"],
        allowed_parameters: { Color: ["red", 1, true], any: [] },
        denied_parameters: { size: [] },
        required_parameters: ["color"],
        min_wrapping_ttl: "1m",
        max_wrapping_ttl: 3600,
      },
      "/sys/health": { policy: "read" },
    },
  });
  const withoutLines = (text: string) => rulesOf(text).map(({ line: _, ...rule }) => rule);
  assert.deepEqual(withoutLines(hcl), withoutLines(json));
  assert.deepEqual(withoutLines(hcl), [
    {
      path: "secret/*",
      capabilities: ["create", "update"],
      allowedParameters: new Map<string, unknown>([
        ["color", ["red", 1, true]],
        ["any", []],
      ]),
      deniedParameters: new Map([["size", []]]),
      requiredParameters: ["color"],
      minWrappingTtlSeconds: 60,
      maxWrappingTtlSeconds: 3600,
    },
    { path: "sys/health", capabilities: ["read", "list"] },
  ]);
  assert.deepEqual(
    rulesOf(hcl).map((rule) => rule.line),
    [4, 13],
  );
});

test("JSON takes a list of paths too", () => {
  const text = '{"path": [{"a": {"capabilities": ["read"]}},\n {"b": {"policy": "deny"}}]}';
  assert.deepEqual(
    rulesOf(text).map((rule) => [rule.path, rule.line, ...rule.capabilities]),
    [
      ["a", 1, "read"],
      ["b", 2, "deny"],
    ],
  );
});

test("each legacy policy has its capabilities, and deny leaves no other", () => {
  assert.deepEqual(member('policy = "write"', "capabilities"), ["create", "read", "update", "delete", "list"]);
  assert.deepEqual(member('policy = "sudo"', "capabilities"), ["create", "read", "update", "delete", "list", "sudo"]);
  assert.deepEqual(member('policy = "read"\ncapabilities = ["scan"]', "capabilities"), ["read", "list", "scan"]);
  assert.deepEqual(member('policy = "deny"\ncapabilities = ["read"]', "capabilities"), ["deny"]);
  assert.deepEqual(member('capabilities = ["read", "deny", "update"]', "capabilities"), ["deny"]);
});

const durations: readonly (readonly [string, number])[] = [
  ["300", 300],
  ['"300"', 300],
  ['"300s"', 300],
  ['"1h30m"', 5400],
  ['"2d"', 172_800],
  ['"1.5h"', 5400],
  ['"1500ms"', 1.5],
  ['""', 0],
  ["017", 15],
  ["0x10", 16],
];
for (const [written, seconds] of durations) {
  test(`the duration ${written} is ${seconds} s`, () => {
    assert.equal(member(`min_wrapping_ttl = ${written}`, "minWrappingTtlSeconds"), seconds);
  });
}

test("expirations are RFC 3339 times or seconds", () => {
  const time = Date.parse("2026-11-22T10:00:00Z");
  assert.equal(member('expiration = "2026-11-22T10:00:00Z"', "expiresAtMs"), time);
  assert.equal(member('expiration = "2026-11-22T12:00:00.000+02:00"', "expiresAtMs"), time);
  assert.equal(member(`expiration = "${time / 1000}"`, "expiresAtMs"), time);
});

test("texts have HCL's escapes and heredocs", () => {
  const text =
    'path "a\\u00e9\\x41\\101\\"\\\\" {\n  comment = <<-EOT\n    one\n    two\n    EOT\n  capabilities = ["read"]\n}';
  assert.deepEqual(rulesOf(text)[0], { path: 'a\u00e9AA"\\', line: 1, capabilities: ["read"] });
  assert.deepEqual(member("required_parameters = [<<X\n  read\nX\n]", "requiredParameters"), ["  read\n"]);
  assert.deepEqual(member("required_parameters = [<<-X\n  read\n  X\n]", "requiredParameters"), ["read\n"]);
});

const refusals: readonly (readonly [about: string, text: string, reason: string | RegExp])[] = [
  [
    "unknown keys of the document, all of them",
    'name = "test"\nbad  = "foo"\nnope = "yes"',
    'failed to parse policy: 2 errors occurred:\n\t* invalid key "bad" on line 2\n\t* invalid key "nope" on line 3\n\n',
  ],
  [
    "unknown keys of a path",
    'path "/" {\n  capabilities = ["read"]\n  capabilites  = ["read"]\n}',
    'failed to parse policy: 1 error occurred:\n\t* path "/": invalid key "capabilites" on line 3\n\n',
  ],
  [
    "an unknown legacy policy",
    'path "/" {\n policy = "banana"\n}',
    'failed to parse policy: path "/": invalid policy "banana"',
  ],
  [
    "an unknown capability",
    'path "/" {\n capabilities = ["read", "banana"]\n}',
    'failed to parse policy: path "/": invalid capability "banana"',
  ],
  ["a capability in capitals", 'path "a" { capabilities = ["DENY"] }', /invalid capability "DENY"/],
  [
    "a smallest wrapping time above the largest",
    'path "/" { min_wrapping_ttl = 400 max_wrapping_ttl = 200 }',
    "failed to parse policy: max_wrapping_ttl cannot be less than min_wrapping_ttl",
  ],
  [
    "a glob behind a segment wildcard",
    'path "foo/+*" { capabilities = ["read"] }',
    `failed to parse policy: path "foo/+*": invalid use of wildcards ('+*' is forbidden)`,
  ],
  ["one that an empty value would make", 'path "foo/+{{identity.entity.metadata.x}}*" {}', /'\+\*' is forbidden/],
  ["braces that do not pair up", 'path "a/{{identity.entity.id" {}', /unbalanced templating characters on line 1/],
  ["closing braces alone", 'path "a/b}}" {}', /unbalanced templating characters/],
  [
    "a key set twice",
    'path "a" {\n capabilities = ["deny"]\n capabilities = ["read"]\n}',
    /"capabilities" at 3:2 was already set/,
  ],
  [
    "a path set twice in JSON",
    '{"path": {"a": {"policy": "deny"}, "a": {"policy": "read"}}}',
    /"a" at 1:36 was already set/,
  ],
  [
    "names that differ in case",
    'path "a" { allowed_parameters = { "A" = [], "a" = ["b"] } }',
    /allowed_parameters.a on line 1: was already set/,
  ],
  ["capabilities that are no list", 'path "a" { capabilities = "read" }', /capabilities: not a list on line 1/],
  [
    "parameters that are no list",
    'path "a" { denied_parameters = { "a" = "b" } }',
    /denied_parameters.a on line 1: not a list/,
  ],
  [
    "a negative duration",
    'path "a" { max_wrapping_ttl = -1 }',
    /error parsing max_wrapping_ttl: no duration on line 1/,
  ],
  ["a duration without a unit", 'path "a" { max_wrapping_ttl = "1x" }', /error parsing max_wrapping_ttl/],
  ["an expiration that is no time", 'path "a" { expiration = "soon" }', /path "a": invalid expiration time/],
  ["a page size that is no number", 'path "a" { pagination_limit = "many" }', /pagination_limit: not a whole number/],
  [
    "what cannot be enforced: MFA",
    'path "a" { mfa_methods = ["m"] }',
    /path "a": mfa_methods on line 1 is not supported/,
  ],
  [
    "what cannot be enforced: consent",
    'path "a" { control_group = { ttl = "1h" } }',
    /control_group on line 1 is not supported/,
  ],
  ["a path without a name", 'path { capabilities = ["read"] }', /path "capabilities" is not an object/],
  ["a path with two names", 'path "a" "b" { }', /a path has one name, on line 1/],
  ["a path that is a text", 'path "a" = "b"', /key 'path a' expected start of object|At 1:10/],
  ["a name that is a block", "name{}", /name: unknown type for string on line 1/],
  ["a string without its end", 'path "a', "failed to parse policy: At 1:6: literal not terminated"],
  ["a comment without its end", "/* a", "failed to parse policy: At 1:1: illegal character"],
  ["a heredoc without its end", 'path "a" { comment = <<X\nread\n}', /At 1:22: heredoc not terminated/],
  ["a block without its end", 'path "a" {', /At 1:11: expected: IDENT \| STRING got: end of the text/],
  ["a null", '{"path": null}', /At 1:10: Unknown token: null/],
  ["text behind the JSON", '{"path": {}} x', /At 1:14: expected end, got: x/],
  ["a comma at the end of a JSON object", '{"path": {},}', /At 1:13: unexpected } after a comma/],
  ["a NUL", 'path "a" {}\0', /illegal character/],
  ["an unknown escape", 'path "\\q" {}', /illegal char escape/],
];
for (const [about, text, reason] of refusals) {
  test(`a policy is refused for ${about}`, () => {
    if (typeof reason === "string") assert.equal(reasonOf(text), reason);
    else assert.match(reasonOf(text), reason);
  });
}

test("a policy may have no paths, and a path no capabilities", () => {
  assert.deepEqual(rulesOf(""), []);
  assert.deepEqual(rulesOf("{}"), []);
  assert.deepEqual(rulesOf('path "a" {}'), [{ path: "a", line: 1, capabilities: [] }]);
});

test("size, depth and number of paths are limited", () => {
  const { textBytes, depth, paths } = vaultPolicyLimits;
  const comment = (bytes: number) => `#${"\u00e9".repeat((bytes - 1) / 2)}`;
  rulesOf(comment(textBytes - 1));
  assert.match(reasonOf(comment(textBytes + 1)), /larger than 131072 bytes/);
  const nested = (levels: number) =>
    `path "a" { allowed_parameters = { "p" = ${"[".repeat(levels)}${"]".repeat(levels)} } }`;
  rulesOf(nested(depth - 2));
  assert.match(reasonOf(nested(depth - 1)), /nested more than 16 deep/);
  assert.match(reasonOf(`{"path":${"[".repeat(20_000)}`), /nested more than 16 deep/);
  const many = (count: number) => Array.from({ length: count }, (_, index) => `path "p${index}" {}`).join("\n");
  rulesOf(many(paths));
  assert.match(reasonOf(many(paths + 1)), /more than 1000 paths/);
});

test("whether a policy has templates is known", () => {
  const templated = (text: string) => {
    const result = parseVaultPolicy(text);
    return result.ok && result.policy.templated;
  };
  assert.ok(templated(defaultVaultPolicy));
  assert.ok(!templated('path "a/{b}" {}'));
});

test("no text makes the parser throw", () => {
  const piece = fc.constantFrom(
    ...[
      'path "a"',
      "{",
      "}",
      "[",
      "]",
      "=",
      ":",
      ",",
      "capabilities",
      '"read"',
      "<<-E\nE\n",
      "/*",
      "#",
      "\\",
      '"',
      "{{",
      "1e999",
      "0x",
      "\n",
      "\u{1f600}",
      "\ud800",
      "\0",
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((all) => all.join(" ")),
        fc.string(),
      ),
      (text) => {
        parseVaultPolicy(text);
        parseVaultPolicy(`{${text}`);
      },
    ),
  );
});

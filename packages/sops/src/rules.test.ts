import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { leafSelector, type RuleName } from "./rules.ts";

const leaf = (path: string, comments: readonly string[] = []) => ({
  path: path.split("."),
  kind: "str" as const,
  text: "x",
  comments,
});

/** What the real sops 3.13.3 does with such rules, apps/server/test/sops-format.test.ts compares. */
const rows: readonly (readonly [RuleName, string, ReturnType<typeof leaf>, boolean])[] = [
  ["unencrypted_suffix", "_plain", leaf("a.b_plain.c"), false],
  ["unencrypted_suffix", "_plain", leaf("a.b_plainer"), true],
  ["encrypted_suffix", "_secret", leaf("a_secret.b"), true],
  ["encrypted_suffix", "_secret", leaf("a.b"), false],
  ["encrypted_regex", "^(pass|token)$", leaf("a.token"), true],
  ["encrypted_regex", "^(pass|token)$", leaf("a.tokens"), false],
  ["encrypted_regex", "(?i)PASS", leaf("mypassword"), true],
  ["encrypted_regex", "\\Apass\\z", leaf("pass"), true],
  ["encrypted_regex", "[[:digit:]]", leaf("a1"), true],
  ["unencrypted_regex", "(?P<name>open)", leaf("reopened"), false],
  ["encrypted_comment_regex", "enc", leaf("a", ["this is enc"]), true],
  ["encrypted_comment_regex", "enc", leaf("a", ["this is not"]), false],
  ["unencrypted_comment_regex", "plain", leaf("a", ["plain"]), false],
];

describe("rules", () => {
  for (const [name, pattern, of, selected] of rows) {
    it(`${name} ${pattern}: ${of.path.join(".")} is ${selected ? "" : "not "}encrypted`, () => {
      assert.equal(leafSelector({ name, pattern })(of), selected);
    });
  }

  it("are RE2's, so that none takes long", () => {
    const select = leafSelector({ name: "encrypted_regex", pattern: "^(a+)+$" });
    assert.equal(select(leaf(`${"a".repeat(50_000)}!`)), false);
    for (const pattern of ["(", "(?=a)", "a**", "\\1"]) {
      assert.throws(() => leafSelector({ name: "encrypted_regex", pattern }), { code: "InvalidInput" }, pattern);
    }
    assert.throws(() => leafSelector({ name: "encrypted_regex", pattern: "a".repeat(5000) }), {
      code: "LimitExceeded",
    });
  });
});

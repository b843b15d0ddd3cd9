import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileGlob, matchesGlob } from "./glob.ts";
import { parseTemplate, type TemplatePart } from "./template.ts";

function matches(pattern: string, value: string): boolean {
  const result = parseTemplate(pattern, { variables: false, wildcards: true });
  assert.ok(result.ok);
  const parts = result.parts.filter((part: TemplatePart) => part.kind !== "variable");
  return matchesGlob(compileGlob(parts), value);
}

/** The textbook definition, exponential and obviously right. */
function matchesSlowly(pattern: string, value: string): boolean {
  const first = pattern.charAt(0);
  if (first === "") return value === "";
  if (first === "*") {
    return matchesSlowly(pattern.slice(1), value) || (value !== "" && matchesSlowly(pattern, value.slice(1)));
  }
  return (
    value !== "" && (first === "?" || first === value.charAt(0)) && matchesSlowly(pattern.slice(1), value.slice(1))
  );
}

describe("matchesGlob", () => {
  const cases: readonly (readonly [pattern: string, value: string, expected: boolean])[] = [
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["*", "anything", true],
    ["?", "", false],
    ["?", "a", true],
    ["abc", "abc", true],
    ["abc", "abcd", false],
    ["ab*", "ab", true],
    ["*bc", "abc", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-b-c", true],
    ["*a?b*", "xxaab", true],
    ["a**b", "ab", true],
    ["re*from", "reencryptfrom", true],
    // A dot or bracket is itself.
    ["a.c", "abc", false],
    ["[a]", "[a]", true],
  ];
  for (const [pattern, value, expected] of cases) {
    it(`${JSON.stringify(pattern)} ${expected ? "matches" : "does not match"} ${JSON.stringify(value)}`, () => {
      assert.equal(matches(pattern, value), expected);
    });
  }

  it("agrees with the textbook definition", () => {
    const letters = (from: string) => fc.string({ unit: fc.constantFrom(...from), maxLength: 9 });
    fc.assert(
      fc.property(letters("ab*?"), letters("ab"), (pattern, value) => {
        assert.equal(matches(pattern, value), matchesSlowly(pattern, value));
      }),
      { numRuns: 3000 },
    );
  });

  it("matches a slice of the value only", () => {
    const glob = compileGlob([{ kind: "text", text: "b" }, { kind: "any" }, { kind: "text", text: "d" }]);
    assert.equal(matchesGlob(glob, "abcde", 1, 4), true);
    assert.equal(matchesGlob(glob, "abcxd", 1, 4), false);
  });

  // A backtracking matcher would not come back from these.
  it("does not backtrack", () => {
    const value = "a".repeat(20_000);
    assert.equal(matches(`${"*a".repeat(1_000)}*b`, value), false);
    assert.equal(matches(`${"*?a".repeat(1_000)}*b*`, value), false);
    assert.equal(matches(`${"*".repeat(1_000)}b`, value), false);
  });
});

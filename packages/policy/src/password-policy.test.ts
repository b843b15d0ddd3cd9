import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePasswordPolicy } from "./password-policy.ts";

const reasonOf = (text: string) => {
  const result = parsePasswordPolicy(text);
  assert.ok(!result.ok);
  return result.reason;
};

test("HCL and JSON say the same", () => {
  const policy = {
    length: 20,
    rules: [
      { charset: ["a", "b"], minChars: 1 },
      { charset: ["\u00e9", "\u{1f600}"], minChars: 0 },
    ],
  };
  const hcl =
    'length = 20\nrule "charset" {\n  charset = "aab"\n  min-chars = 1\n}\nrule "charset" { charset = "\u00e9\u{1f600}" }';
  assert.deepEqual(parsePasswordPolicy(hcl), { ok: true, policy });
  const rules = [{ charset: { charset: "ab", "min-chars": 1 } }, { charset: { charset: "\u00e9\u{1f600}" } }];
  assert.deepEqual(parsePasswordPolicy(JSON.stringify({ length: 20, rule: rules })), { ok: true, policy });
});

const refusals: readonly (readonly [text: string, reason: string | RegExp])[] = [
  ['rule "charset" { charset = "ab" }', "1 error occurred:\n\t* length must be > 0\n\n"],
  ["length = 20", "1 error occurred:\n\t* no charset specified\n\n"],
  ['length = 20\nrule "charset" { charset = "" min-chars = 1 }', "1 error occurred:\n\t* no charset specified\n\n"],
  [
    'length = 20\nrule "charset" { charset = "ab" min-chars = 15 }\nrule "charset" { charset = "c" min-chars = 15 }',
    "1 error occurred:\n\t* specified rules require at least 30 characters but 20 is specified\n\n",
  ],
  [
    'length = 20\nrule "charset" { charset = "a\\tb" }',
    "1 error occurred:\n\t* non-printable character in charset\n\n",
  ],
  ['length = 2\nrule "charset" { charset = "ab" }', "passwords must be between 4 and 100 characters"],
  ['length = 200\nrule "charset" { charset = "ab" }', "passwords must be between 4 and 100 characters"],
  ['length = 20\nrule "nope" {}', "unable to parse rules: unable to parse rule nope: unrecognized rule type nope"],
  ['length = 20\nfoo = 1\nrule "charset" { charset = "ab" }', 'invalid key "foo" on line 2'],
  ['length = 20\nrule "charset" { charset = "ab" min-chars = -1 }', "min-chars is no whole number on line 2"],
  ["{{", /^At 1:2: /],
  ["#".repeat(200_000), "the policy is too large"],
];
for (const [text, reason] of refusals) {
  test(`a password policy is refused: ${text.slice(0, 60)}`, () => {
    if (typeof reason === "string") assert.equal(reasonOf(text), reason);
    else assert.match(reasonOf(text), reason);
  });
}

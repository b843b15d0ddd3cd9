import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseStrictJson } from "./strict-json.ts";

const limits = { maxDepth: 4 };

describe("parseStrictJson", () => {
  const accepted: readonly string[] = [
    "1",
    '"a:b"',
    "null",
    "[]",
    '{"a":{"b":1},"c":[{"b":2},{"b":"{\\"b\\":1,\\"b\\":2}"}]}',
    ' { "\\\\" : "\\"" , "\\"" : ":" } ',
    '{"a":1,"A":2,"":3}',
    '"\\ud800"',
    "[[[[]]]]",
  ];
  for (const text of accepted) {
    it(`accepts ${text}`, () => {
      assert.deepEqual(parseStrictJson(text, limits), { ok: true, value: JSON.parse(text) });
    });
  }

  const refused: readonly (readonly [text: string, reason: string, offset: number])[] = [
    ['{"a":1,"a":1}', "duplicate key", 7],
    ['{"a":1,"\\u0061":1}', "duplicate key", 7],
    ['{"x":[{"a":1,"b":{"c":1, "c":2}}]}', "duplicate key", 25],
    ['{"a":{"b":1,"c":2},"a":{}}', "duplicate key", 19],
    ['{"__proto__":1,"__proto__":2}', "duplicate key", 15],
    ["[[[[[]]]]]", "nested too deeply", 4],
    ['{"a":[{"b":[{}]}]}', "nested too deeply", 12],
    ["", "invalid JSON", 0],
    ["[1,]", "invalid JSON", 3],
    ['{"a":1,}', "invalid JSON", 7],
    ["{a:1}", "invalid JSON", 1],
    ["{'a':1}", "invalid JSON", 1],
    ['{"a" 1}', "invalid JSON", 5],
    ["[1 2]", "invalid JSON", 3],
    ['["a\nb"]', "invalid JSON", 1],
    ["[01]", "invalid JSON", 1],
    ["[NaN]", "invalid JSON", 1],
    ["[1]x", "invalid JSON", 3],
    ['{"a":1', "invalid JSON", 6],
    ['"never ends', "invalid JSON", 0],
    ['"ends in \\"', "invalid JSON", 0],
    ["\ufeff{}", "invalid JSON", 0],
    ["/* */{}", "invalid JSON", 0],
  ];
  for (const [text, reason, offset] of refused) {
    it(`refuses ${JSON.stringify(text)}: ${reason} at ${offset}`, () => {
      assert.deepEqual(parseStrictJson(text, limits), { ok: false, reason, offset });
    });
  }

  it("makes __proto__ an own property and changes no prototype", () => {
    const result = parseStrictJson('{"__proto__":{"admin":true},"constructor":1}', limits);
    assert.ok(result.ok);
    const value = result.value as { admin?: boolean };
    assert.deepEqual(Object.getOwnPropertyNames(value), ["__proto__", "constructor"]);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(value.admin, undefined);
  });

  it("never quotes the text in its reason", () => {
    const result = parseStrictJson('{"Plaintext": hunter2}', limits);
    assert.ok(!result.ok);
    assert.ok(!result.reason.includes("hunter"));
  });

  it("survives long strings, long runs of backslashes and deep nesting", () => {
    assert.equal(parseStrictJson(`"${"\\\\".repeat(100_000)}"x`, limits).ok, false);
    assert.equal(parseStrictJson(`"${"a".repeat(1_000_000)}"x`, limits).ok, false);
    assert.equal(parseStrictJson("[".repeat(200_000), limits).ok, false);
    assert.equal(parseStrictJson(`${"[".repeat(200_000)}${"]".repeat(200_000)}`, limits).ok, false);
  });

  it("agrees with JSON.parse on every JSON text without duplicates", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        assert.deepEqual(parseStrictJson(text, { maxDepth: 20 }), { ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it("refuses exactly what JSON.parse refuses, with an offset inside the text", () => {
    const token = fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"b"', '"\\"', "1", "-", "true", " ", "\\", '"');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = tokens.join("");
        const result = parseStrictJson(text, { maxDepth: 20 });
        if (result.ok) assert.deepEqual(result.value, JSON.parse(text));
        else {
          assert.ok(result.offset >= 0 && result.offset <= text.length);
          if (result.reason === "invalid JSON") assert.throws(() => JSON.parse(text));
          else assert.equal(result.reason, "duplicate key");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses a key that is put twice into any object", () => {
    const tree = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
    fc.assert(
      fc.property(tree, fc.nat(), (object, pick) => {
        const entries = Object.entries(object);
        const again = entries[pick % entries.length] as [string, unknown];
        const members = [...entries, again].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        const result = parseStrictJson(`[{"in":{${members.join(",")}}}]`, { maxDepth: 20 });
        assert.ok(!result.ok && result.reason === "duplicate key");
      }),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ConfigValue } from "../document.ts";
import { jsonFormat } from "./json-document.ts";

const text = '{\n  "a": 1.50,\n  "b": {"c": [1, 2], "d": "x"},\n  "e": []\n}\n';

describe("JSON documents", () => {
  it("change where they are changed and nowhere else", () => {
    const document = jsonFormat.parse(text);
    document.set(["b", "d"], "y");
    document.set(["b", "c", 1], 12345678901234567890n);
    document.set(["e", 0], new Map([["f", null]]));
    document.set(["g", "h"], true);
    assert.equal(
      document.render(),
      '{\n  "a": 1.50,\n  "b": {"c": [1, 12345678901234567890], "d": "y"},\n  "e": [\n    {\n      "f": null\n    }\n  ],\n  "g": {\n    "h": true\n  }\n}\n',
    );
    assert.equal(document.remove(["g"]), true);
    assert.equal(document.remove(["a"]), true);
    assert.equal(document.remove(["b", "c", 0]), true);
    assert.equal(document.remove(["nothing"]), false);
    assert.equal(document.get(["b", "c", 0]), 12345678901234567890n);
    assert.equal(document.get(["b", "x", "y"]), undefined);
    assert.throws(() => document.set(["b", "d", "x"], 1n), { code: "InvalidInput" });
  });

  it("keep metadata last, and are what they were without it", () => {
    for (const source of [text, '{"a": 1}', "{}", '{\n\t"a": 1\n}\n']) {
      const document = jsonFormat.parse(source);
      document.setMetadata({ mac: "m", shamir_threshold: 2, list: [] });
      document.set(["z"], "last");
      assert.deepEqual({ ...(document.metadata() as object) }, { mac: "m", shamir_threshold: 2, list: [] });
      assert.equal(Object.keys(JSON.parse(document.render()) as object).at(-1), "sops");
      assert.match(document.render(), /"shamir_threshold": 2\b(?!\.)/);
      assert.deepEqual(document.leaves().at(-1)?.path, ["z"]);
      document.remove(["z"]);
      document.setMetadata(undefined);
      if (source !== "{}") assert.equal(document.render(), source);
      assert.equal(document.metadata(), undefined);
    }
  });

  it("give back any value that is set", () => {
    const { tree } = fc.letrec<{ tree: ConfigValue }>((tie) => ({
      tree: fc.oneof(
        fc.string({ unit: "binary" }),
        fc.bigInt(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc
          .uniqueArray(fc.tuple(fc.string(), tie("tree")), { maxLength: 3, selector: ([name]) => name })
          .map((entries) => new Map(entries)),
      ),
    }));
    fc.assert(
      fc.property(fc.constantFrom(text, "{}", '{"q": [1]}'), fc.string(), tree, (source, name, value) => {
        const document = jsonFormat.parse(source);
        document.set([name], value);
        assert.deepEqual(jsonFormat.parse(document.render()).get([name]), value);
        JSON.parse(document.render());
      }),
    );
  });

  it("name the line of what is wrong", () => {
    const wrong = new Map([
      ["", 1],
      ["[1]", 1],
      ['{\n"a": 1,\n}', 3],
      ['{\n"a": 1 "b": 2}', 2],
      ['{"a": 1,\n "a": 2}', 2],
      ['{"a": "x\n"}', 1],
      ['{"a": "\\x"}', 1],
      ['{"a": 01}', 1],
      ['{"a": 1}\n\n}', 3],
    ]);
    for (const [source, line] of wrong) {
      assert.throws(
        () => jsonFormat.parse(source),
        { code: "MessageMalformed", message: new RegExp(`^Line ${line}:`) },
        source,
      );
    }
  });

  it("are limited in depth", () => {
    assert.throws(() => jsonFormat.parse(`{"a":${"[".repeat(1e6)}`), { code: "LimitExceeded" });
  });
});

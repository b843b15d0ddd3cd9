import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import type { ConfigDocument, ConfigValue } from "../document.ts";
import { yamlFormat } from "./yaml-document.ts";

const text = "# head\na: 1 # one\nb:\n  c: |\n    x\n    y\n  # in b\n  d: [p, q]\nl:\n- e: 1\n  f: 2\n- g\n# end\n";

/** What is done, and the text after it. */
const changes: readonly (readonly [string, (document: ConfigDocument) => void, string])[] = [
  ["a value", (d) => d.set(["a"], "x"), text.replace("a: 1", "a: x")],
  ["a value of several lines", (d) => d.set(["b", "d"], "1\n2\n"), text.replace("[p, q]", "|\n    1\n    2")],
  ["a value beside a comment", (d) => d.set(["a"], "1\n2"), text.replace("a: 1", 'a: "1\\n2"')],
  ["a block scalar", (d) => d.set(["b", "c"], 5n), text.replace("|\n    x\n    y", "5")],
  ["a list's item", (d) => d.set(["l", 1], true), text.replace("- g", "- true")],
  ["a bracketed item", (d) => d.set(["b", "d", 1], "r, s"), text.replace("q]", '"r, s"]')],
  ["a new bracketed item", (d) => d.set(["b", "d", 2], null), text.replace("q]", "q, null]")],
  ["a new name", (d) => d.set(["b", "new"], "x"), text.replace("[p, q]\n", "[p, q]\n  new: x\n")],
  ["a new map", (d) => d.set(["m", "k", "o"], 1.5), text.replace("- g\n", "- g\nm:\n  k:\n    o: 1.5\n")],
  [
    "a new item",
    (d) =>
      d.set(
        ["l", 2],
        new Map<string, ConfigValue>([
          ["h", 1n],
          ["i", []],
        ]),
      ),
    text.replace("- g\n", "- g\n- h: 1\n  i: []\n"),
  ],
  ["a new name in an item", (d) => d.set(["l", 0, "z"], ""), text.replace("f: 2\n", 'f: 2\n  z: ""\n')],
  ["no value", (d) => assert.ok(d.remove(["a"])), text.replace("a: 1 # one\n", "")],
  ["no block scalar", (d) => assert.ok(d.remove(["b", "c"])), text.replace("  c: |\n    x\n    y\n", "")],
  ["no first of an item", (d) => assert.ok(d.remove(["l", 0, "e"])), text.replace("e: 1\n  f", "f")],
  ["no item", (d) => assert.ok(d.remove(["l", 0])), text.replace("- e: 1\n  f: 2\n", "")],
  ["no bracketed item", (d) => assert.ok(d.remove(["b", "d", 0])), text.replace("p, ", "")],
  ["nothing that is not there", (d) => assert.equal(d.remove(["b", "x", "y"]), false), text],
];

describe("YAML documents", () => {
  for (const [what, change, after] of changes) {
    it(`change to ${what}`, () => {
      const document = yamlFormat.parse(text);
      change(document);
      assert.equal(document.render(), after);
    });
  }

  it("keep metadata last, and are what they were without it", () => {
    const sources = [text, "a: 1\n---\nb: 2\n...\n", "a:\n    b: c\n# end\n", "a: {b: 1}\n"];
    for (const source of sources) {
      const document = yamlFormat.parse(source);
      document.setMetadata({ kms: [{ arn: "x", enc: "1\n2\n" }], mac: "m", shamir_threshold: 2 });
      for (const parsed of parseAllDocuments(document.render())) {
        assert.deepEqual((parsed.toJS() as { sops: object }).sops, {
          kms: [{ arn: "x", enc: "1\n2\n" }],
          mac: "m",
          shamir_threshold: 2,
        });
      }
      assert.ok(document.leaves().every(({ path }) => path[0] !== "sops"));
      document.setMetadata(undefined);
      assert.equal(document.render(), source);
    }
  });

  it("give back any string in any place, to us and to other readers", () => {
    const places = [
      "a: v\n",
      "a:\n  b: v # c\n",
      "- x: 1\n",
      "a: [v, {b: v}]\n",
      "a:\n- v\n- b: v\n  c: v\n",
      "a: |\n  v\n",
      "a: !!str v",
      "v: v",
    ];
    const strings = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("a", "\n", " ", ":", "#", "-", "\t", "\u2028", "'", '"', "é", "0", "1", ".") }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places.map((place) => (place.startsWith("-") ? `l:\n${place}` : place))),
        strings,
        (source, value) => {
          const document = yamlFormat.parse(source);
          for (const leaf of document.leaves()) if (leaf.kind !== "comment") leaf.replace("str", value);
          const written = document.render();
          const expected = value.toWellFormed();
          for (const leaf of yamlFormat.parse(written).leaves()) {
            if (leaf.kind !== "comment")
              assert.deepEqual({ kind: leaf.kind, text: leaf.text }, { kind: "str", text: expected });
          }
          const strings: unknown[] = [];
          JSON.stringify(parseAllDocuments(written)[0]?.toJS(), (_, part) => {
            if (typeof part !== "object") strings.push(part);
            return part as unknown;
          });
          assert.ok(
            strings.every((part) => part === expected),
            written,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("give back any value that is set", () => {
    const { tree } = fc.letrec<{ tree: ConfigValue }>((tie) => ({
      tree: fc.oneof(
        fc.string(),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc
          .uniqueArray(fc.tuple(fc.string(), tie("tree")), { maxLength: 3, selector: ([name]) => name })
          .map((entries) => new Map(entries)),
      ),
    }));
    const paths = fc.constantFrom<readonly (string | number)[]>(
      ["a"],
      ["b", "d"],
      ["b", "new"],
      ["l", 0, "x"],
      ["l", 2],
      ["new", "er"],
      ["b", "d", 1],
    );
    fc.assert(
      fc.property(paths, tree, (path, value) => {
        const document = yamlFormat.parse(text);
        document.set(path, value);
        const read = yamlFormat.parse(document.render());
        assert.deepEqual(read.get(path), value);
        assert.equal(read.get(["l", 0, "f"]), 2n);
        read.remove(path);
        assert.equal(yamlFormat.parse(read.render()).get(["l", 0, "e"]), 1n);
      }),
    );
  });

  it("write out aliases once a value changes, and not before", () => {
    const source = "a: &x {p: 1, q: [s]}\nb: *x\nc:\n  <<: *x\n";
    const document = yamlFormat.parse(source);
    const leaves = document.leaves();
    assert.deepEqual(
      leaves.map(({ path }) => path.join(".")),
      ["a.p", "a.q", "b.p", "b.q", "c.<<.p", "c.<<.q"],
    );
    assert.equal(document.render(), source);
    leaves[3]?.replace("str", "other");
    assert.equal(document.render(), "a: &x {p: 1, q: [s]}\nb: {p: 1, q: [other]}\nc:\n  <<: {p: 1, q: [s]}\n");
    assert.equal(document.get(["c", "<<", "q", 0]), "s");
  });

  it("name the line of what is wrong, or what SOPS does not take", () => {
    const wrong = new Map([
      ["a: 1\nb: [1", 2],
      ["a: 1\na: 2", 2],
      ["- a", 1],
      ["text", 1],
      ["1: a", 1],
      ["? [a]\n: b", 1],
      ["a: *b", 1],
      ["a: &a [*a]", 1],
      ["a:\n  b: 18446744073709551615", 2],
      ["a: !!int x", 1],
      ["a: !!binary '*'", 1],
      ["a: 1\n b: 2", 1],
      ["a: 'x", 1],
      ["a: [b: c]", 1],
      ["%YAML 1.2\n---\na: 1", 1],
    ]);
    for (const [source, line] of wrong) {
      assert.throws(
        () => yamlFormat.parse(source),
        { code: "MessageMalformed", message: new RegExp(`^Line ${line}:`) },
        source,
      );
    }
  });

  it("are limited in depth and in what aliases make of them", () => {
    const names = [..."abcdefghij"];
    const bomb = names.map(
      (name, index) => `${name}: &${name} [${Array(10).fill(index === 0 ? "x" : `*${names[index - 1]}`)}]`,
    );
    const large = [`a: ${"[".repeat(100_000)}`, `a: ${"{a: ".repeat(100_000)}`, `a:\n${"- ".repeat(50_000)}`];
    for (const source of large) assert.throws(() => yamlFormat.parse(source), { code: "LimitExceeded" });
    const document = yamlFormat.parse(bomb.join("\n"));
    assert.throws(() => document.leaves(), { code: "LimitExceeded" });
    assert.throws(() => document.get(["j"]), { code: "LimitExceeded" });
  });

  it("are refused in no other way, whatever is in them", () => {
    const pieces = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "  ",
      "- ",
      "? ",
      "#c",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&a",
      "*a",
      "!t ",
      "|\n",
      ">-\n",
      "'",
      '"',
      "---\n",
      "...\n",
      "%YAML 1.2\n",
      "\t",
      "<<",
      "\r\n",
      "\u0000",
      "@",
      "1",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const source = parts.join("");
        let document: ConfigDocument;
        try {
          document = yamlFormat.parse(source);
        } catch (error) {
          assert.equal((error as Error).name, "EnvelopeError", source);
          return;
        }
        assert.equal(document.render(), source);
        const leaves = document.leaves();
        for (const leaf of leaves)
          leaf.replace(leaf.kind === "comment" ? "comment" : "str", `ENC[${leaf.text.length}]`);
        const after = yamlFormat.parse(document.render()).leaves();
        assert.deepEqual(
          after.filter(({ kind }) => kind !== "comment").map(({ path }) => path),
          leaves.filter(({ kind }) => kind !== "comment").map(({ path }) => path),
          source,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

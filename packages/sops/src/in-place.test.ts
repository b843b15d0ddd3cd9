import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ConfigDocument, ConfigFormat, ConfigValue } from "./document.ts";
import { dotenvFormat } from "./dotenv/dotenv-document.ts";
import { flattenMetadata, unflattenMetadata } from "./flat-metadata.ts";
import { iniFormat } from "./ini/ini-document.ts";
import { iniToken, readIniToken } from "./ini/ini-tokens.ts";
import { tomlFormat } from "./toml/toml-document.ts";

const metadata = {
  kms: [
    { arn: "arn:aws:kms:us-east-1:000000000000:key/x", context: { env: "a", "a b": "c" }, enc: "two\nlines", role: "" },
    { arn: "arn:aws:kms:us-east-1:000000000000:key/y" },
  ],
  lastmodified: "2026-11-23T10:00:00Z",
  mac: "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]",
  mac_only_encrypted: true,
  shamir_threshold: 2,
  version: "3.13.3",
};

/** As formats with texts alone give metadata back. */
const asTexts = JSON.parse(JSON.stringify(metadata), (_, value) => (typeof value === "object" ? value : String(value)));

/** Encrypts as far as the document can tell. */
function disguise(document: ConfigDocument): string {
  for (const [index, leaf] of document.leaves().entries()) {
    leaf.replace(leaf.kind === "comment" ? "comment" : "str", `ENC[AES256_GCM,data:${index}=,type:${leaf.kind}]`);
  }
  document.setMetadata(metadata);
  return document.render();
}

const plainFiles: readonly (readonly [ConfigFormat, string])[] = [
  [dotenvFormat, "# top\nA=1\n\nB= two words \n#last\nC=a\\nb=c#d\nEMPTY=\nexport D='x'\n"],
  [
    iniFormat,
    '; top\na = 1\n\n[one]\n; two\n; lines\nb: "x"\nc = `semi;colon`\nd = y # behind\n\n[two words]\n  d=multi\n;; marks\ne =\nf = """x\ny"""\n; the end\n',
  ],
  [iniFormat, "[a]\nk = 1\n\n[a]\nk = 2\n\n"],
  [iniFormat, "\ufeffk=1\r\n[b]\r\nl = 2\r\n"],
  [
    tomlFormat,
    '# top\ntitle = \'x\' # behind\na.b = 1\nlist = [1, 2.5, # in\n  true]\npoint = { x = 1, \'y z\' = -inf }\n\n# of t\n[t]\nk = """\nl1\nl2"""\nwhen = 1979-05-27T07:32:00.5-08:00\n\n[[arr]]\nn = 0x1F\n[[arr]]\nn = 1_000\n[t.deep]\nz = "\\u00e9"\n# end\n',
  ],
  [tomlFormat, "a = 1"],
  [dotenvFormat, "A=1"],
  [dotenvFormat, ""],
  [iniFormat, ""],
  [tomlFormat, ""],
];

describe("files that are changed in place", () => {
  for (const [format, text] of plainFiles) {
    it(`${format.name}: ${JSON.stringify(text.slice(0, 12))}: metadata come and go, and what was there stays`, () => {
      const document = format.parse(text);
      assert.equal(document.metadata(), undefined);
      document.setMetadata(metadata);
      const expected = format.name === "toml" ? metadata : asTexts;
      assert.deepEqual(JSON.parse(JSON.stringify(document.metadata())), expected);
      assert.equal(document.render().startsWith(text), true);
      document.setMetadata({ ...metadata, version: "x" });
      assert.deepEqual(JSON.parse(JSON.stringify(document.metadata())), { ...expected, version: "x" });
      document.setMetadata(undefined);
      assert.equal(document.render(), text.endsWith("\n") || text === "" ? text : `${text}\n`);
    });

    it(`${format.name}: ${JSON.stringify(text.slice(0, 12))}: values are where they were, under other texts and back`, () => {
      const plain = format.parse(text);
      const before = plain.leaves().map(({ path, kind, text: value }) => ({ path, kind, value }));
      const sealed = format.parse(disguise(plain));
      const leaves = sealed.leaves();
      assert.deepEqual(
        leaves.map(({ path, kind }) => ({ path, isComment: kind === "comment" })),
        before.map(({ path, kind }) => ({ path, isComment: kind === "comment" })),
      );
      for (const [index, leaf] of leaves.entries()) {
        assert.match(leaf.text, new RegExp(`^ENC\\[AES256_GCM,data:${index}=`));
        leaf.replace(before[index]!.kind, before[index]!.value);
      }
      sealed.setMetadata(undefined);
      const opened = sealed.render();
      assert.deepEqual(
        format
          .parse(opened)
          .leaves()
          .map(({ path, kind, text: value }) => ({ path, kind, value })),
        before,
      );
      assert.deepEqual(sealed.get([]), format.parse(text).get([]));
      // The same but for spellings of values.
      assert.equal(opened.split("\n").length, text.split("\n").length + (text === "" || text.endsWith("\n") ? 0 : 1));
    });
  }

  it("INI values are written so that they are read as they were", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", " ", '"', "'", "`", ";", "#", "\n", "\\", "=", "[", "\t") });
    fc.assert(
      fc.property(texts, fc.constantFrom("", "'", '"', "`", '"""'), (text, quote) => {
        let token: string;
        try {
          token = iniToken(text, quote);
        } catch (error) {
          // Only texts with several kinds of signs cannot be held.
          assert.match(text, /[`"\n;#\\ \t']/);
          assert.equal((error as { code?: string }).code, "InvalidInput");
          return;
        }
        assert.equal(readIniToken(`${token}\n`, 0).text, text);
      }),
    );
  });

  it("TOML and dotenv hold every text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        if (!text.isWellFormed()) return;
        const toml = tomlFormat.parse("a = 'x'\nb = { c = 1 }\n");
        toml.leaves()[0]!.replace("str", text);
        toml.set(["b", "d"], text);
        assert.equal(tomlFormat.parse(toml.render()).get(["a"]), text);
        assert.equal(toml.get(["b", "d"]), text);
        const dotenv = dotenvFormat.parse("A=x\nB=y\n");
        dotenv.set(["A"], text);
        assert.equal(dotenv.get(["A"]), text.replaceAll("\\n", "\n"));
        assert.equal(dotenv.get(["B"]), "y");
      }),
    );
  });

  it("metadata survive being flattened", () => {
    assert.deepEqual(JSON.parse(JSON.stringify(unflattenMetadata(flattenMetadata(metadata)))), asTexts);
    assert.equal(Object.getPrototypeOf(unflattenMetadata([["__proto____map_x", "1"]])), null);
  });

  it("metadata whose names do not fit together are refused", () => {
    const broken: readonly (readonly string[])[] = [
      ["a", "a__map_b"],
      ["a__list_0", "a__map_b"],
      ["a__list_1"],
      ["a__list_x"],
      ["a__list_0", "a__list_00"],
      ["a", "a"],
    ];
    for (const names of broken) {
      assert.throws(() => unflattenMetadata(names.map((name) => [name, "x"])), { code: "MessageMalformed" });
    }
    const deep = "a".concat("__map_a".repeat(200));
    assert.throws(() => unflattenMetadata([[deep, "x"]]), { code: "LimitExceeded" });
  });
});

type Change = readonly [path: readonly (string | number)[], value: ConfigValue | undefined];

const changes: readonly (readonly [ConfigFormat, string, Change, string])[] = [
  [dotenvFormat, "A=1\n# c\nB=2", [["A"], "x\ny"], "A=x\\ny\n# c\nB=2"],
  [dotenvFormat, "A=1", [["C"], 5n], "A=1\nC=5\n"],
  [dotenvFormat, "A=1\nA=2\n", [["A"], true], "A=1\nA=true\n"],
  [dotenvFormat, "A=1\nB=2\nA=3\n", [["A"], undefined], "B=2\n"],
  [iniFormat, "[s]\na = 'x' ; c\n", [["s", "a"], "y"], "[s]\na = 'y' ; c\n"],
  [iniFormat, "[s]\na = 1\n\n[t]\nb = 2\n", [["s", "new"], "p;q"], "[s]\na = 1\nnew = `p;q`\n\n[t]\nb = 2\n"],
  [iniFormat, "[s]\na =\n", [["s", "a"], "y"], "[s]\na = y\n"],
  [iniFormat, "[s]\na = 1", [["t", "b"], 2n], "[s]\na = 1\n\n[t]\nb = 2\n"],
  [iniFormat, "; c\n[s]\na = 1\n", [["DEFAULT", "b"], "2"], "b = 2\n; c\n[s]\na = 1\n"],
  [iniFormat, "[s]\na = 1\nb = 2\n", [["s", "a"], undefined], "[s]\nb = 2\n"],
  [iniFormat, "[s]\na = 1\n\n[t]\nb = 2\n", [["t"], undefined], "[s]\na = 1\n"],
  [tomlFormat, "a = 1 # c\n", [["a"], "x"], 'a = "x" # c\n'],
  [tomlFormat, "a = 1\n\n[t]\nb = 2 # c\n\n[u]\n", [["t", "n"], 3n], "a = 1\n\n[t]\nb = 2 # c\nn = 3\n\n[u]\n"],
  [tomlFormat, "[t]\nb = 2\n", [["a"], [1n, true]], "a = [1, true]\n[t]\nb = 2\n"],
  [tomlFormat, "a = 1\n[t]\n", [["x", "y z"], 1.5], 'a = 1\nx."y z" = 1.5\n[t]\n'],
  [tomlFormat, "[t]\na.b = 1\n", [["t", "a", "c"], false], "[t]\na.b = 1\na.c = false\n"],
  [tomlFormat, "l = [1, 2]\n", [["l", 2], "x"], 'l = [1, 2, "x"]\n'],
  [tomlFormat, "i = { a = 1 }\n", [["i", "b"], new Map([["c", 1n]])], "i = { a = 1, b = { c = 1 } }\n"],
  [tomlFormat, "a = 1\nb = 2 # gone\nc = 3\n", [["b"], undefined], "a = 1\nc = 3\n"],
  [tomlFormat, "l = [1, 2, 3]\n", [["l", 0], undefined], "l = [2, 3]\n"],
  [tomlFormat, "i = { a = 1, b = 2 }\n", [["i", "b"], undefined], "i = { a = 1 }\n"],
  [tomlFormat, "a = 1\n\n[t]\nb = 2\n\n[t.u]\nc = 3\n", [["t"], undefined], "a = 1\n"],
];

describe("values that are set and removed", () => {
  for (const [format, before, [path, value], after] of changes) {
    it(`${format.name}: ${JSON.stringify(before)} ${path.join(".")}`, () => {
      const document = format.parse(before);
      if (value === undefined) assert.equal(document.remove(path), true);
      else document.set(path, value);
      assert.equal(document.render(), after);
      if (value !== undefined) assert.notEqual(document.get(path), undefined);
    });
  }

  it("what a format cannot hold is refused", () => {
    const refused: readonly (readonly [ConfigFormat, string, Change])[] = [
      [dotenvFormat, "", [["a", "b"], "x"]],
      [dotenvFormat, "", [["sops_mac"], "x"]],
      [dotenvFormat, "", [["a=b"], "x"]],
      [dotenvFormat, "", [["a"], ["x"]]],
      [iniFormat, "", [["a"], "x"]],
      [iniFormat, "", [["sops", "mac"], "x"]],
      [iniFormat, "", [["a]b", "c"], "x"]],
      [iniFormat, "", [["a", "b"], null]],
      [tomlFormat, "a = 1\n", [["a", "b"], "x"]],
      [tomlFormat, "l = [1]\n", [["l", 3], "x"]],
      [tomlFormat, "[a]\n", [["a"], "x"]],
      [tomlFormat, "", [["a"], null]],
    ];
    for (const [format, text, [path, value]] of refused) {
      assert.throws(() => format.parse(text).set(path, value ?? null), { code: "InvalidInput" }, String(path));
    }
  });

  it("malformed files are refused by line, without what stands there", () => {
    const malformed: readonly (readonly [ConfigFormat, string, number])[] = [
      [dotenvFormat, "A=1\nsecret\n", 2],
      [iniFormat, "[a]\nsecret\n", 2],
      [iniFormat, "[secret\n", 1],
      [iniFormat, "a = 1\nb = `secret\n", 2],
      [iniFormat, "[s]\na = 1\na = secret\n", 3],
      [iniFormat, "[s]\n- = secret\n", 2],
      [tomlFormat, "a = 1\nb = secret\n", 2],
      [tomlFormat, "a = 1\na = 'secret'\n", 2],
    ];
    for (const [format, text, line] of malformed) {
      assert.throws(
        () => format.parse(text),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "MessageMalformed");
          assert.match(error.message, new RegExp(`^Line ${line}: `));
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
    assert.throws(() => tomlFormat.parse(`a = ${"[".repeat(200)}${"]".repeat(200)}`), { code: "LimitExceeded" });
    assert.throws(() => tomlFormat.parse(`a = ${"[".repeat(100_000)}`), { code: /LimitExceeded|MessageMalformed/ });
  });
});

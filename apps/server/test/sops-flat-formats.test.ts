import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type ConfigFormat,
  decryptDocument,
  dotenvFormat,
  encryptDocument,
  iniFormat,
  isEncrypted,
  openDocument,
  type RuleName,
} from "@coffer/sops";
import { SopsBench, sops } from "./sops-program.ts";

/** Plain texts that go both ways. */
const texts: readonly (readonly [string, ConfigFormat, string])[] = [
  ["values", dotenvFormat, "A=1\nB= two words \nC='quoted'\nD=a=b#c;d\nE=multi\\nline\nEMPTY=\nexport F=true\nÜ=ü😀\n"],
  ["comments, empty lines, a name twice", dotenvFormat, "# top\nA=1\n\n#last\nA=2\n # no comment = but a name\n"],
  ["carriage returns", dotenvFormat, "A=1\r\nB=2\r\n"],
  [
    "values",
    iniFormat,
    'a = 1\n[s]\nb: two words\nc=\'q\'\nd="q"\nempty =\ne = `semi;colon`\nf = """l1\nl2"""\n"g=" = g\n',
  ],
  ["comments", iniFormat, "; top\na = 1\n# of s\n; and more\n[s] ; behind\n; of b\nb = 2 # behind b\n\n;of c\nc=3\n"],
  ["comments behind headers", iniFormat, "[s] ; of s\na = 1\n[t]# of t\nb = 2 ; behind b\n"],
  ["sections twice", iniFormat, "[s]\na = 1\n[t]\nb = 2\n[s]\na = 3\n"],
  ["lines that go on", iniFormat, "[s]\na = one \\\n  two\nb = 2\n"],
  ["a comment at the end", iniFormat, "[s]\na = 1\n; the end\n"],
];

describe("SOPS's dotenv and INI beside the real sops", { skip: sops.available ? false : sops.reason }, () => {
  let bench: SopsBench;
  before(async () => {
    bench = await SopsBench.start();
  });
  after(async () => {
    await bench?.stop();
  });

  const typesOf = ({ name }: ConfigFormat) => ["--input-type", name, "--output-type", name];
  const ours = async (format: ConfigFormat, text: string, options: object = {}): Promise<string> => {
    const document = format.parse(text);
    await encryptDocument(document, { ...bench.context, groups: [[...bench.kms, ...bench.transit]], ...options });
    return document.render();
  };

  for (const [name, format, text] of texts) {
    it(`${format.name}: ${name}`, async () => {
      const theirs = await bench.sopsEncrypt(format, text, ...typesOf(format));
      const plain = await bench.sopsDecrypt(format, theirs, ...typesOf(format));
      // What sops reads in ours is what it reads in its own, comments and all.
      const mine = await ours(format, text);
      assert.equal(await bench.sopsDecrypt(format, mine, ...typesOf(format)), plain);
      for (const leaf of format.parse(mine).leaves()) assert.ok(leaf.text === "" || isEncrypted(leaf.text));
      // And what we read in its own is what it reads.
      const document = format.parse(theirs);
      await decryptDocument(document, bench.context);
      assert.deepEqual(document.get([]), format.parse(plain).get([]));
      assert.equal(document.render().includes("ENC["), false);
      assert.equal(document.metadata(), undefined);
    });
  }

  const ruled: readonly (readonly [ConfigFormat, string])[] = [
    [dotenvFormat, "NAME=x\nPASSWORD=y\n# sops:enc\nMARKED=m\n# more\nALSO=n\n# sops:plain\nOPEN=z\n"],
    [iniFormat, "NAME = x\n[PASSWORD]\na = 1\n[s]\n; sops:enc\nPASSWORD = y\nb = 2\n; sops:plain\nc = 3\nd = 4\n"],
  ];
  const rules: readonly (readonly [RuleName, string])[] = [
    ["encrypted_regex", "^PASS"],
    ["unencrypted_suffix", "_x"],
    ["encrypted_comment_regex", "sops:enc"],
    ["unencrypted_comment_regex", "sops:plain"],
  ];
  for (const [format, text] of ruled) {
    for (const [rule, pattern] of rules) {
      it(`${format.name}: ${rule}`, async () => {
        bench.write("rules.yaml", JSON.stringify({ creation_rules: [{ kms: bench.arns[0], [rule]: pattern }] }));
        bench.write("ruled", text);
        const theirs = await bench.ok("--config", "rules.yaml", "encrypt", ...typesOf(format), "ruled");
        const mine = await ours(format, text, { rule: { name: rule, pattern } });
        const shape = (sealed: string) =>
          format
            .parse(sealed)
            .leaves()
            .map((leaf) => `${leaf.path.join(":")} ${leaf.kind} ${isEncrypted(leaf.text)}`);
        assert.deepEqual(shape(mine), shape(theirs));
        assert.equal(
          await bench.sopsDecrypt(format, mine, ...typesOf(format)),
          await bench.sopsDecrypt(format, theirs, ...typesOf(format)),
        );
        const document = format.parse(theirs);
        await decryptDocument(document, bench.context);
        assert.deepEqual(document.get([]), format.parse(text).get([]));
      });
    }
  }

  it("key groups are flattened as sops does it", async () => {
    for (const format of [dotenvFormat, iniFormat]) {
      const text = format === dotenvFormat ? "A=1\n" : "A = 1\n";
      const groups = [[bench.kms[0]!], [bench.transit[0]!], [bench.kms[1]!]];
      const mine = await ours(format, text, { groups, shamirThreshold: 2 });
      assert.equal(await bench.sopsDecrypt(format, mine, ...typesOf(format)), text);
    }
  });

  it("an edited file changes on the lines of the change, and stays sops's", async () => {
    for (const [format, text, path] of [
      [dotenvFormat, "# head\nA=one\nB=two\n", ["B"]],
      [iniFormat, "; head\nA = one\n[s]\nB = two\n", ["s", "B"]],
    ] as const) {
      const theirs = await bench.sopsEncrypt(format, text, ...typesOf(format));
      const document = format.parse(theirs);
      using open = await openDocument(document, bench.context);
      document.set(path, "changed");
      open.seal(document, bench.context.nowMs());
      const mine = document.render();
      const changed = mine.split("\n").filter((line) => !theirs.split("\n").includes(line));
      assert.equal(changed.length, 3, changed.join("\n"));
      const plain = await bench.sopsDecrypt(format, mine, ...typesOf(format));
      assert.equal(format.parse(plain).get(path), "changed");
    }
  });

  it("both refuse what was changed without sops", async () => {
    const mine = await ours(dotenvFormat, "A=one\nB=two\n");
    const [a = "", b = "", ...rest] = mine.split("\n");
    const swapped = [`A=${b.slice(2)}`, `B=${a.slice(2)}`, ...rest].join("\n");
    for (const text of [
      swapped,
      [a, ...rest].join("\n"),
      [b, a, ...rest].join("\n"),
      [a, "B=two", ...rest].join("\n"),
    ]) {
      await assert.rejects(decryptDocument(dotenvFormat.parse(text), bench.context), { code: "DecryptionFailed" });
      bench.write("tampered.env", text);
      assert.notEqual((await bench.run("decrypt", "tampered.env")).status, 0);
    }
  });
});

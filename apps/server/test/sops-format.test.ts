import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  binaryFormat,
  type ConfigFormat,
  type ConfigValue,
  decryptDocument,
  encryptDocument,
  isEncrypted,
  jsonFormat,
  openDocument,
  parseKmsRecipient,
  type RuleName,
  readMetadata,
  recipientGroups,
  recipientName,
  updateRecipients,
  yamlFormat,
} from "@coffer/sops";
import { SopsBench, sops } from "./sops-program.ts";

/** Plain texts that go both ways. */
const texts: readonly (readonly [string, ConfigFormat, string])[] = [
  [
    "every type",
    yamlFormat,
    "s: text\ni: 42\nbig: 9223372036854775807\nf: 1.50\ne: 1e30\nb: true\nn: null\nempty: ''\nt: 2001-12-14t21:59:43.10-05:00\nd: 2026-11-23\nbin: !!binary AAH/\ninf: -.inf\n",
  ],
  ["numbers in old spellings", yamlFormat, "a: 08\nb: 0o17\nc: 017\nd: 1_000\ne: .5\nf: +1\ng: 0x1F\nh: -0\ni: yes\n"],
  ["tags", yamlFormat, "a: !!str 12\nb: !custom 1\nc: !!float 3\nd: !!int '7'\ne: !!binary aGVsbG8=\n"],
  ["nested lists and maps", yamlFormat, "a:\n- b: [1, [x, {c: d}]]\n  e: ~\n- - f\n  - g\n'quo ted': {h: i}\n"],
  [
    "unicode and odd strings",
    yamlFormat,
    'a: "ü😀\\0\\t\\u2028"\nb: "- x: #y"\nc: " pad "\nd: "1.5"\ne: "true"\nf: \'a: b\'\n',
  ],
  ["block scalars", yamlFormat, "a: |\n  l1\n\n   l2\n\nb: >-\n  fo\n  ld\nc: |+ # keep\n  x\n\nd: |-\n  y\n  z\n"],
  [
    "comments",
    yamlFormat,
    "# top\n\n# head a\na: 1 # line a\nb: # on key\n  # first in b\n  c: 2\n  # last in b\n\n# after b\nd:\n  - x # line x\n  # head y\n  - y\n# head z\nz: |  # on block\n  text\n# the end\n",
  ],
  [
    "comments between blocks",
    yamlFormat,
    "k:\n  a:\n    b: 1 # l\n  # less\n  # twice\nm:\n- n: 1\n  o: 2\n\n  p: 3\n# below a list\n\nq:\n  - r: >-\n      fo\n    # in r\n  # in q\ns: {t: 1} # in brackets\n# below brackets\n\nu:\n# less than v\n  v: 1\n    # more than v\n  w: [x, # after x\n    # before y\n    y]\n",
  ],
  ["aliases and merge keys", yamlFormat, "base: &base\n  x: 1\n  y: &y [a, b]\nc: *base\nd:\n  <<: *base\n  z: *y\n"],
  ["several documents", yamlFormat, "a: 1\n---\n# two\nb: 2\n---\nc:\n  - 3\n...\n"],
  [
    "names that are left alone",
    yamlFormat,
    "a_unencrypted: plain\nb:\n  c_unencrypted:\n    d: [1, 2.5, true]\n  e: secret\n",
  ],
  ["nothing", yamlFormat, "{}\n"],
  [
    "every type",
    jsonFormat,
    '{\n  "s": "text \\u00fc\\ud83d\\ude00\\n<&>",\n  "i": -9223372036854775808,\n  "f": 1.50,\n  "e": 1E+30,\n  "tiny": 1e-7,\n  "b": [true, false, null],\n  "empty": "",\n  "deep": [[{"a": {"b": []}}]]\n}\n',
  ],
  ["one line", jsonFormat, '{"a": 1, "b": {"c": "d"}}'],
  ["a text", binaryFormat, "one\ntwo\n"],
];

describe("SOPS's format beside the real sops", { skip: sops.available ? false : sops.reason }, () => {
  let bench: SopsBench;
  before(async () => {
    bench = await SopsBench.start();
  });
  after(async () => {
    await bench?.stop();
  });

  const ours = async (format: ConfigFormat, text: string, options: object = {}): Promise<string> => {
    const document = format.parse(text);
    await encryptDocument(document, { ...bench.context, groups: [[bench.kms[0]!, bench.transit[1]!]], ...options });
    return document.render();
  };
  const opened = async (format: ConfigFormat, text: string): Promise<string> => {
    const document = format.parse(text);
    await decryptDocument(document, bench.context);
    return document.render();
  };

  for (const [name, format, text] of texts) {
    it(`${format.name}: ${name}`, async () => {
      const theirs = await bench.sopsEncrypt(format, text);
      const plain = await bench.sopsDecrypt(format, theirs);
      // What sops reads in ours is what it reads in its own, comments and all.
      assert.equal(await bench.sopsDecrypt(format, await ours(format, text)), plain);
      // And what we read in its own is what it reads.
      const document = format.parse(theirs);
      await decryptDocument(document, bench.context);
      assert.deepEqual(loosely(document.get([])), loosely(format.parse(plain).get([])));
      assert.equal(document.render().includes("ENC["), false);
    });
  }

  const rules: readonly (readonly [RuleName, string])[] = [
    ["encrypted_regex", "^(pass|tok[e]n)"],
    ["unencrypted_regex", "(?i)^NAME$"],
    ["encrypted_suffix", "_secret"],
    ["unencrypted_suffix", "_plain"],
    ["encrypted_comment_regex", "sops:enc"],
    ["unencrypted_comment_regex", "sops:plain"],
  ];
  const ruled =
    "name: x\npassword: p\nnested:\n  token: {a: 1, b: [2]}\n  a_secret: s\n  b_plain: 5\n# sops:enc\nmarked: m\n# more\nalso: n\nx: y # sops:enc\n# sops:plain\nopen:\n  # in it\n  z: 1\nlast: z # sops:plain\n";
  for (const [rule, pattern] of rules) {
    for (const macOnlyEncrypted of [false, true]) {
      it(`${rule}${macOnlyEncrypted ? ", MAC over encrypted values only" : ""}`, async () => {
        const settings = { kms: bench.arns[0], [rule]: pattern, ...(macOnlyEncrypted && { mac_only_encrypted: true }) };
        bench.write("ruled.yaml", ruled);
        bench.write("rules.yaml", JSON.stringify({ creation_rules: [settings] }));
        const theirs = await bench.ok("--config", "rules.yaml", "encrypt", "ruled.yaml");
        const mine = await ours(yamlFormat, ruled, { rule: { name: rule, pattern }, macOnlyEncrypted });
        assert.deepEqual(shape(mine), shape(theirs));
        assert.equal(await bench.sopsDecrypt(yamlFormat, mine), await bench.sopsDecrypt(yamlFormat, theirs));
        const document = yamlFormat.parse(theirs);
        await decryptDocument(document, bench.context);
        assert.deepEqual(document.get([]), yamlFormat.parse(ruled).get([]));
      });
    }
  }

  it("reads what any recipient may, with one call, and says why each could not", async () => {
    const document = yamlFormat.parse("a: 1\nb: [x, y]\n");
    bench.calls = [];
    await encryptDocument(document, { ...bench.context, groups: [[...bench.kms, ...bench.transit]] });
    assert.deepEqual(bench.calls.toSorted(), ["kms", "kms", "transit", "transit"]);
    const sealed = document.render();
    bench.calls = [];
    await decryptDocument(document, bench.context);
    assert.deepEqual(bench.calls, ["kms"]);
    const { transit, kms } = bench.services;
    await decryptDocument(yamlFormat.parse(sealed), { services: { transit: transit! } });
    assert.ok(kms);
    const failing = {
      kms: () => {
        throw new Error("no\ncredentials");
      },
    };
    await assert.rejects(decryptDocument(yamlFormat.parse(sealed), { services: failing }), (error: Error) => {
      const { problems } = error as Error & { problems: readonly string[] };
      assert.equal(problems.length, 4);
      assert.equal(problems[0], `${bench.arns[0]}: no credentials`);
      return true;
    });
  });

  it("shares a data key out among key groups, as sops does", async () => {
    const groups = [[bench.kms[0]!], [bench.transit[0]!], [bench.kms[1]!]];
    const mine = await ours(yamlFormat, "a: 1\n", { groups, shamirThreshold: 2 });
    assert.equal(await bench.sopsDecrypt(yamlFormat, mine), "a: 1\n");
    bench.write(
      ".sops.yaml",
      `creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - kms: [{arn: "${bench.arns[0]}"}]\n      - kms: [{arn: "${bench.arns[1]}"}]\n      - hc_vault: ["${bench.server.vaultUrl}/v1/transit/keys/first"]\n`,
    );
    bench.write("grouped.yaml", "b: 2\n");
    const theirs = await bench.ok("--config", ".sops.yaml", "encrypt", "grouped.yaml");
    assert.equal(await opened(yamlFormat, theirs), "b: 2\n");
    const { kms } = bench.services;
    assert.ok(kms);
    await assert.rejects(decryptDocument(yamlFormat.parse(mine), { services: { transit: bench.services.transit! } }), {
      code: "KeyUnavailable",
    });
  });

  it("an edited file changes on the lines of the change, and stays sops's", async () => {
    const theirs = await bench.sopsEncrypt(yamlFormat, "# head\na: one\nb:\n    c: two\n    d: [x, x]\n");
    const document = yamlFormat.parse(theirs);
    using open = await openDocument(document, bench.context);
    document.set(["b", "c"], "changed");
    document.set(["b", "new"], 12n);
    open.seal(document, bench.context.nowMs());
    const mine = document.render();
    const added = mine.split("\n").filter((line) => !theirs.includes(line));
    assert.deepEqual(
      added.map((line) => line.trim().split(":")[0]),
      ["c", "new", "lastmodified", "mac"],
    );
    assert.match(await bench.sopsDecrypt(yamlFormat, mine), /c: changed\n {4}d:\n {8}- x\n {8}- x\n {4}new: 12\n/);
  });

  it("recipients come and go without a change of the values; a rotation changes them all", async () => {
    const text = "a: one\nb: two\n";
    const document = yamlFormat.parse(await ours(yamlFormat, text));
    const values = document.get(["a"]);
    const [group = []] = recipientGroups(document);
    const wanted = [...group.filter(({ type }) => type === "hc_vault"), parseKmsRecipient(bench.arns[1]!)];
    bench.calls = [];
    assert.equal(await updateRecipients(document, { groups: [wanted] }, bench.context), true);
    assert.deepEqual(bench.calls, ["kms", "kms"]);
    assert.equal(await updateRecipients(document, { groups: [wanted] }, bench.context), false);
    assert.deepEqual(document.get(["a"]), values);
    assert.deepEqual(
      readMetadata(document).groups[0]?.map(recipientName).toSorted(),
      wanted.map(recipientName).toSorted(),
    );
    assert.equal(await bench.sopsDecrypt(yamlFormat, document.render()), text);
    const before = document.render();
    using open = await openDocument(document, bench.context);
    await open.sealRotated(document, bench.context);
    assert.notEqual(document.get(["a"]), values);
    assert.equal(await bench.sopsDecrypt(yamlFormat, document.render()), text);
    assert.equal(document.render().includes(before.match(/enc: (.*)/)?.[1] ?? "?"), false);
  });

  it("both refuse what was changed without sops", async () => {
    const mine = await ours(yamlFormat, "a: one\nb: two\nl:\n  - x\n  - y\np_unencrypted: open\nn: 5\n");
    const line = (name: string) => mine.match(new RegExp(`^${name}: .*\n`, "m"))?.[0] ?? "";
    const value = (name: string) =>
      line(name)
        .slice(name.length + 2)
        .trimEnd();
    const items = mine.match(/^ {2}- ENC.*\n/gm) ?? [];
    assert.equal(items.length, 2);
    const tampered = new Map([
      [
        "a changed value",
        mine.replace(/(a: ENC\[AES256_GCM,data:)(.)/, (_, head, first) => `${head}${first === "A" ? "B" : "A"}`),
      ],
      [
        "values in each other's places",
        mine.replace(value("a"), "@").replace(value("b"), value("a")).replace("@", value("b")),
      ],
      ["list items in each other's places", mine.replace(items.join(""), items.toReversed().join(""))],
      ["a value left out", mine.replace(line("b"), "")],
      ["a value that stands twice", mine.replace(items[0]!, items[0]!.repeat(2))],
      ["another plain value", mine.replace("open", "shut")],
      ["plain in place of encrypted", mine.replace(value("b"), "two")],
      ["another type of list", mine.replace(value("n"), "")],
      ["another time", mine.replace(/lastmodified: .*/, 'lastmodified: "2020-01-01T00:00:00Z"')],
      ["another MAC rule", mine.replace(/^( *)mac: /m, "$1mac_only_encrypted: true\n$1mac: ")],
    ]);
    for (const [what, text] of tampered) {
      assert.notEqual(text, mine, what);
      await assert.rejects(opened(yamlFormat, text), { code: "DecryptionFailed" }, what);
      bench.write("tampered.yaml", text);
      assert.notEqual((await bench.run("decrypt", "tampered.yaml")).status, 0, what);
    }
    const document = yamlFormat.parse(tampered.get("a value left out") ?? "");
    await decryptDocument(document, { ...bench.context, ignoreMac: true });
    assert.equal(document.get(["a"]), "one");
  });

  it("an encryption context goes to the service, and is needed to decrypt", async () => {
    const recipient = parseKmsRecipient(bench.arns[0]!, { context: { env: "production", app: "x" } });
    const mine = await ours(yamlFormat, "a: 1\n", { groups: [[recipient]] });
    assert.equal(await bench.sopsDecrypt(yamlFormat, mine), "a: 1\n");
    await assert.rejects(opened(yamlFormat, mine.replace("env: production", "env: staging")), {
      code: "KeyUnavailable",
    });
    const theirs = await bench.sopsEncrypt(yamlFormat, "a: 1\n", "--encryption-context", "env:production");
    assert.equal(await opened(yamlFormat, theirs), "a: 1\n");
  });
});

/** Each value's path, and whether it is encrypted. */
function shape(text: string): readonly string[] {
  const leaves = yamlFormat.parse(text).leaves();
  return leaves
    .filter(({ kind }) => kind !== "comment")
    .map((leaf) => `${leaf.path.join(":")} ${isEncrypted(leaf.text)}`);
}

/** Numbers alike, however they are written: sops writes 8.0 as 8. */
function loosely(value: ConfigValue | undefined): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Map) return [...value].map(([name, item]) => [name, loosely(item)]);
  return Array.isArray(value) ? value.map(loosely) : value;
}

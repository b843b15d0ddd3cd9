import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { binaryFormat } from "./binary-document.ts";
import { decryptDocument, encryptDocument, openDocument, readMetadata } from "./config-file.ts";
import type { ConfigDocument, ConfigFormat } from "./document.ts";
import { jsonFormat } from "./json/json-document.ts";
import { oneKey, recipient, testContext } from "./testing/one-key.ts";
import { updateRecipients } from "./update-recipients.ts";
import { yamlFormat } from "./yaml/yaml-document.ts";

const groups = [[recipient]];

async function sealed(format: ConfigFormat, text: string, options: object = {}): Promise<string> {
  const document = format.parse(text);
  await encryptDocument(document, { ...testContext, groups, ...options });
  return document.render();
}

async function opened(format: ConfigFormat, text: string, options: object = {}): Promise<ConfigDocument> {
  const document = format.parse(text);
  await decryptDocument(document, { ...testContext, ...options });
  return document;
}

/** A file with recipients of every kind that is only kept. */
function withForeign(text: string): string {
  const age = "-----BEGIN AGE ENCRYPTED FILE-----\nx\n-----END AGE ENCRYPTED FILE-----\n";
  const document = yamlFormat.parse(text);
  document.setMetadata({
    ...(document.metadata() as object),
    age: [{ recipient: "age1x", enc: age }],
    pgp: [{ created_at: "2026-01-01T00:00:00Z", enc: "y", fp: "ABCD" }],
    gcp_kms: [{ resource_id: "r", created_at: "2026-01-01T00:00:00Z", enc: "z" }],
    later: { member: [1, true] },
  });
  return document.render();
}

describe("a file of SOPS's", () => {
  it("is what it was once it is decrypted, and its MAC is checked first", async () => {
    const text = "a: 1 # one\nb:\n  - x\n  - x\nc: ''\nd_unencrypted: 5\n";
    const file = await sealed(yamlFormat, text);
    assert.equal((await opened(yamlFormat, file)).render(), text);
    const changed = file.replace("d_unencrypted: 5", "d_unencrypted: 6");
    const document = yamlFormat.parse(changed);
    await assert.rejects(decryptDocument(document, testContext), { code: "DecryptionFailed", message: /MAC/ });
    assert.equal(document.render(), changed);
    assert.equal((await opened(yamlFormat, changed, { ignoreMac: true })).render(), text.replace("5", "6"));
  });

  it("is bound to the time of its last change, and to which values its MAC counts", async () => {
    const file = await sealed(yamlFormat, "a: 1\n");
    for (const other of [
      file.replace('2026-11-23T00:00:00Z"\n    mac', '2026-11-24T00:00:00Z"\n    mac'),
      file.replace("    mac:", "    mac_only_encrypted: true\n    mac:"),
      file.replace(/mac: .*/, 'mac: ""'),
    ]) {
      assert.notEqual(other, file);
      await assert.rejects(opened(yamlFormat, other), { code: "DecryptionFailed", message: /MAC/ });
    }
    const only = await sealed(yamlFormat, "a: 1\nb_unencrypted: x\n", { macOnlyEncrypted: true });
    assert.equal((await opened(yamlFormat, only.replace(": x", ": y"))).get(["b_unencrypted"]), "y");
  });

  it("says which value is wrong, and how", async () => {
    const file = await sealed(yamlFormat, "a: one\nb: {c: two}\nn: 5\n");
    const value = /ENC\[[^\]]*\]/.exec(file)?.[0] ?? "";
    const wrong = [
      [file.replace(value, "one"), /^a is not encrypted/],
      [file.replace(value, "7"), /^a is not encrypted/],
      [file.replace(/c: "[^"]*"/, `c: "${value}"`), /^b\.c cannot be decrypted/],
      [file.replace(/(n: ENC.*type:)int/, "$1bool"), /^n cannot be decrypted/],
    ] as const;
    for (const [text, message] of wrong) {
      assert.notEqual(text, file);
      await assert.rejects(opened(yamlFormat, text), { code: "DecryptionFailed", message });
    }
  });

  it("keeps the ciphertexts of values that did not change when an edited text is sealed", async () => {
    const file = await sealed(yamlFormat, "a: one\nl: [x, x, y]\n# note\nb: two\n");
    using open = await openDocument(yamlFormat.parse(file), testContext);
    const edited = yamlFormat.parse(open.document.render().replace("two", "three").replace("a: one", "new: v\na: one"));
    open.seal(edited, testContext.nowMs());
    const lines = edited.render().split("\n");
    const before = file.split("\n");
    const changed = lines.filter((line) => !before.includes(line)).map((line) => line.trim().split(":")[0]);
    assert.deepEqual(changed, ["new", "b", "mac"]);
    assert.equal((await opened(yamlFormat, edited.render())).get(["b"]), "three");
    // Equal values of one list have each their own.
    assert.equal(new Set(edited.get(["l"]) as string[]).size, 3);
  });

  it("never keeps the ciphertext of another kind, place or value", async () => {
    const file = await sealed(yamlFormat, 'a: "1"\nb: x\n');
    using open = await openDocument(yamlFormat.parse(file), testContext);
    const edited = yamlFormat.parse("a: 1\nc: x\n");
    open.seal(edited, testContext.nowMs());
    const ivs = (text: string): readonly string[] => text.match(/iv:[^,]*/g) ?? [];
    for (const iv of ivs(edited.render())) assert.equal(ivs(file).includes(iv), false);
  });

  it("takes one call to decrypt and to change, and one for each recipient to encrypt", async () => {
    const { services, calls } = oneKey();
    const context = { ...testContext, services };
    const other = { ...recipient, arn: `${recipient.arn}2` };
    const file = await sealed(yamlFormat, "a: 1\nb: 2\n", { services, groups: [[recipient, other]] });
    assert.deepEqual(calls.splice(0), ["encrypt", "encrypt"]);
    using open = await openDocument(yamlFormat.parse(file), context);
    open.seal(open.document, context.nowMs());
    assert.deepEqual(calls.splice(0), ["decrypt"]);
    const document = yamlFormat.parse(file);
    await updateRecipients(document, { groups: [[recipient, { ...other, arn: `${recipient.arn}3` }]] }, context);
    assert.deepEqual(calls.splice(0), ["decrypt", "encrypt"]);
  });

  it("keeps recipients and members that this package does not know", async () => {
    const file = withForeign(await sealed(yamlFormat, "a: 1\n"));
    using open = await openDocument(yamlFormat.parse(file), testContext);
    const edited = yamlFormat.parse("a: 2\n");
    open.seal(edited, testContext.nowMs());
    const kept = /^ {4}(?:age|pgp|gcp_kms|later):\n(?: {8}.*\n)+/gm;
    assert.equal(file.match(kept)?.length, 4);
    assert.deepEqual(edited.render().match(kept), file.match(kept));
    const document = yamlFormat.parse(file);
    const [group = []] = readMetadata(document).groups;
    await updateRecipients(document, { groups: [[...group, { ...recipient, arn: `${recipient.arn}2` }]] }, testContext);
    assert.deepEqual(document.render().match(kept), file.match(kept));
    // A new data key would leave them without one.
    await assert.rejects(open.sealRotated(yamlFormat.parse("a: 3\n"), testContext), {
      code: "KeyUnavailable",
      message: /gcp_kms r: Coffer has no keys/,
    });
  });

  it("refuses what SOPS could not give back, and is then as it was", async () => {
    const text = '{"a": "x", "b": 123456789012345678901234567890}';
    const document = jsonFormat.parse(text);
    await assert.rejects(encryptDocument(document, { ...testContext, groups }), {
      code: "InvalidInput",
      message: /^b is/,
    });
    assert.equal(document.render(), text);
    const plain = text.replace('"b"', '"b_unencrypted"');
    assert.equal((await opened(jsonFormat, await sealed(jsonFormat, plain))).render(), plain);
  });

  it("is encrypted once, and with somebody who can read it", async () => {
    const file = await sealed(yamlFormat, "a: 1\n");
    await assert.rejects(sealed(yamlFormat, file), { code: "InvalidInput", message: /encrypted already/ });
    await assert.rejects(opened(yamlFormat, "a: 1\n"), { code: "InvalidInput", message: /not encrypted/ });
    await assert.rejects(sealed(yamlFormat, "a: 1\n", { groups: [] }), { code: "InvalidInput" });
    await assert.rejects(sealed(yamlFormat, "a: 1\n", { groups: [[recipient], []] }), { code: "InvalidInput" });
    await assert.rejects(sealed(yamlFormat, ""), { code: "InvalidInput" });
    await assert.rejects(opened(yamlFormat, file, { services: {} }), {
      code: "KeyUnavailable",
      problems: [`${recipient.arn}: no KMS client was given`],
    });
  });

  it("wipes its data key", async () => {
    const open = await openDocument(yamlFormat.parse(await sealed(yamlFormat, "a: 1\n")), testContext);
    open.dispose();
    assert.throws(() => open.seal(yamlFormat.parse("a: 2\n"), 0), { code: "InvalidInput", message: /disposed/ });
  });

  it("may be any bytes", async () => {
    for (const bytes of [
      Buffer.from([0xff, 0x00, 0xfe]),
      Buffer.from("tëxt\n"),
      Buffer.alloc(0),
      Buffer.from('{"sops": 1}'),
    ]) {
      const file = await sealed(binaryFormat, bytes.toString("latin1"));
      assert.deepEqual(Object.keys(JSON.parse(file) as object), ["data", "sops"]);
      assert.deepEqual(Buffer.from((await opened(binaryFormat, file)).render(), "latin1"), bytes);
    }
  });

  it("has metadata that is as it must be", async () => {
    const file = await sealed(jsonFormat, '{"a": 1}');
    const tree = (JSON.parse(file) as { sops: Record<string, unknown> }).sops;
    const wrong = [
      { kms: "x" },
      { kms: [1] },
      { kms: [{ arn: 1 }] },
      { kms: [] },
      { lastmodified: "yesterday" },
      { encrypted_regex: "x" },
      { shamir_threshold: "many" },
      { kms: [], key_groups: [{}] },
    ];
    for (const change of wrong) {
      const text = JSON.stringify({ a: "x", sops: { ...tree, ...change } });
      await assert.rejects(opened(jsonFormat, text), { code: "MessageMalformed" }, JSON.stringify(change));
    }
    const many = Array(101).fill((tree["kms"] as unknown[])[0]);
    await assert.rejects(opened(jsonFormat, JSON.stringify({ sops: { ...tree, kms: many } })), {
      code: "LimitExceeded",
    });
    await assert.rejects(opened(jsonFormat, '{"a": 1, "sops": [1]}'), { code: "MessageMalformed" });
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import fc from "fast-check";
import { type AwsTest, base64, openAws } from "./aws-client.ts";

type Context = Readonly<Record<string, string>>;

/** A way to seal something to a context: its ciphertext, as base64. */
type Seal = (aws: AwsTest, KeyId: string, EncryptionContext: Context) => Promise<string>;

const pairSpec = { KeyPairSpec: "ECC_NIST_P256" };

function generate(operation: string, spec: object): Seal {
  return async (aws, KeyId, EncryptionContext) => {
    const { status, json, text } = await aws.call(operation, { KeyId, EncryptionContext, ...spec });
    assert.equal(status, 200, text);
    return String(json["CiphertextBlob"] ?? json["PrivateKeyCiphertextBlob"]);
  };
}

/** Every operation that seals to an encryption context. */
const seals: ReadonlyMap<string, Seal> = new Map<string, Seal>([
  ["Encrypt", generate("Encrypt", { Plaintext: base64("x") })],
  ["GenerateDataKey", generate("GenerateDataKey", { KeySpec: "AES_256" })],
  ["GenerateDataKeyWithoutPlaintext", generate("GenerateDataKeyWithoutPlaintext", { KeySpec: "AES_256" })],
  ["GenerateDataKeyPair", generate("GenerateDataKeyPair", pairSpec)],
  ["GenerateDataKeyPairWithoutPlaintext", generate("GenerateDataKeyPairWithoutPlaintext", pairSpec)],
  [
    "ReEncrypt",
    async (aws, KeyId, DestinationEncryptionContext) => {
      const CiphertextBlob = await aws.encrypt(KeyId, "x");
      const input = { DestinationKeyId: KeyId, CiphertextBlob, DestinationEncryptionContext };
      return String((await aws.ok("ReEncrypt", input)).CiphertextBlob);
    },
  ],
]);

/** Words with letters that have case, composed and decomposed forms, and compatibility forms. */
const words = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "A", "é", "e\u0301", "ﬁ", "ß", "ı", "\u{1f511}", " ", "="),
    minLength: 1,
    maxLength: 6,
  }),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
    .filter((text) => text.isWellFormed() && !text.includes("\0")),
);
const contexts: fc.Arbitrary<Context> = fc.dictionary(words, words, { minKeys: 1, maxKeys: 4 });
const changes: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.normalize("NFC"),
  (text) => text.normalize("NFD"),
  (text) => text.normalize("NFKC"),
  (text) => text.normalize("NFKD"),
  (text) => `${text} `,
  (text) => ` ${text}`,
  (text) => `${text}\u200b`,
  (text) => [...text].slice(1).join(""),
  (text) => [...text].reverse().join(""),
  () => "",
];

function entriesText(context: Context): string {
  return JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Contexts that differ from one in one place: a key, a value, a pair more or less, or two that changed places. */
function others(context: Context): Context[] {
  const entries = Object.entries(context);
  const found: Context[] = [{ ...context, more: "x" }, { ...context, more: "" }, {}];
  entries.forEach(([key, value], at) => {
    const replace = (...put: readonly [string, string][]) => Object.fromEntries(entries.toSpliced(at, 1, ...put));
    found.push(replace(), replace([value, key]), replace([`${key}${value}`, ""]), replace(["", `${key}${value}`]));
    for (const change of changes) found.push(replace([change(key), value]), replace([key, change(value)]));
    const [other] = entries.toSpliced(at, 1);
    if (other !== undefined) found.push({ ...context, [key]: other[1], [other[0]]: value });
  });
  const same = entriesText(context);
  return [...new Map(found.map((other) => [entriesText(other), other])).entries()]
    .filter(([text]) => text !== same)
    .map(([, other]) => other);
}

describe("AWS KMS encryption context", () => {
  let aws: AwsTest;
  let KeyId: string;

  before(async () => {
    aws = await openAws();
    ({ KeyId } = await aws.createKey());
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  for (const [operation, seal] of seals) {
    it(`${operation}: its pairs in any order open, and nothing else does`, async () => {
      await fc.assert(
        fc.asyncProperty(contexts, async (context) => {
          const CiphertextBlob = await seal(aws, KeyId, context);
          const EncryptionContext = Object.fromEntries(Object.entries(context).reverse());
          await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext });
          const moved = { CiphertextBlob, SourceEncryptionContext: EncryptionContext, DestinationKeyId: KeyId };
          await aws.ok("ReEncrypt", moved);
          for (const other of others(context)) {
            const told = `${entriesText(context)} opened by ${entriesText(other)}`;
            const opened = await aws.call("Decrypt", { CiphertextBlob, EncryptionContext: other });
            const movedBy = await aws.call("ReEncrypt", { ...moved, SourceEncryptionContext: other });
            for (const answer of [opened, movedBy]) {
              assert.deepEqual([answer.status, answer.json], [400, { __type: "InvalidCiphertextException" }], told);
            }
          }
        }),
        { numRuns: 12 },
      );
    });
  }

  it("is bound whether the ciphertext was sealed with one or with none", async () => {
    const CiphertextBlob = await aws.encrypt(KeyId, "x");
    await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext: {} });
    await aws.fails(
      "Decrypt",
      { CiphertextBlob, EncryptionContext: { a: "" } },
      { type: "InvalidCiphertextException" },
    );
  });

  it("has at most the room that docs/LIMITS.md gives it, in UTF-8, in every operation", async () => {
    // 4 bytes, and for the pair 8, 1 of its key, and those of its value.
    const room = limits.encryptionContextBytes.value - 13;
    const fitting = { k: "é".repeat(room >> 1) + "x".repeat(room & 1) };
    const EncryptionContext = { k: `${fitting.k}x` };
    const CiphertextBlob = await aws.encrypt(KeyId, "x", { EncryptionContext: fitting });
    await aws.ok("Decrypt", { CiphertextBlob, EncryptionContext: fitting });
    const refused = async (operation: string, input: object) => {
      const { status, json, text } = await aws.call(operation, { KeyId, EncryptionContext, ...input });
      assert.deepEqual([status, json["__type"]], [400, "ValidationException"], `${operation} ${text}`);
    };
    await refused("Encrypt", { Plaintext: base64("x") });
    await refused("Decrypt", { CiphertextBlob });
    for (const end of ["", "WithoutPlaintext"]) {
      await refused(`GenerateDataKey${end}`, { KeySpec: "AES_256" });
      await refused(`GenerateDataKeyPair${end}`, pairSpec);
    }
    const moved = { KeyId: undefined, EncryptionContext: undefined, CiphertextBlob, DestinationKeyId: KeyId };
    await refused("ReEncrypt", { ...moved, SourceEncryptionContext: EncryptionContext });
    await refused("ReEncrypt", {
      ...moved,
      SourceEncryptionContext: fitting,
      DestinationEncryptionContext: EncryptionContext,
    });
  });
});

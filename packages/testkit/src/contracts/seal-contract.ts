import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import type { Seal, SealedRootKey } from "@coffer/service";
import fc from "fast-check";

/** How the contract opens the seals under test. */
export interface SealsUnderTest {
  /** Opens a seal on the same secret each time. */
  open(): Promise<Seal>;
  /** Opens one of the same kind on another secret. */
  openOther(): Promise<Seal>;
}

/** Field values of a shape that no seal made, whatever the field. */
const junkValues: readonly unknown[] = [
  "",
  "AA",
  "====",
  "\ud800",
  -1,
  0,
  1.5,
  Number.MAX_SAFE_INTEGER,
  null,
  true,
  [],
  {},
];

/** Whole stored values that no seal made. */
const junkFields: readonly unknown[] = [
  undefined,
  null,
  "",
  7,
  [],
  {},
  { wrapped: 7 },
  { wrapped: "AA==" },
  { wrapped: "%" },
];

/** Registers the contract of the `Seal` port with `node:test`, for one implementation. */
export function describeSealContract(name: string, seals: SealsUnderTest): void {
  describe(`the seal contract: ${name}`, () => {
    it("recovers a root key that an earlier instance sealed, from JSON", async () => {
      using rootKey = SecretBytes.random(32);
      const first = await seals.open();
      const sealed = await first.seal(rootKey);
      assert.equal(sealed.kind, first.kind);
      const stored = JSON.parse(JSON.stringify(sealed)) as SealedRootKey;
      assert.deepEqual(stored, sealed);
      const second = await seals.open();
      using opened = await second.unseal(stored);
      assert.equal(opened?.equals(rootKey), true);
    });
    it("leaves the caller's root key alone, and gives one that the caller owns", async () => {
      using rootKey = SecretBytes.random(32);
      const seal = await seals.open();
      const sealed = await seal.seal(rootKey);
      const first = await seal.unseal(sealed);
      assert.equal(first?.equals(rootKey), true);
      first?.dispose();
      using second = await seal.unseal(sealed);
      assert.equal(second?.equals(rootKey), true);
    });
    it("never seals twice alike, and never in the clear", async () => {
      using rootKey = SecretBytes.random(32);
      const seal = await seals.open();
      const texts = [JSON.stringify(await seal.seal(rootKey)), JSON.stringify(await seal.seal(rootKey))];
      assert.notEqual(texts[0], texts[1]);
      rootKey.use((bytes) => {
        for (const text of texts) {
          for (const encoding of ["hex", "base64", "latin1"] as const) {
            assert.ok(!text.includes(bytes.toString(encoding).slice(0, 40)), `the root key as ${encoding}`);
          }
        }
      });
    });
    it("cannot open what another secret sealed", async () => {
      using rootKey = SecretBytes.random(32);
      const other = await seals.openOther();
      const sealed = await other.seal(rootKey);
      const seal = await seals.open();
      assert.equal(await seal.unseal(sealed), undefined);
    });
    it("cannot open what another kind of seal made", async () => {
      using rootKey = SecretBytes.random(32);
      const seal = await seals.open();
      const sealed = await seal.seal(rootKey);
      for (const kind of ["", `${sealed.kind}2`, "constructor"]) {
        assert.equal(await seal.unseal({ ...sealed, kind }), undefined, kind);
      }
    });
    it("cannot open anything that was changed, added or left out", async () => {
      using rootKey = SecretBytes.random(32);
      const seal = await seals.open();
      const sealed = await seal.seal(rootKey);
      for (const fields of alteredFields(sealed.fields)) {
        const opened = await seal.unseal({ kind: sealed.kind, fields } as SealedRootKey);
        assert.equal(opened, undefined, JSON.stringify(fields));
      }
    });
    it("cannot open a wrapped key with any bit flipped", async () => {
      using rootKey = SecretBytes.random(32);
      const seal = await seals.open();
      const sealed = await seal.seal(rootKey);
      const wrapped = Buffer.from(String(sealed.fields["wrapped"]), "base64");
      await fc.assert(
        fc.asyncProperty(fc.nat(wrapped.length * 8 - 1), async (bit) => {
          const flipped = Buffer.from(wrapped);
          flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          const fields = { ...sealed.fields, wrapped: flipped.toString("base64") };
          assert.equal(await seal.unseal({ kind: sealed.kind, fields }), undefined);
        }),
        { numRuns: 20 },
      );
    });
    it("answers nonsense as it answers a wrong secret", async () => {
      const seal = await seals.open();
      for (const fields of junkFields) {
        assert.equal(
          await seal.unseal({ kind: seal.kind, fields } as SealedRootKey),
          undefined,
          JSON.stringify(fields),
        );
      }
    });
    it("shows nothing of its secret when printed", async () => {
      const seal = await seals.open();
      assert.deepEqual(JSON.parse(JSON.stringify(seal)), { kind: seal.kind });
    });
  });
}

/** Each field with another value of its type, with junk, missing, and one field too many. */
function alteredFields(fields: SealedRootKey["fields"]): readonly Readonly<Record<string, unknown>>[] {
  const altered: Record<string, unknown>[] = [
    { ...fields, extra: 1 },
    { ...fields, "\ud800": 1 },
    { ...fields, extra: "\ud800" },
  ];
  for (const [name, value] of Object.entries(fields)) {
    const { [name]: _, ...rest } = fields;
    altered.push(rest, { ...fields, [name]: otherValue(value) });
    for (const junk of junkValues) altered.push({ ...fields, [name]: junk });
    altered.push({ ...fields, [name]: typeof value === "number" ? String(value) : `${value} ` });
  }
  return altered;
}

function otherValue(value: string | number): string | number {
  if (typeof value === "number") return value + 1;
  const first = value.startsWith("A") ? "B" : "A";
  return first + value.slice(1);
}

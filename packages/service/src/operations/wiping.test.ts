import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ErrorCode } from "../errors.ts";
import type { Operation } from "../pipeline/operation.ts";
import { CoreTest } from "../testing/core-test.ts";
import { encrypt } from "./encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "./generate-data-key.ts";
import { reEncrypt } from "./re-encrypt.ts";
import { rotateKeyOnDemand } from "./rotation/rotate-key-on-demand.ts";
import {
  transitDataKey,
  transitDataKeyWithoutPlaintext,
  transitDecrypt,
  transitEncrypt,
  transitRewrap,
} from "./transit/crypto-operations.ts";

// A length that nothing else has, so that the buffers of a test are known among all that are filled.
const bytes = 47;
const plaintext = Buffer.alloc(bytes, "PLANTED!");

describe("plaintext that is not answered", () => {
  let t: CoreTest;
  /** A key whose newest version is damaged, and a good one. */
  let damaged: string;
  let good: string;
  let blobOfGood: Buffer;
  let itemsOfDamaged: string[];

  before(async () => {
    t = await CoreTest.open();
    good = (await t.newKey()).keyId;
    damaged = (await t.newKey()).keyId;
    blobOfGood = (await t.run(encrypt, { keyId: good, plaintext })).ciphertext;
    const first = await t.run(transitEncrypt, { keyId: damaged, items: [{ plaintext }] });
    await t.run(rotateKeyOnDemand, { keyId: damaged, limited: false });
    const second = await t.run(transitEncrypt, { keyId: damaged, items: [{ plaintext }] });
    itemsOfDamaged = [...first.results, ...second.results].map((result) => (result.ok ? result.value.ciphertext : ""));
    const row = await t.core.store.get("keyVersions", { region: "us-east-1", keyId: damaged, version: 2 });
    const wrappedMaterial = new Uint8Array(row!.wrappedMaterial.length);
    await t.core.commit([{ op: "update", table: "keyVersions", row: { ...row!, wrappedMaterial, revision: 2 } }]);
  });
  after(() => t.close());

  /** The buffers of the planted length that were filled with zeros during a run, as they were before. */
  async function wipedDuring(run: () => Promise<unknown>): Promise<Buffer[]> {
    const wiped: Buffer[] = [];
    const original = Buffer.prototype.fill;
    Buffer.prototype.fill = function (this: Buffer, ...args: Parameters<typeof original>) {
      if (this.length === bytes && args[0] === 0 && args.length === 1) wiped.push(Buffer.from(this));
      return original.apply(this, args);
    };
    try {
      await run();
    } finally {
      Buffer.prototype.fill = original;
    }
    return wiped.filter((buffer) => buffer.some((byte) => byte !== 0));
  }

  function fails<Input, Output>(operation: Operation<Input, Output>, input: Input, code: ErrorCode = "Internal") {
    return wipedDuring(() => t.fails(operation, input, code));
  }

  it("is wiped after re-encryption, and when that fails", async () => {
    const move = (destinationKeyId: string) => ({ ciphertext: blobOfGood, destinationKeyId });
    assert.deepEqual(await wipedDuring(() => t.run(reEncrypt, move(good))), [plaintext]);
    assert.deepEqual(await fails(reEncrypt, move(damaged)), [plaintext]);
  });

  it("is wiped after rewrapping, and when that fails", async () => {
    const made = await t.run(transitEncrypt, { keyId: good, items: [{ plaintext }] });
    const [result] = made.results;
    const ciphertext = result?.ok === true ? result.value.ciphertext : "";
    assert.deepEqual(
      await wipedDuring(() => t.run(transitRewrap, { keyId: good, items: [{ ciphertext }, { ciphertext }] })),
      [plaintext, plaintext],
    );
    assert.deepEqual(await fails(transitRewrap, { keyId: damaged, items: [{ ciphertext: itemsOfDamaged[0]! }] }), [
      plaintext,
    ]);
  });

  it("is wiped of the items before the one that a batch fails at", async () => {
    const items = itemsOfDamaged.map((ciphertext) => ({ ciphertext }));
    assert.deepEqual(await fails(transitDecrypt, { keyId: damaged, items }), [plaintext]);
  });

  it("is wiped of a data key, wrapped or when it cannot be wrapped", async () => {
    const input = (keyId: string) => ({ keyId, dataKeyBytes: bytes });
    const runs = [
      await wipedDuring(() => t.run(generateDataKeyWithoutPlaintext, input(good))),
      await wipedDuring(() => t.run(transitDataKeyWithoutPlaintext, input(good))),
      await fails(generateDataKeyWithoutPlaintext, input(damaged)),
      await fails(generateDataKey, input(damaged)),
      await fails(transitDataKeyWithoutPlaintext, input(damaged)),
      await fails(transitDataKey, input(damaged)),
    ];
    assert.deepEqual(
      runs.map((wiped) => wiped.length),
      [1, 1, 1, 1, 1, 1],
    );
  });
});

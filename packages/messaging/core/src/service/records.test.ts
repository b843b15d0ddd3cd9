import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError } from "../errors.ts";
import { memoryVault } from "../vault/memory-vault.ts";
import { boundedRecords, nextNumber, recordKind, sortableName } from "./records.ts";

describe("the service's records", () => {
  it("are JSON below their own prefix", async () => {
    const vault = memoryVault();
    const things = recordKind<{ readonly n: number }>("thing");
    await vault.transact(async (state) => {
      things.put(state, { n: 1 }, sortableName(9));
      things.put(state, { n: 2 }, sortableName(10));
      assert.deepEqual(await things.names(state), [sortableName(9), sortableName(10)]);
      assert.deepEqual(await things.get(state, sortableName(10)), { n: 2 });
      assert.equal(await things.get(state, "none"), undefined);
      assert.deepEqual(await state.list("service/thing"), [
        `service/thing/${sortableName(9)}`,
        `service/thing/${sortableName(10)}`,
      ]);
      state.put("service/thing/damaged", Uint8Array.of(0xff));
      const unreadable = (error: unknown) => error instanceof MessagingError && error.code === "VaultUnreadable";
      await assert.rejects(things.get(state, "damaged"), unreadable);
    });
  });

  it("count", async () => {
    await memoryVault().transact(async (state) => {
      assert.deepEqual(
        [await nextNumber(state, "a"), await nextNumber(state, "a"), await nextNumber(state, "b")],
        [1, 2, 1],
      );
    });
  });

  it("keep the last values, and no more of them", async () => {
    await memoryVault().transact(async (state) => {
      const kept = boundedRecords<string>("seen", 3);
      for (const name of ["a", "b", "c", "a", "d"]) await kept.add(state, name, `value ${name}`);
      const found = await Promise.all(["a", "b", "c", "d", "e"].map((name) => kept.get(state, name)));
      assert.deepEqual(found, ["value a", undefined, "value c", "value d", undefined]);
      for (let n = 0; n < 50; n++) await kept.add(state, `n${n}`, "");
      assert.ok((await state.list("service/")).length <= 7);
    });
  });
});

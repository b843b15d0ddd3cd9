import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryVault } from "./memory-vault.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

describe("memoryVault", () => {
  it("keeps a transaction as a whole, or not at all", async () => {
    const vault = memoryVault();
    await vault.transact(async (state) => {
      state.put("a/1", bytes("one"));
      state.put("a/2", bytes("two"));
      assert.equal(text(await state.get("a/1")), "one");
      assert.deepEqual(await state.list("a/"), ["a/1", "a/2"]);
    });
    const failed = vault.transact(async (state) => {
      state.put("a/1", bytes("other"));
      state.delete("a/2");
      assert.deepEqual(await state.list("a/"), ["a/1"]);
      throw new Error("changed its mind");
    });
    await assert.rejects(failed, /changed its mind/);
    await vault.transact(async (state) => {
      assert.equal(text(await state.get("a/1")), "one");
      assert.deepEqual(await state.list(""), ["a/1", "a/2"]);
    });
    assert.equal(await vault.version(), 1);
  });

  it("runs one transaction after the other", async () => {
    const vault = memoryVault();
    const add = () =>
      vault.transact(async (state) => {
        const count = Number(text(await state.get("count")) ?? "0");
        await Promise.resolve();
        state.put("count", bytes(String(count + 1)));
      });
    await Promise.all(Array.from({ length: 50 }, add));
    assert.equal(await vault.transact(async (state) => text(await state.get("count"))), "50");
  });

  it("gives and takes copies, and is empty once closed", async () => {
    const vault = memoryVault();
    const mine = bytes("mine");
    await vault.transact(async (state) => state.put("x", mine));
    mine.fill(0);
    const got = await vault.transact((state) => state.get("x"));
    got?.fill(0);
    assert.equal(text(await vault.transact((state) => state.get("x"))), "mine");
    await vault.close();
    await assert.rejects(
      vault.transact(async () => undefined),
      /closed/,
    );
  });
});

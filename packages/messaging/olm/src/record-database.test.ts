import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryVault, type StateTransaction, type Vault } from "@coffer/messaging";
import { IDBKeyRange } from "fake-indexeddb";
import type { Database, ObjectStore, Request } from "./indexed-db.ts";
import { RecordDatabase } from "./record-database.ts";

const name = "records";

function done<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

/** A database as the library makes it, with one store and an index, and in the state. */
async function made(vault: Vault): Promise<[RecordDatabase, Database]> {
  const records = new RecordDatabase(name);
  const request = records.factory.open(name, 7);
  request.addEventListener("upgradeneeded", () => {
    for (const store of ["things", "olm_hashes"]) request.result.createObjectStore(store);
    const options = { unique: false, multiEntry: false };
    request.result.createObjectStore("indexed").createIndex("by_size", "size", options);
  });
  const database = await done(request);
  await vault.transact((state) => records.saveAllIfNew(state));
  return [records, database];
}

async function write(database: Database, store: string, change: (store: ObjectStore) => void): Promise<void> {
  const transaction = database.transaction(store, "readwrite");
  change(transaction.objectStore(store));
  await new Promise<void>((resolve) => transaction.addEventListener("complete", resolve));
}

async function contents(vault: Vault, store: string): Promise<Record<string, unknown>> {
  const records = new RecordDatabase(name);
  await vault.transact((state) => records.load(state));
  const database = await done(records.factory.open(name));
  const transaction = database.transaction(store, "readonly");
  const [keys, values] = [transaction.objectStore(store).getAllKeys(), transaction.objectStore(store).getAll()];
  await Promise.all([done(keys), done(values)]);
  database.close();
  return Object.fromEntries(keys.result.map((key, n) => [key, values.result[n]]));
}

describe("a database of records in a device's state", () => {
  it("has after a load what was written, and saves that alone", async () => {
    const vault = memoryVault();
    const [records, database] = await made(vault);
    const odd = "a/b\u001D%";
    await write(database, "things", (store) => {
      store.put("one", "a");
      store.put({ deep: [true, null, 1.5] }, odd);
    });
    await vault.transact((state) => records.save(state));
    assert.deepEqual(await contents(vault, "things"), { a: "one", [odd]: { deep: [true, null, 1.5] } });
    await write(database, "things", (store) => store.put("two", "b"));
    const puts: string[] = [];
    const state = { put: (key: string) => void puts.push(key), delete: () => assert.fail() };
    await records.save(state as unknown as StateTransaction);
    assert.deepEqual(puts, ["protocol/olm/store/things/b"]);
    assert.equal(records.hasChanged, false);
  });

  it("forgets what was deleted: one record, a range, or all", async () => {
    const vault = memoryVault();
    const [records, database] = await made(vault);
    const save = () => vault.transact((state) => records.save(state));
    await write(database, "things", (store) => {
      for (const key of "abcdef") store.put(key, key);
    });
    await save();
    await write(database, "things", (store) => store.delete("a"));
    await write(database, "things", (store) => store.delete(IDBKeyRange.bound("b", "d")));
    await save();
    assert.deepEqual(await contents(vault, "things"), { e: "e", f: "f" });
    await write(database, "things", (store) => store.clear());
    await save();
    assert.deepEqual(await contents(vault, "things"), {});
  });

  it("takes back what its transaction takes back", async () => {
    const vault = memoryVault();
    const [records, database] = await made(vault);
    const transaction = database.transaction("things", "readwrite");
    await done(transaction.objectStore("things").put("never", "a"));
    (transaction as unknown as { abort(): void }).abort();
    await write(database, "things", (store) => store.put("yes", "b"));
    await vault.transact((state) => records.save(state));
    assert.deepEqual(await contents(vault, "things"), { b: "yes" });
  });

  it("keeps no record of stores that only grow, in memory neither", async () => {
    const vault = memoryVault();
    const [records, database] = await made(vault);
    await write(database, "olm_hashes", (store) => store.put(true, "hash"));
    assert.equal(records.hasChanged, false);
    assert.equal(await records.read("olm_hashes", "hash"), undefined);
  });

  it("keeps indexes, and everything anew when the library changed its version", async () => {
    const vault = memoryVault();
    const [records, first] = await made(vault);
    await write(first, "indexed", (store) => store.put({ size: 2 }, "a"));
    await vault.transact((state) => records.save(state));
    const later = new RecordDatabase(name);
    await vault.transact((state) => later.load(state));
    const request = later.factory.open(name, 8);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore("new").put("made", "b"));
    const database = await done(request);
    const index = database.transaction("indexed", "readonly").objectStore("indexed").index("by_size");
    assert.deepEqual([index.name, index.keyPath], ["by_size", "size"]);
    await vault.transact((state) => later.saveAllIfNew(state));
    assert.deepEqual(await contents(vault, "new"), { b: "made" });
    assert.deepEqual(await contents(vault, "indexed"), { a: { size: 2 } });
  });

  it("refuses values that would not come back as they are", async () => {
    const [, database] = await made(memoryVault());
    const store = database.transaction("things", "readwrite").objectStore("things");
    for (const value of [new Uint8Array(1), { a: new ArrayBuffer(1) }, 1n]) {
      assert.throws(() => store.put(value, "a"), TypeError);
    }
    assert.throws(() => store.put("a", 1 as unknown as string), TypeError);
  });

  it("writes a large record only when it changed", async () => {
    const vault = memoryVault();
    const [records, database] = await made(vault);
    const version = async (value: string) => {
      await write(database, "things", (store) => store.put(value, "a"));
      await vault.transact((state) => records.save(state));
      return vault.version();
    };
    const first = await version("x".repeat(5000));
    assert.equal(await version("x".repeat(5000)), first);
    assert.equal(await version(`${"x".repeat(4999)}y`), first + 1);
    assert.deepEqual(await contents(vault, "things"), { a: `${"x".repeat(4999)}y` });
  });
});

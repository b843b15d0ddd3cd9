import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  indexedDbVault,
  MessagingError,
  type MessagingErrorCode,
  rawKey,
  type Vault,
  type VaultKeySource,
} from "@coffer/messaging";
import { IDBFactory } from "fake-indexeddb";

// What a browser keeps the state of Olm's devices in. Here, because this package has an IndexedDB for Node.

const owner = { userId: "alice", deviceId: "tab", protocol: "olm" } as const;
const key = rawKey(new Uint8Array(32).fill(3));
type Factory = NonNullable<Parameters<typeof indexedDbVault>[1]["indexedDB"]>;

const newFactory = () => new IDBFactory() as unknown as Factory;
const open = (indexedDB: Factory, more: Partial<Parameters<typeof indexedDbVault>[1]> = {}) =>
  indexedDbVault("device", { owner, key, indexedDB, ...more });
const put = (vault: Vault, name: string, value: string) =>
  vault.transact(async (state) => state.put(name, Buffer.from(value)));
const get = (vault: Vault, name: string) =>
  vault.transact(async (state) => {
    const value = await state.get(name);
    return value && Buffer.from(value).toString();
  });

function failsAs(code: MessagingErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof MessagingError && error.code === code;
}

/** Runs one request in a database as a stranger to the vault would. */
async function inDatabase<T>(factory: Factory, run: (log: Store, key: Store) => Request<T>): Promise<T> {
  const opened = factory.open("device") as unknown as Request<{
    transaction(names: string[], mode: string): { objectStore(name: string): Store };
    close(): void;
  }>;
  const database = await settled(opened);
  const transaction = database.transaction(["log", "key"], "readwrite");
  const result = await settled(run(transaction.objectStore("log"), transaction.objectStore("key")));
  database.close();
  return result;
}

interface Request<T> {
  readonly result: T;
  addEventListener(type: "success", listener: () => void): void;
}

interface Store {
  getAll(): Request<unknown[]>;
  clear(): Request<unknown>;
  put(value: unknown, key?: unknown): Request<unknown>;
}

function settled<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve) => request.addEventListener("success", () => resolve(request.result)));
}

describe("indexedDbVault", () => {
  it("keeps state from one tab to the next, and shows no names and values", async () => {
    const factory = newFactory();
    const vault = await open(factory);
    await put(vault, "planted-name", "a planted value");
    await put(vault, "b", "2");
    await vault.close();
    const rows = await inDatabase(factory, (log) => log.getAll());
    const text = rows.map((row) => Buffer.from(row as Uint8Array).toString("latin1")).join("");
    assert.ok(text.length > 0 && !text.includes("planted"));
    const again = await open(factory);
    assert.deepEqual([await get(again, "planted-name"), await get(again, "b")], ["a planted value", "2"]);
    assert.equal(await again.version(), 2);
    await again.close();
  });

  it("keeps a transaction as a whole or not at all", async () => {
    const factory = newFactory();
    const vault = await open(factory);
    await put(vault, "a", "1");
    const failing = vault.transact(async (state) => {
      state.put("a", Buffer.from("2"));
      throw new Error("changed its mind");
    });
    await assert.rejects(failing, /changed its mind/);
    assert.equal(await get(vault, "a"), "1");
    await vault.close();
  });

  it("is one tab's at a time", async () => {
    const factory = newFactory();
    const vault = await open(factory);
    await assert.rejects(open(factory), failsAs("InvalidInput"));
    await vault.close();
    await (await open(factory)).close();
    // What did not open holds nothing either.
    await assert.rejects(open(factory, { key: rawKey(new Uint8Array(32)) }), failsAs("VaultUnreadable"));
    await (await open(factory)).close();
  });

  it("does not open under another key, or without a part of it", async () => {
    const factory = newFactory();
    const vault = await open(factory);
    await put(vault, "a", "1");
    await vault.close();
    await assert.rejects(open(factory, { key: rawKey(new Uint8Array(32)) }), failsAs("VaultUnreadable"));
    const rows = await inDatabase(factory, (log) => log.getAll());
    await inDatabase(factory, (log) => log.clear());
    await assert.rejects(open(factory), failsAs("VaultUnreadable"));
    for (const row of rows) await inDatabase(factory, (log) => log.put(row));
    await (await open(factory)).close();
    await inDatabase(factory, (_, keys) => keys.clear());
    await assert.rejects(open(factory), failsAs("VaultUnreadable"));
  });

  it("is nothing while its key cannot be made, and is made then", async () => {
    const factory = newFactory();
    const down: VaultKeySource = {
      create: () => Promise.reject(new MessagingError("KeyUnavailable", "The key store is down.")),
      open: () => Promise.reject(new MessagingError("KeyUnavailable", "The key store is down.")),
    };
    await assert.rejects(open(factory, { key: down }), failsAs("KeyUnavailable"));
    const vault = await open(factory);
    await put(vault, "a", "1");
    await vault.close();
    await assert.rejects(open(factory, { key: down }), failsAs("KeyUnavailable"));
    const again = await open(factory);
    assert.equal(await get(again, "a"), "1");
    await again.close();
  });

  it("refuses an older copy of itself, and cuts off the rest of a write", async () => {
    const factory = newFactory();
    const seen = { version: 0 };
    const witness = {
      highest: async () => seen.version,
      record: async (version: number) => void Object.assign(seen, { version }),
    };
    const vault = await open(factory, { witness });
    await put(vault, "a", "1");
    const copy = await inDatabase(factory, (log) => log.getAll());
    await put(vault, "a", "2");
    await vault.close();
    const whole = await inDatabase(factory, (log) => log.getAll());
    const putBack = async (rows: readonly unknown[]) => {
      await inDatabase(factory, (log) => log.clear());
      for (const row of rows) await inDatabase(factory, (log) => log.put(row));
    };
    await putBack(copy);
    await assert.rejects(open(factory, { witness }), failsAs("VaultRolledBack"));
    await putBack([...whole, Uint8Array.of(0, 0)]);
    const again = await open(factory, { witness });
    assert.equal(await get(again, "a"), "2");
    await put(again, "a", "3");
    await again.close();
    const last = await open(factory, { witness });
    assert.equal(await get(last, "a"), "3");
    await last.close();
  });

  it("says so where there is no IndexedDB", async () => {
    await assert.rejects(indexedDbVault("device", { owner, key }), failsAs("InvalidInput"));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessagingError } from "../errors.ts";
import { type LogStorage, openLogVault } from "./log-vault.ts";
import type { Vault } from "./vault.ts";

const key = () => new Uint8Array(32).fill(7);
const bytes = (text: string) => new TextEncoder().encode(text);

/** A log in memory, which a test may copy, cut and break. */
class MemoryLog implements LogStorage {
  content: Uint8Array | undefined;
  isFull = false;
  isClosed = false;

  constructor(content?: Uint8Array) {
    this.content = content?.slice();
  }

  load = async () => this.content?.slice();
  truncate = async (length: number) => {
    this.content = this.content!.slice(0, length);
  };
  append = async (added: Uint8Array) => {
    if (this.isFull) throw new Error("ENOSPC");
    this.content = new Uint8Array(Buffer.concat([this.content!, added]));
  };
  replace = async (content: Uint8Array) => {
    this.content = content.slice();
  };
  close = async () => {
    this.isClosed = true;
  };
}

async function recordsOf(vault: Vault): Promise<Record<string, string>> {
  return vault.transact(async (state) => {
    const names = await state.list("");
    const values = await Promise.all(names.map((name) => state.get(name)));
    return Object.fromEntries(names.map((name, n) => [name, new TextDecoder().decode(values[n])]));
  });
}

/** A history of a few transactions. @returns the log and the records after each */
async function history(): Promise<{ log: Uint8Array; states: Record<string, string>[]; ends: number[] }> {
  const storage = new MemoryLog();
  const vault = await openLogVault(storage, key());
  const states: Record<string, string>[] = [{}];
  const ends = [storage.content!.length];
  const steps: [string, string | undefined][][] = [
    [["a", "one"]],
    [
      ["a", "two"],
      ["b", "new"],
    ],
    [["a", undefined]],
    [["c", ""]],
  ];
  for (const step of steps) {
    await vault.transact(async (state) => {
      for (const [name, value] of step) {
        if (value === undefined) state.delete(name);
        else state.put(name, bytes(value));
      }
    });
    states.push(await recordsOf(vault));
    ends.push(storage.content!.length);
  }
  return { log: storage.content!, states, ends };
}

const isUnreadable = (error: unknown) => error instanceof MessagingError && error.code === "VaultUnreadable";

const isRolledBack = (error: unknown) => error instanceof MessagingError && error.code === "VaultRolledBack";

describe("a vault's log", () => {
  it("keeps what transactions wrote", async () => {
    const { log, states } = await history();
    const vault = await openLogVault(new MemoryLog(log), key());
    assert.deepEqual(await recordsOf(vault), { b: "new", c: "" });
    assert.deepEqual(await recordsOf(vault), states.at(-1));
    assert.equal(await vault.version(), 4);
  });

  it("keeps what Node's Buffers held, whatever becomes of them", async () => {
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key());
    const value = Buffer.from("kept");
    await vault.transact(async (state) => state.put("a", value));
    value.fill(0);
    assert.deepEqual(await recordsOf(vault), { a: "kept" });
    await vault.transact(async (state) => (await state.get("a"))!.fill(0));
    await vault.transact(async (state) => state.put("b", bytes("2")));
    assert.deepEqual(await recordsOf(vault), { a: "kept", b: "2" });
  });

  it("has the state before or after a transaction, wherever a crash cuts it off", async () => {
    const { log, states, ends } = await history();
    for (let length = ends[0]!; length <= log.length; length++) {
      const done = ends.findLastIndex((end) => end <= length);
      const storage = new MemoryLog(log.subarray(0, length));
      const vault = await openLogVault(storage, key());
      assert.deepEqual(await recordsOf(vault), states[done], `cut at ${length}`);
      await vault.transact(async (state) => state.put("after", bytes("the crash")));
      const again = await openLogVault(new MemoryLog(storage.content), key());
      assert.deepEqual(await recordsOf(again), { ...states[done], after: "the crash" });
    }
  });

  it("does not open under another key, or once any byte before its end was changed", async () => {
    const { log, ends } = await history();
    await assert.rejects(openLogVault(new MemoryLog(log), new Uint8Array(32).fill(8)), isUnreadable);
    const lastBegin = ends.at(-2)!;
    for (let at = 0; at < lastBegin + 8; at++) {
      for (const bit of [1, 0x80]) {
        const changed = log.slice();
        changed[at]! ^= bit;
        const storage = new MemoryLog(changed);
        await assert.rejects(openLogVault(storage, key()), isUnreadable, `byte ${at}`);
        assert.deepEqual(storage.content, changed, "what is refused stays as it is");
      }
    }
  });

  it("shows another key from its first moment on", async () => {
    const storage = new MemoryLog();
    await openLogVault(storage, key());
    await assert.rejects(openLogVault(storage, new Uint8Array(32).fill(8)), isUnreadable);
    const whole = storage.content!;
    for (let length = 0; length < whole.length; length++) {
      await assert.rejects(openLogVault(new MemoryLog(whole.subarray(0, length)), key()), isUnreadable);
    }
  });

  it("takes zeros behind its end for a write that never ended", async () => {
    const { log, states, ends } = await history();
    for (const zeros of [1, 7, 8, 9, 5000]) {
      for (const kept of [0, 3, 8]) {
        const whole = log.subarray(0, ends[2]! + kept);
        const vault = await openLogVault(new MemoryLog(new Uint8Array([...whole, ...new Uint8Array(zeros)])), key());
        assert.deepEqual(await recordsOf(vault), states[2], `${kept} and ${zeros}`);
      }
    }
  });

  it("takes no transaction out of its place", async () => {
    const { log, ends } = await history();
    const part = (n: number) => log.subarray(ends[n - 1], ends[n]);
    const header = log.subarray(0, ends[0]);
    const orders = [
      [1, 3, 2, 4],
      [1, 1, 2],
      [2, 3],
      [1, 3, 4],
    ];
    for (const order of orders) {
      const mixed = new MemoryLog(new Uint8Array([...header, ...order.flatMap((n) => [...part(n)])]));
      await assert.rejects(openLogVault(mixed, key()), isUnreadable, order.join());
    }
    const other = (await history()).log;
    const graft = new Uint8Array([...log.subarray(0, ends[1]), ...other.subarray(ends[1])]);
    await assert.rejects(openLogVault(new MemoryLog(graft), key()), isUnreadable);
  });

  it("takes no transaction that followed upon another one than is before it", async () => {
    const { log, ends } = await history();
    const fork = new MemoryLog(log.subarray(0, ends[2]));
    const vault = await openLogVault(fork, key());
    await vault.transact(async (state) => state.put("a", bytes("another third")));
    const mixed = new MemoryLog(new Uint8Array([...fork.content!, ...log.subarray(ends[3])]));
    const opened = await openLogVault(mixed, key());
    assert.equal(await opened.version(), 3);
    assert.deepEqual(await recordsOf(opened), { a: "another third", b: "new" });
    assert.deepEqual(mixed.content, fork.content);
  });

  it("shows an older copy to a witness", async () => {
    const seen = { version: 0 };
    const witness = {
      highest: async () => seen.version,
      record: async (version: number) => {
        seen.version = version;
      },
    };
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key(), witness);
    await vault.transact(async (state) => state.put("a", bytes("1")));
    const copy = storage.content!.slice();
    const opened = await openLogVault(new MemoryLog(copy), key(), witness);
    await vault.transact(async (state) => state.put("a", bytes("2")));
    for (const older of [copy, new Uint8Array([...copy, 0, 0])]) {
      const put = new MemoryLog(older);
      await assert.rejects(openLogVault(put, key(), witness), isRolledBack);
      assert.deepEqual(put.content, older);
    }
    await assert.rejects(openLogVault(new MemoryLog(), key(), witness), isRolledBack);
    // A copy that was open before reads what it has, and writes nothing more.
    assert.deepEqual(await recordsOf(opened), { a: "1" });
    const late = opened.transact(async (state) => state.put("a", bytes("fork")));
    await assert.rejects(late, isRolledBack);
    assert.equal(await (await openLogVault(new MemoryLog(storage.content), key(), witness)).version(), 2);
  });

  it("keeps a transaction that its witness did not take, and goes on when it does", async () => {
    const seen = { version: 0, isAway: false };
    const witness = {
      highest: async () => seen.version,
      record: async (version: number) => {
        if (seen.isAway) throw new Error("away");
        seen.version = version;
      },
    };
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key(), witness);
    seen.isAway = true;
    await vault.transact(async (state) => state.put("a", bytes("kept")));
    await assert.rejects(
      vault.transact(async (state) => state.put("a", bytes("not kept"))),
      isUnreadable,
    );
    assert.deepEqual(await recordsOf(vault), { a: "kept" });
    seen.isAway = false;
    await vault.transact(async (state) => state.put("b", bytes("2")));
    assert.equal(seen.version, 2);
    seen.version = 1;
    await openLogVault(new MemoryLog(storage.content), key(), witness);
    assert.equal(seen.version, 2, "what a crash kept from the witness it learns when the vault is opened");
  });

  it("is written anew with as many records as there are", async () => {
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key());
    const count = 70_000;
    await vault.transact(async (state) => {
      for (let n = 0; n < count; n++) state.put(`record/${n}`, Uint8Array.of(n));
    });
    const grown = storage.content!.length;
    for (let n = 0; n < 2; n++) await vault.transact(async (state) => state.put("large", new Uint8Array(3 * grown)));
    await vault.transact(async (state) => state.delete("large"));
    assert.ok(storage.content!.length < 2 * grown);
    const again = await openLogVault(storage, key());
    assert.equal(await again.transact(async (state) => (await state.list("record/")).length), count);
  });

  it("shows no names and values, and is written anew when it is mostly past", async () => {
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key());
    const large = "a planted value ".repeat(20_000);
    for (let n = 0; n < 8; n++) await vault.transact(async (state) => state.put("a planted name", bytes(large + n)));
    assert.ok(storage.content!.length < 5 * large.length, "it does not grow without end");
    assert.equal(await vault.version(), 8);
    const text = Buffer.from(storage.content!).toString("latin1");
    assert.ok(!text.includes("planted"));
    await vault.transact(async (state) => state.put("b", bytes("after")));
    const again = await openLogVault(new MemoryLog(storage.content), key());
    assert.deepEqual(await recordsOf(again), { "a planted name": `${large}7`, b: "after" });
    assert.equal(await again.version(), 9);
  });

  it("closes when it cannot be written, and loses nothing that was told", async () => {
    const storage = new MemoryLog();
    const vault = await openLogVault(storage, key());
    await vault.transact(async (state) => state.put("a", bytes("told")));
    storage.isFull = true;
    await assert.rejects(
      vault.transact(async (state) => state.put("a", bytes("lost"))),
      isUnreadable,
    );
    storage.isFull = false;
    await assert.rejects(recordsOf(vault), /closed/);
    assert.equal(storage.isClosed, false);
    await vault.close();
    assert.ok(storage.isClosed, "so that it can be opened again");
    assert.deepEqual(await recordsOf(await openLogVault(new MemoryLog(storage.content), key())), { a: "told" });
  });
});

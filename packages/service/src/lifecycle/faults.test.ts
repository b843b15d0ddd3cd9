import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { KeyRecord } from "../model/key.ts";
import { encrypt } from "../operations/encrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { cancelKeyDeletion, restoreKey, scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { enableKeyRotation } from "../operations/rotation/automatic-rotation.ts";
import { rotateKeyOnDemand } from "../operations/rotation/rotate-key-on-demand.ts";
import { dayMs } from "../operations/shared.ts";
import { StoreConflict, type Write } from "../ports/store.ts";
import { CoreTest } from "../testing/core-test.ts";

const periodDays = 90;

/** Whether writes change one of these keys. */
function touches(writes: readonly Write[], ...keyIds: readonly string[]): boolean {
  return writes.some((write) => {
    if (write.table !== "keys") return false;
    return keyIds.includes(write.op === "delete" ? write.key.keyId : write.row.keyId);
  });
}

describe("lifecycle with faults", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(() => t.close());

  /** Keys that rotate after 90 days, each a second later than the one before. */
  async function newRotatingKeys(count: number): Promise<string[]> {
    const keyIds: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const { keyId } = await t.newKey();
      await t.run(enableKeyRotation, { keyId, periodDays });
      t.test.clock.advance(1000);
      keyIds.push(keyId);
    }
    return keyIds;
  }

  async function versionsOf(keyIds: readonly string[]): Promise<number[]> {
    const keys = await Promise.all(keyIds.map((keyId) => t.run(describeKey, { keyId })));
    return keys.map(({ key }) => key.currentVersion);
  }

  it("a key that cannot be rotated holds up no other, is tried again further apart, and is told each time", async () => {
    const [broken, ...others] = (await newRotatingKeys(5)) as [string, ...string[]];
    let tries = 0;
    t.store.beforeCommit = (writes) => {
      if (!touches(writes, broken)) return;
      tries += 1;
      throw new Error("broken row");
    };
    t.test.clock.advance(periodDays * dayMs);
    await t.test.lifecycle.runDue();
    assert.deepEqual(await versionsOf([broken, ...others]), [1, 2, 2, 2, 2]);
    assert.equal(tries, 1);
    for (const [afterMs, expected] of [
      [4999, 1],
      [1, 2],
      [9999, 2],
      [1, 3],
      [19_999, 3],
      [1, 4],
    ] as const) {
      t.test.clock.set(t.test.clock.nowMs() + afterMs);
      await t.test.lifecycle.runDue();
      assert.equal(tries, expected);
    }
    assert.equal(t.test.bugs.length, tries);
    t.store.heal();
    t.test.clock.advance(600_000);
    await t.test.lifecycle.runDue();
    assert.deepEqual(await versionsOf([broken]), [2]);
  });

  it("more broken keys than fit in a batch hold up no other, and do not spin", async () => {
    const keyIds = await newRotatingKeys(63);
    const broken = keyIds.filter((_, index) => index < 60 && index % 8 !== 0);
    assert.ok(broken.length > 50);
    let tries = 0;
    t.store.beforeCommit = (writes) => {
      if (!touches(writes, ...broken)) return;
      tries += 1;
      throw new StoreConflict("stale", "keys");
    };
    t.test.clock.advance(periodDays * dayMs);
    await t.test.lifecycle.runDue();
    const expected = keyIds.map((keyId) => (broken.includes(keyId) ? 1 : 2));
    assert.deepEqual(await versionsOf(keyIds), expected);
    assert.equal(tries, broken.length);
    await t.test.lifecycle.runDue();
    assert.equal(tries, broken.length, "none is tried again before its time");
    assert.deepEqual(t.test.bugs, [], "a lost race is nothing to tell");
  });

  it("a store that takes nothing is not hammered", async () => {
    await newRotatingKeys(30);
    let tries = 0;
    t.store.beforeCommit = () => {
      tries += 1;
      throw new Error("disk full");
    };
    t.test.clock.advance(periodDays * dayMs);
    await t.test.lifecycle.runDue();
    assert.ok(tries <= 10, `${tries} tries`);
    const sleeps: number[] = [];
    const { schedule } = t.test.clock;
    t.test.clock.schedule = (delayMs, wake) => {
      sleeps.push(delayMs);
      return schedule.call(t.test.clock, delayMs, wake);
    };
    const told = Promise.withResolvers<void>();
    t.store.afterRead = (method) => {
      if (method === "nextDueAtMs") told.resolve();
    };
    t.test.lifecycle.start();
    t.test.clock.advance(0);
    await told.promise;
    await new Promise(setImmediate);
    await t.test.lifecycle.stop();
    assert.deepEqual(sleeps.slice(0, 2), [0, 5000]);
  });

  it("a key that somebody else changed meanwhile is looked at anew, at once", async () => {
    const [keyId] = (await newRotatingKeys(1)) as [string];
    t.test.clock.advance(periodDays * dayMs);
    let raced = false;
    t.store.beforeCommit = async (writes) => {
      if (raced || !touches(writes, keyId)) return;
      raced = true;
      await t.run(rotateKeyOnDemand, { keyId, limited: true });
    };
    await t.test.lifecycle.runDue();
    assert.deepEqual(await versionsOf([keyId]), [3]);
    assert.deepEqual(t.test.bugs, []);
  });

  it("a stored period of nothing does not rotate for ever", async () => {
    const { keyId, region } = await t.newKey();
    const row = (await t.core.store.get("keys", { region, keyId })) as KeyRecord;
    const nextAtMs = t.test.clock.nowMs();
    const rotation = { enabled: true, periodMs: 0, nextAtMs };
    await t.core.commit([{ op: "update", table: "keys", row: { ...row, rotation, dueAtMs: nextAtMs, revision: 2 } }]);
    await t.test.lifecycle.runDue();
    assert.deepEqual(await versionsOf([keyId]), [2]);
  });

  it("does nothing while nothing can be recorded, and catches up by itself", async () => {
    const [keyId] = (await newRotatingKeys(1)) as [string];
    const doomed = await t.newKey();
    await t.run(scheduleKeyDeletion, { keyId: doomed.keyId, pendingWindowDays: 7 });
    t.disk.fail("append", "ENOSPC");
    await t.run(describeKey, { keyId }).catch(() => {});
    t.test.clock.set(t.test.clock.nowMs() + periodDays * dayMs);
    await t.test.lifecycle.runDue();
    const stored = (id: string) => t.core.store.get("keys", { region: "us-east-1", keyId: id });
    assert.equal((await stored(keyId))?.currentVersion, 1);
    assert.equal((await stored(doomed.keyId))?.state, "pendingDestruction");
    t.disk.heal();
    t.test.clock.advance(1000);
    await t.run(describeKey, { keyId }).catch(() => {});
    await t.test.lifecycle.runDue();
    assert.equal((await stored(keyId))?.currentVersion, 2);
    assert.equal(await stored(doomed.keyId), undefined);
    const names = (await t.test.auditEvents()).map((event) => event["eventName"]).slice(-2);
    assert.deepEqual(names.sort(), ["DeleteKey", "RotateKey"]);
  });

  it("records a change later when its record fails, before it changes anything more", async () => {
    const keyIds = await newRotatingKeys(2);
    t.test.clock.set(t.test.clock.nowMs() + periodDays * dayMs);
    t.store.afterCommit = () => t.disk.fail("append", "EIO");
    await t.test.lifecycle.runDue();
    const stored = async () =>
      Promise.all(
        keyIds.map(async (keyId) => (await t.core.store.get("keys", { region: "us-east-1", keyId }))?.currentVersion),
      );
    assert.deepEqual(await stored(), [2, 1]);
    const recorded = async () =>
      (await t.test.auditEvents())
        .filter((event) => event["eventName"] === "RotateKey")
        .map((event) => (event["serviceEventDetails"] as { keyId: string }).keyId);
    assert.deepEqual(await recorded(), []);
    t.store.heal();
    t.disk.heal();
    t.test.clock.advance(1000);
    await t.test.lifecycle.runDue();
    assert.deepEqual(await stored(), [2, 2]);
    assert.deepEqual(await recorded(), keyIds);
  });

  it("stops between two keys", async () => {
    const keyIds = await newRotatingKeys(4);
    t.test.clock.advance(periodDays * dayMs);
    let stopped: Promise<void> | undefined;
    t.store.beforeCommit = () => {
      stopped ??= t.test.lifecycle.stop();
    };
    await t.test.lifecycle.runDue();
    await stopped;
    assert.deepEqual(await versionsOf(keyIds), [2, 1, 1, 1]);
  });
});

describe("destruction", () => {
  let t: CoreTest;
  let keyId: string;
  const region = "us-east-1";

  beforeEach(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey({ aliases: ["alias/a", "alias/b"] })).keyId;
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  /** Gives the key so many versions, as rotations would. */
  async function growTo(versions: number): Promise<void> {
    if (versions === 1) return;
    const key = await t.core.store.get("keys", { region, keyId });
    const first = await t.core.store.get("keyVersions", { region, keyId, version: 1 });
    const writes: Write[] = [
      { op: "update", table: "keys", row: { ...key!, currentVersion: versions, revision: key!.revision + 1 } },
    ];
    for (let version = 2; version <= versions; version += 1) {
      writes.push({ op: "insert", table: "keyVersions", row: { ...first!, version, revision: 1 } });
    }
    await t.core.commit(writes);
  }

  async function isGone(): Promise<boolean> {
    const left = [
      await t.core.store.get("keys", { region, keyId }),
      ...(await t.core.store.listKeyVersions(region, keyId, 0, 1)),
      ...(await t.core.store.listKeyAliases("000000000000", region, keyId, undefined, 1)),
    ];
    return left.every((row) => row === undefined);
  }

  for (const versions of [1, 499, 500, 1203]) {
    it(`leaves nothing of a key with ${versions} versions`, async () => {
      await growTo(versions);
      await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
      t.test.clock.advance(7 * dayMs);
      await t.test.lifecycle.runDue();
      assert.ok(await isGone());
      await t.fails(describeKey, { keyId }, "NotFound");
      await t.fails(describeKey, { keyId: "alias/a" }, "NotFound");
    });
  }

  for (const [name, operation, state] of [
    ["a cancellation", cancelKeyDeletion, "suspended"],
    ["a restoration", restoreKey, "active"],
  ] as const) {
    for (const versions of [1, 1203])
      it(`${name} that comes first keeps all ${versions} versions`, async () => {
        await growTo(versions);
        await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
        t.test.clock.advance(7 * dayMs);
        let cancelled: Promise<unknown> | undefined;
        t.store.beforeCommit = async (writes) => {
          if (cancelled !== undefined || !writes.some(({ op, table }) => op === "delete" && table === "keyVersions"))
            return;
          cancelled = t.run(operation, { keyId });
          await cancelled;
        };
        await t.test.lifecycle.runDue();
        assert.ok(cancelled !== undefined);
        assert.equal((await t.run(describeKey, { keyId })).key.state, state);
        assert.equal((await t.core.store.listKeyVersions(region, keyId, 0, 2000)).length, versions);
      });

    it(`${name} that comes after the first material is gone is refused`, async () => {
      await growTo(1203);
      await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
      t.test.clock.advance(7 * dayMs);
      const refused: Promise<unknown>[] = [];
      t.store.afterCommit = async (writes) => {
        if (!writes.some(({ op, table }) => op === "delete" && table === "keyVersions")) return;
        t.store.afterCommit = () => {};
        refused.push(t.fails(operation, { keyId }, "NotFound"));
        await refused[0];
      };
      await t.test.lifecycle.runDue();
      assert.equal(refused.length, 1);
      assert.ok(await isGone());
    });

    it(`${name} that had read the key before its material went is refused`, async () => {
      await growTo(1203);
      await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
      t.test.clock.advance(7 * dayMs);
      // The cancellation has made its checks and is about to commit when the first transaction of the destruction does.
      let destroyed: Promise<void> | undefined;
      t.store.beforeCommit = async (writes) => {
        if (destroyed !== undefined || !writes.some(({ op, table }) => op === "update" && table === "keys")) return;
        destroyed = t.test.lifecycle.runDue();
        await destroyed;
      };
      await t.fails(operation, { keyId }, "NotFound");
      assert.ok(destroyed !== undefined);
      assert.ok(await isGone());
    });
  }

  it("goes on after a crash in between", async () => {
    await growTo(1203);
    await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
    t.test.clock.advance(7 * dayMs);
    let commits = 0;
    t.store.beforeCommit = () => {
      commits += 1;
      if (commits > 1) throw new Error("crash");
    };
    await t.test.lifecycle.runDue();
    t.store.heal();
    // The first transaction changed the key, so it was looked at once more before it has to wait.
    assert.equal(t.test.bugs.splice(0).length, 2);
    assert.equal(await isGone(), false);
    await t.fails(cancelKeyDeletion, { keyId }, "NotFound");
    await t.fails(encrypt, { keyId, plaintext: Buffer.from("x") }, "KeyStateInvalid");
    t.test.clock.advance(10_000);
    await t.test.lifecycle.runDue();
    assert.ok(await isGone());
  });

  it("lets no alias come to a key on its way out", async () => {
    await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
    t.test.clock.advance(7 * dayMs);
    await t.test.lifecycle.runDue();
    assert.ok(await isGone());
    const other = await t.newKey({ aliases: ["alias/a"] });
    assert.equal((await t.run(describeKey, { keyId: "alias/a" })).key.keyId, other.keyId);
  });
});

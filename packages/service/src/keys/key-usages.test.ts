import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as service from "../index.ts";
import { limits } from "../limits.ts";
import type { KeyRecord } from "../model/key.ts";
import { trackedOperations } from "../model/key-usage.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { getKeyLastUsage } from "../operations/keys/key-last-usage.ts";
import { scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { reEncrypt } from "../operations/re-encrypt.ts";
import { dayMs } from "../operations/shared.ts";
import type { Operation } from "../pipeline/operation.ts";
import { CoreTest } from "../testing/core-test.ts";
import { KeyUsages, type KeyUse } from "./key-usages.ts";

const plaintext = Buffer.from("x");

describe("the last use of a key", () => {
  let t: CoreTest;
  let key: KeyRecord;

  beforeEach(async () => {
    t = await CoreTest.open();
    key = await t.newKey();
  });
  afterEach(() => t.close());

  const nowMs = () => t.test.clock.nowMs();
  const lastOf = async ({ keyId }: KeyRecord = key) => (await t.run(getKeyLastUsage, { keyId })).last;
  const rowOf = ({ region, keyId }: KeyRecord) => t.core.store.get("keyUsages", { region, keyId });

  it("is that of the last operation that was answered, with its audit record", async () => {
    assert.equal(await lastOf(), undefined);
    const { ciphertext } = await t.run(encrypt, { keyId: key.keyId, plaintext });
    const request = t.request();
    t.test.clock.advance(1000);
    await t.run(decrypt, { ciphertext }, request);
    const { eventID } = await t.lastEvent();
    const expected = { operation: "Decrypt", usedAtMs: nowMs(), eventId: eventID, requestId: request.requestId };
    t.test.clock.advance(1000);
    assert.deepEqual(await lastOf(), { ...expected, region: key.region, keyId: key.keyId });
  });

  it("does not count what failed, was denied or only tried, nor what uses no material", async () => {
    const { ciphertext } = await t.run(encrypt, { keyId: key.keyId, plaintext });
    const used = await lastOf();
    t.test.clock.advance(1000);
    await t.fails(decrypt, { ciphertext, encryptionContext: { a: "b" } }, "CiphertextInvalid");
    assert.equal(await t.tryAs([], encrypt, { keyId: key.keyId, plaintext }), "AccessDenied");
    await t.fails(encrypt, { keyId: key.keyId, plaintext }, "DryRun", t.request({ dryRun: true }));
    await t.run(describeKey, { keyId: key.keyId });
    assert.deepEqual(await lastOf(), used);
  });

  it("is both keys' when a ciphertext goes from one to the other", async () => {
    const other = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId: key.keyId, plaintext });
    await t.run(reEncrypt, { ciphertext, destinationKeyId: other.keyId });
    assert.deepEqual([(await lastOf())?.operation, (await lastOf(other))?.operation], ["ReEncrypt", "ReEncrypt"]);
  });

  it("is written within a minute, and when the server stops", async () => {
    t.test.lifecycle.start();
    await t.run(encrypt, { keyId: key.keyId, plaintext });
    assert.equal(await rowOf(key), undefined);
    t.test.clock.advance(60_000);
    await t.test.lifecycle.runDue();
    assert.equal((await rowOf(key))?.operation, "Encrypt");
    const other = await t.newKey();
    await t.run(encrypt, { keyId: other.keyId, plaintext });
    await t.test.lifecycle.stop();
    assert.equal((await rowOf(other))?.revision, 1);
  });

  it("waits in memory while the store cannot be written", async () => {
    await t.core.keyUsages.trackedSinceMs(nowMs());
    await t.run(encrypt, { keyId: key.keyId, plaintext });
    t.store.beforeCommit = () => {
      throw new Error("disk");
    };
    await assert.rejects(t.core.keyUsages.flush(nowMs()), /disk/);
    assert.equal((await lastOf())?.operation, "Encrypt");
    t.store.heal();
    await t.core.keyUsages.flush(nowMs());
    assert.equal((await rowOf(key))?.operation, "Encrypt");
  });

  it("survives a restart, and no earlier use writes over a later one", async () => {
    const use = (operation: string, usedAtMs: number): KeyUse => {
      const { region, keyId } = key;
      return { region, keyId, operation, usedAtMs, eventId: "event", requestId: "request" };
    };
    const nodes = [1, 2].map(() => new KeyUsages(t.core.store, () => {})) as [KeyUsages, KeyUsages];
    nodes[0].note("arn", use("Encrypt", 2000));
    nodes[1].note("arn", use("Decrypt", 1000));
    await Promise.all(nodes.map((node) => node.flush(nowMs())));
    const later = new KeyUsages(t.core.store, () => {});
    assert.equal((await later.lastOf("arn", key, nowMs())).last?.operation, "Encrypt");
    later.note("arn", use("Sign", 500));
    assert.equal((await later.lastOf("arn", key, nowMs())).last?.operation, "Encrypt");
    await later.flush(nowMs());
    assert.equal((await rowOf(key))?.operation, "Encrypt");
    later.note("arn", use("Sign", 3000));
    await later.flush(nowMs());
    assert.equal((await rowOf(key))?.operation, "Sign");
  });

  it("is told apart from what was before tracking began", async () => {
    const store = t.core.store;
    await store.commit([
      { op: "delete", table: "settings", key: { name: "keyUsage.trackedSinceMs" }, revision: "any" },
    ]);
    t.test.clock.advance(dayMs);
    const beganMs = nowMs();
    const usages = new KeyUsages(store, () => {});
    assert.equal((await usages.lastOf("arn", key, nowMs())).trackedSinceMs, beganMs);
    t.test.clock.advance(dayMs);
    const younger = await t.newKey();
    for (const node of [usages, new KeyUsages(store, () => {})]) {
      assert.equal((await node.lastOf("arn", key, nowMs())).trackedSinceMs, beganMs);
      assert.equal((await node.lastOf("other", younger, nowMs())).trackedSinceMs, younger.createdAtMs);
    }
  });

  it("goes with the key", async () => {
    await t.run(encrypt, { keyId: key.keyId, plaintext });
    await t.core.keyUsages.flush(nowMs());
    await t.run(scheduleKeyDeletion, { keyId: key.keyId, pendingWindowDays: 7 });
    t.test.clock.advance(7 * dayMs);
    await t.test.lifecycle.runDue();
    assert.equal(await rowOf(key), undefined);
  });

  it("asks for a flush when many keys wait", () => {
    let asked = 0;
    const usages = new KeyUsages(t.core.store, () => {
      asked += 1;
    });
    const { region, keyId } = key;
    for (let index = 0; index < 6000; index += 1) {
      usages.note(`arn${index}`, { region, keyId, operation: "Encrypt", usedAtMs: 1, eventId: "", requestId: "" });
    }
    assert.equal(asked, 1);
  });

  it("is forgotten of the key that waited longest when too many wait", async () => {
    const usages = new KeyUsages(t.core.store, () => {});
    const use = { region: key.region, keyId: key.keyId, operation: "Encrypt", usedAtMs: 1, eventId: "", requestId: "" };
    for (let index = 0; index <= limits.unwrittenKeyUses.value; index += 1) usages.note(`arn${index}`, use);
    const known = async (arn: string) => (await usages.lastOf(arn, key, nowMs())).last !== undefined;
    assert.deepEqual([await known("arn0"), await known("arn1")], [false, true]);
    usages.note("arn1", use);
    assert.ok(await known("arn2"), "a key that waits already takes no other's place");
  });

  it("is tracked of every operation that uses a key's material", () => {
    // What lets a key out does nothing with it; AWS KMS has no name for that.
    const untracked = new Set(["GetPublicKey", "ExportKeyMaterial", "BackUpKey", "WrapKeyForExport"]);
    const operations = (Object.values(service) as unknown[]).filter(
      (value): value is Operation<unknown, unknown> => typeof value === "object" && value !== null && "plane" in value,
    );
    assert.ok(operations.length > 30);
    for (const { name, plane, keys } of operations) {
      if (plane !== "data" || keys.length === 0 || untracked.has(name)) continue;
      assert.ok(trackedOperations.has(name), name);
    }
  });
});

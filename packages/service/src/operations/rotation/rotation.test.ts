import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CoreTest } from "../../testing/core-test.ts";
import { decrypt } from "../decrypt.ts";
import { encrypt } from "../encrypt.ts";
import { disableKey, enableKey } from "../keys/change-state.ts";
import { describeKey } from "../keys/describe-key.ts";
import { cancelKeyDeletion, scheduleKeyDeletion } from "../keys/schedule-key-deletion.ts";
import { dayMs } from "../shared.ts";
import { disableKeyRotation, enableKeyRotation, getKeyRotationStatus } from "./automatic-rotation.ts";
import { listKeyRotations } from "./list-key-rotations.ts";
import { rotateKeyOnDemand } from "./rotate-key-on-demand.ts";

describe("rotation", () => {
  let t: CoreTest;
  let keyId: string;

  beforeEach(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey()).keyId;
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const status = async () => (await t.run(getKeyRotationStatus, { keyId })).rotation;
  const due = async () => (await t.run(describeKey, { keyId })).key.dueAtMs;

  it("is off at first; a year is its period until somebody says otherwise, and it keeps the last one", async () => {
    const now = t.test.clock.nowMs();
    assert.deepEqual(await status(), { enabled: false, periodMs: 365 * dayMs });
    await t.run(enableKeyRotation, { keyId });
    assert.deepEqual(await status(), { enabled: true, periodMs: 365 * dayMs, nextAtMs: now + 365 * dayMs });
    t.test.clock.advance(dayMs);
    await t.run(enableKeyRotation, { keyId });
    assert.equal((await status()).nextAtMs, now + 365 * dayMs, "enabling again changes nothing");
    await t.run(enableKeyRotation, { keyId, periodDays: 90 });
    assert.equal((await status()).nextAtMs, now + 91 * dayMs);
    await t.run(disableKeyRotation, { keyId });
    assert.deepEqual(await status(), { enabled: false, periodMs: 90 * dayMs });
    assert.equal(await due(), undefined);
    await t.run(enableKeyRotation, { keyId });
    assert.equal(await due(), now + 91 * dayMs);
    for (const periodDays of [89, 2561, 90.5, -1, Number.NaN]) {
      await t.fails(enableKeyRotation, { keyId, periodDays }, "InvalidInput");
    }
    await t.run(enableKeyRotation, { keyId, periodDays: 2560 });
  });

  it("is due exactly while the key is active, and its destruction instead while that is pending", async () => {
    await t.run(enableKeyRotation, { keyId, periodDays: 90 });
    const at = await due();
    assert.equal(at, t.test.clock.nowMs() + 90 * dayMs);
    await t.run(disableKey, { keyId });
    assert.equal(await due(), undefined);
    await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
    assert.equal(await due(), t.test.clock.nowMs() + 7 * dayMs);
    await t.run(cancelKeyDeletion, { keyId });
    assert.equal(await due(), undefined);
    const { key } = await t.run(describeKey, { keyId });
    assert.deepEqual([key.deletionAtMs, key.pendingWindowDays], [undefined, undefined]);
    await t.run(enableKey, { keyId });
    assert.equal(await due(), at);
  });

  it("waits seven to thirty days before destruction, thirty unless told", async () => {
    for (const pendingWindowDays of [6, 31, 7.5, 0, -7, Number.NaN]) {
      await t.fails(scheduleKeyDeletion, { keyId, pendingWindowDays }, "InvalidInput");
    }
    const { key } = await t.run(scheduleKeyDeletion, { keyId });
    assert.equal(key.deletionAtMs, t.test.clock.nowMs() + 30 * dayMs);
  });

  it("on demand gives new material at once, and everything older goes on decrypting", async () => {
    const ciphertexts: Buffer[] = [];
    for (let round = 0; round < 12; round += 1) {
      const made = await t.run(encrypt, { keyId, plaintext: Buffer.from(`${round}`) });
      ciphertexts.push(made.ciphertext);
      const { key } = await t.run(rotateKeyOnDemand, { keyId, limited: true });
      assert.equal(key.currentVersion, round + 2);
    }
    // More versions than a key holds in memory, forwards and backwards.
    for (const order of [ciphertexts.entries(), [...ciphertexts.entries()].reverse()]) {
      for (const [round, ciphertext] of order) {
        assert.equal((await t.run(decrypt, { ciphertext })).plaintext.toString(), `${round}`);
      }
    }
    const { items } = await t.run(listKeyRotations, { keyId });
    assert.deepEqual(
      items.map(({ version, rotationType }) => [version, rotationType]),
      Array.from({ length: 12 }, (_, index) => [index + 2, "ON_DEMAND"]),
    );
    const all = await t.run(listKeyRotations, { keyId, allMaterial: true });
    assert.deepEqual([all.items.length, all.currentVersion], [13, 13]);
    const materials = await t.core.store.listKeyVersions("us-east-1", keyId, 0, 100);
    assert.equal(new Set(materials.map(({ materialId }) => materialId)).size, 13);
  });

  it("on demand, many at once, each gets a version of its own", async () => {
    const results = await Promise.all(
      Array.from({ length: 24 }, () => t.run(rotateKeyOnDemand, { keyId, limited: true })),
    );
    const versions = results.map(({ key }) => key.currentVersion).sort((a, b) => a - b);
    assert.deepEqual(
      versions,
      Array.from({ length: 24 }, (_, index) => index + 2),
    );
  });

  it("on demand leaves the automatic schedule as it is", async () => {
    await t.run(enableKeyRotation, { keyId, periodDays: 90 });
    const before = await status();
    t.test.clock.set(t.test.clock.nowMs() + 10 * dayMs);
    await t.run(rotateKeyOnDemand, { keyId, limited: true });
    assert.deepEqual(await status(), before);
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FaultyStore, openTestCore, type TestCore } from "@coffer/testkit";
import { ServiceError } from "../errors.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { disableKey, enableKey } from "../operations/keys/change-state.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { cancelKeyDeletion, scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { enableKeyRotation, getKeyRotationStatus } from "../operations/rotation/automatic-rotation.ts";
import { listKeyRotations } from "../operations/rotation/list-key-rotations.ts";
import { rotateKeyOnDemand } from "../operations/rotation/rotate-key-on-demand.ts";
import { dayMs } from "../operations/shared.ts";
import { execute } from "../pipeline/execute.ts";

describe("lifecycle", () => {
  let test: TestCore;
  let faults: FaultyStore;
  let keyId: string;

  beforeEach(async () => {
    test = await openTestCore({
      wrapStore: (store) => {
        faults = new FaultyStore(store);
        return faults.store;
      },
    });
    keyId = (await execute(test.core, createKey, { aliases: ["alias/a"] }, test.request())).key.keyId;
  });
  afterEach(() => test.close());

  function fails(promise: Promise<unknown>, code: string) {
    return assert.rejects(promise, (error) => error instanceof ServiceError && error.code === code);
  }

  async function rotations() {
    const page = await execute(test.core, listKeyRotations, { keyId }, test.request());
    return page.items.map(({ version, rotationType }) => [version, rotationType]);
  }

  it("rotates when due, not before, and old ciphertexts decrypt", async () => {
    const { ciphertext } = await execute(test.core, encrypt, { keyId, plaintext: Buffer.from("old") }, test.request());
    await execute(test.core, enableKeyRotation, { keyId, periodDays: 90 }, test.request());
    test.clock.advance(90 * dayMs - 1);
    await test.lifecycle.runDue();
    assert.deepEqual(await rotations(), []);
    test.clock.advance(1);
    await test.lifecycle.runDue();
    assert.deepEqual(await rotations(), [[2, "AUTOMATIC"]]);
    const status = await execute(test.core, getKeyRotationStatus, { keyId }, test.request());
    assert.equal(status.rotation.nextAtMs, test.clock.nowMs() + 90 * dayMs);
    const opened = await execute(test.core, decrypt, { ciphertext }, test.request());
    assert.equal(opened.plaintext.toString(), "old");
    const fresh = await execute(test.core, encrypt, { keyId, plaintext: Buffer.from("new") }, test.request());
    assert.notDeepEqual(fresh.ciphertext.subarray(0, 27), ciphertext.subarray(0, 27));
  });

  it("wakes by the clock, without being called", async () => {
    test.lifecycle.start();
    test.clock.advance(0);
    await execute(test.core, enableKeyRotation, { keyId, periodDays: 90 }, test.request());
    const rotated = Promise.withResolvers<void>();
    faults.afterCommit = () => rotated.resolve();
    test.clock.advance(90 * dayMs);
    await rotated.promise;
    await test.lifecycle.stop();
    assert.deepEqual(await rotations(), [[2, "AUTOMATIC"]]);
  });

  it("does not rotate a disabled key, and catches up once it is enabled", async () => {
    await execute(test.core, enableKeyRotation, { keyId, periodDays: 90 }, test.request());
    await execute(test.core, disableKey, { keyId }, test.request());
    test.clock.advance(91 * dayMs);
    await test.lifecycle.runDue();
    assert.deepEqual(await rotations(), []);
    await execute(test.core, enableKey, { keyId }, test.request());
    await test.lifecycle.runDue();
    assert.deepEqual(await rotations(), [[2, "AUTOMATIC"]]);
  });

  it("destroys a key after its waiting period, with its aliases and material, and records it", async () => {
    const { ciphertext } = await execute(test.core, encrypt, { keyId, plaintext: Buffer.from("x") }, test.request());
    await execute(test.core, rotateKeyOnDemand, { keyId, limited: true }, test.request());
    await execute(test.core, scheduleKeyDeletion, { keyId, pendingWindowDays: 7 }, test.request());
    await fails(execute(test.core, decrypt, { ciphertext }, test.request()), "KeyStateInvalid");
    test.clock.advance(7 * dayMs - 1);
    await test.lifecycle.runDue();
    await execute(test.core, cancelKeyDeletion, { keyId }, test.request());
    await execute(test.core, enableKey, { keyId }, test.request());
    assert.equal((await execute(test.core, decrypt, { ciphertext }, test.request())).plaintext.toString(), "x");
    await execute(test.core, scheduleKeyDeletion, { keyId, pendingWindowDays: 7 }, test.request());
    test.clock.advance(7 * dayMs);
    await test.lifecycle.runDue();
    await fails(execute(test.core, decrypt, { ciphertext }, test.request()), "AccessDenied");
    await fails(
      execute(test.core, encrypt, { keyId: "alias/a", plaintext: Buffer.from("x") }, test.request()),
      "NotFound",
    );
    assert.deepEqual(await test.core.store.listKeyVersions("us-east-1", keyId, 0, 10), []);
    const events = await test.auditEvents();
    assert.equal(events.at(-3)?.["eventName"], "DeleteKey");
  });

  it("limits rotations on demand through AWS, not through the other wires", async () => {
    for (let count = 0; count < 25; count += 1) {
      await execute(test.core, rotateKeyOnDemand, { keyId, limited: true }, test.request());
    }
    await fails(execute(test.core, rotateKeyOnDemand, { keyId, limited: true }, test.request()), "LimitExceeded");
    await execute(test.core, rotateKeyOnDemand, { keyId, limited: false }, test.request());
    assert.equal((await rotations()).length, 26);
  });

  it("rotates once when two callers rotate at the same time twice", async () => {
    await Promise.all(
      [1, 2, 3, 4].map(() => execute(test.core, rotateKeyOnDemand, { keyId, limited: true }, test.request())),
    );
    assert.deepEqual(
      (await rotations()).map(([version]) => version),
      [2, 3, 4, 5],
    );
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { describeKey } from "../operations/keys/describe-key.ts";
import { updateKeyDescription } from "../operations/keys/update-key-description.ts";
import { CoreTest } from "../testing/core-test.ts";

const auditFails = /^the audit trail cannot be written: The disk that holds the audit log is full\. .*Put that right/;

describe("the watch over health", () => {
  let t: CoreTest;
  let keyId = "";

  beforeEach(async () => {
    t = await CoreTest.open();
    ({ keyId } = await t.newKey());
  });
  afterEach(() => t.close());

  /** Moves the clock a second on, and waits for what that woke. */
  async function second(): Promise<void> {
    t.test.clock.advance(1000);
    await t.test.healthWatch.stop();
    t.test.healthWatch.start();
  }

  it("tells at once and once that the trail fails, and once that it is written again", async () => {
    t.disk.fail("append", "ENOSPC");
    for (let at = 0; at < 3; at += 1) await t.fails(describeKey, { keyId }, "AuditUnavailable");
    assert.equal(t.test.told.length, 1);
    assert.match(t.test.told[0] ?? "", auditFails);
    t.disk.heal();
    t.test.clock.advance(1000);
    await t.run(describeKey, { keyId }).catch(() => {});
    await t.run(describeKey, { keyId });
    t.test.healthWatch.look();
    t.test.healthWatch.look();
    assert.deepEqual(t.test.told.slice(1), ["the audit trail is written again."]);
  });

  it("tells again when the trail fails for another reason", async () => {
    t.disk.fail("append", "ENOSPC");
    await t.fails(describeKey, { keyId }, "AuditUnavailable");
    t.disk.fail("append", "EROFS");
    t.test.clock.advance(1000);
    await t.fails(describeKey, { keyId }, "AuditUnavailable");
    await t.fails(describeKey, { keyId }, "AuditUnavailable");
    assert.equal(t.test.told.length, 2);
    assert.match(t.test.told[1] ?? "", /is read-only/);
  });

  it("tells at once and once of a store that fails, and asks it each second until it works", async () => {
    let probes = 0;
    t.store.afterRead = (method) => {
      if (method === "probe") probes += 1;
    };
    t.store.breakDown("The disk that holds the database is full.");
    t.test.healthWatch.start();
    for (let at = 0; at < 3; at += 1) {
      await t.fails(updateKeyDescription, { keyId, description: "x" }, "StoreUnavailable");
    }
    assert.equal(t.test.told.length, 1);
    assert.match(t.test.told[0] ?? "", /^the database fails: The disk that holds the database is full\./);
    assert.deepEqual(t.test.bugs, []);
    await second();
    await second();
    assert.equal(probes, 2);
    t.store.heal();
    await second();
    assert.deepEqual(t.test.told.slice(1), ["the database works again."]);
  });
});

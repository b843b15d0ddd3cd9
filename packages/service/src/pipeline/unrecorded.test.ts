import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { rotateKeyring } from "../operations/admin/rotate-keyring.ts";
import { decrypt } from "../operations/decrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { updateKeyDescription } from "../operations/keys/update-key-description.ts";
import { enableKeyRotation } from "../operations/rotation/automatic-rotation.ts";
import { dayMs } from "../operations/shared.ts";
import { CoreTest } from "../testing/core-test.ts";
import { UnrecordedChanges } from "./unrecorded.ts";

describe("changes that a process left without a record", () => {
  let t: CoreTest;
  let keyId = "";

  beforeEach(async () => {
    t = await CoreTest.open();
    ({ keyId } = await t.newKey());
    await t.core.unrecorded.clear();
  });
  afterEach(() => t.close());

  /** What the next process on the same store and trail does when it starts. */
  async function startAgain(): Promise<UnrecordedChanges> {
    t.disk.heal();
    t.test.clock.advance(1000);
    const next = new UnrecordedChanges(t.core.audit, t.core.store);
    await next.recover();
    return next;
  }

  async function outbox(): Promise<number> {
    return (await t.core.store.listAuditOutbox(undefined, 100)).length;
  }

  async function recordsOf(eventName: string): Promise<Record<string, unknown>[]> {
    return (await t.test.auditEvents()).filter((event) => event["eventName"] === eventName);
  }

  it("are written by the next one, marked as recovered, each once", async () => {
    t.disk.fail("append", "ENOSPC");
    await t.fails(updateKeyDescription, { keyId, description: "first" }, "AuditUnavailable");
    await startAgain();
    const records = await recordsOf("UpdateKeyDescription");
    assert.equal(records.length, 1);
    const [record] = records;
    assert.deepEqual(record?.["requestParameters"], { keyId, description: "first" });
    assert.equal(Object(record?.["additionalEventData"])["recovered"], true);
    assert.ok(JSON.stringify(record?.["resources"]).includes(keyId));
    assert.equal(await outbox(), 0);
    await startAgain();
    assert.equal((await recordsOf("UpdateKeyDescription")).length, 1);
  });

  it("are in the outbox from their commit on, whether or not the trail took them", async () => {
    let atCommit = -1;
    t.store.afterCommit = async () => {
      t.store.afterCommit = () => {};
      atCommit = await outbox();
    };
    await t.run(updateKeyDescription, { keyId, description: "first" });
    assert.equal(atCommit, 1);
    assert.equal(await outbox(), 1);
    await startAgain();
    assert.equal(await outbox(), 0);
    const records = await recordsOf("UpdateKeyDescription");
    assert.equal(records.length, 1);
    assert.equal("recovered" in Object(records[0]?.["additionalEventData"]), false);
  });

  it("are found in the trail also behind many other records", async () => {
    await t.run(updateKeyDescription, { keyId, description: "first" });
    for (let at = 0; at < 1100; at += 1) await t.run(describeKey, { keyId });
    await startAgain();
    assert.equal((await recordsOf("UpdateKeyDescription")).length, 1);
  });

  it("wait on when the trail still fails, and are written before anything else", async () => {
    t.disk.fail("append", "ENOSPC");
    await t.fails(updateKeyDescription, { keyId, description: "first" }, "AuditUnavailable");
    const next = new UnrecordedChanges(t.core.audit, t.core.store);
    await next.recover();
    assert.equal(next.isEmpty, false);
    assert.equal(await outbox(), 1);
    t.disk.heal();
    t.test.clock.advance(1000);
    await next.write();
    await next.clear();
    assert.equal((await recordsOf("UpdateKeyDescription")).length, 1);
    assert.equal(await outbox(), 0);
  });

  it("are also those of the server itself, and of the whole instance", async () => {
    await t.run(enableKeyRotation, { keyId, periodDays: 90 });
    t.disk.fail("append", "ENOSPC");
    await t.fails(rotateKeyring, null, "AuditUnavailable");
    t.disk.heal();
    t.test.clock.advance(90 * dayMs);
    t.store.afterCommit = () => t.disk.fail("append", "ENOSPC");
    await t.test.lifecycle.runDue();
    await startAgain();
    assert.equal((await recordsOf("RotateKeyring")).length, 1);
    const rotations = await recordsOf("RotateKey");
    assert.deepEqual(
      rotations.map((event) => event["additionalEventData"]),
      [{ recovered: true }],
    );
  });

  it("were not made when the commit failed, and leave nothing", async () => {
    t.store.breakDown("The disk that holds the database is full.");
    await t.fails(updateKeyDescription, { keyId, description: "first" }, "StoreUnavailable");
    t.store.heal();
    assert.equal(await outbox(), 0);
    const [record] = await recordsOf("UpdateKeyDescription");
    assert.equal(record?.["errorCode"], "DependencyTimeoutException");
  });

  it("leave the outbox within a second once they are recorded", async () => {
    t.test.healthWatch.start();
    await t.run(updateKeyDescription, { keyId, description: "first" });
    t.test.clock.advance(1000);
    await t.test.healthWatch.stop();
    assert.equal(await outbox(), 0);
  });
});

describe("changes that the audit trail did not take", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(() => t.close());

  /** The names and descriptions of the newest records. */
  async function newest(count: number): Promise<unknown[]> {
    const events = await t.test.auditEvents();
    return events.slice(-count).map((event) => {
      const parameters = event["requestParameters"] as Record<string, unknown> | null;
      return [event["eventName"], parameters?.["description"], event["errorCode"]];
    });
  }

  function heal(): void {
    t.disk.heal();
    t.test.clock.advance(1000);
  }

  it("are recorded before anything else once it takes records again, each once", async () => {
    const { keyId } = await t.newKey();
    t.disk.fail("append", "ENOSPC");
    const descriptions = ["first", "second"];
    for (const description of descriptions) {
      await t.fails(updateKeyDescription, { keyId, description }, "AuditUnavailable");
    }
    // The first found out; from then on nothing is changed.
    const stored = await t.core.store.get("keys", { region: "us-east-1", keyId });
    assert.equal(stored?.description, "first");
    assert.equal(t.core.unrecorded.isEmpty, false);
    heal();
    // The one try in a second may be this one's record.
    await t.run(describeKey, { keyId }).catch(() => {});
    await Promise.all([t.run(describeKey, { keyId }), t.run(describeKey, { keyId })]);
    assert.equal(t.core.unrecorded.isEmpty, true);
    const told = (await newest(6)).filter((record) => JSON.stringify(record).includes("first"));
    assert.deepEqual(told, [["UpdateKeyDescription", "first", undefined]]);
    assert.ok(!JSON.stringify(await newest(6)).includes("second"));
  });

  it("wait on when it fails anew, and nothing is changed meanwhile", async () => {
    const { keyId } = await t.newKey();
    t.disk.fail("append", "ENOSPC");
    await t.fails(updateKeyDescription, { keyId, description: "first" }, "AuditUnavailable");
    t.test.clock.advance(1000);
    await t.fails(updateKeyDescription, { keyId, description: "second" }, "AuditUnavailable");
    const stored = await t.core.store.get("keys", { region: "us-east-1", keyId });
    assert.equal(stored?.description, "first");
    heal();
    await t.core.unrecorded.write();
    assert.deepEqual(await newest(1), [["UpdateKeyDescription", "first", undefined]]);
  });

  it("are changes only: what was refused, or only read, need not be told", async () => {
    const { keyId } = await t.newKey();
    t.disk.fail("append", "ENOSPC", { times: 1 });
    await t.fails(decrypt, { ciphertext: Buffer.alloc(150) }, "AuditUnavailable");
    heal();
    await t.run(describeKey, { keyId }).catch(() => {});
    await t.run(describeKey, { keyId });
    t.disk.fail("append", "ENOSPC", { times: 1 });
    await t.fails(describeKey, { keyId }, "AuditUnavailable");
    assert.equal(t.core.unrecorded.isEmpty, true);
  });
});

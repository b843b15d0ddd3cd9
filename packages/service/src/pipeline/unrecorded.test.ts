import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { decrypt } from "../operations/decrypt.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { updateKeyDescription } from "../operations/keys/update-key-description.ts";
import { CoreTest } from "../testing/core-test.ts";

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

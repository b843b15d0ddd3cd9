import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { openTestCore, type TestCore, wireRequest } from "@coffer/testkit";
import { SealEvents } from "./seal-events.ts";

describe("what is recorded of the seal", () => {
  let test: TestCore;
  const told: string[] = [];
  before(async () => {
    test = await openTestCore();
  });
  after(() => test.close());

  function open(): SealEvents {
    const settings = { account: test.core.account, region: test.core.homeRegion };
    return new SealEvents({ settings, clock: test.clock, tellOperator: (line) => told.push(line) });
  }

  const request = wireRequest({ method: "PUT", path: "/v1/sys/unseal", headers: { "User-Agent": "u".repeat(300) } });
  const note = { eventName: "Unseal", request, told: "share 1 of 2.", parameters: { progress: 1 } };

  it("is told at once and waits for the trail, in order", async () => {
    const events = open();
    await events.record(undefined, note);
    await events.record(undefined, { ...note, eventName: "ResetUnseal" });
    assert.deepEqual(told, [
      "seal: Unseal from 127.0.0.1: share 1 of 2.",
      "seal: ResetUnseal from 127.0.0.1: share 1 of 2.",
    ]);
    assert.deepEqual(await test.auditEvents(), []);
    await events.write(test.core);
    const [first, second, ...others] = await test.auditEvents();
    assert.deepEqual([first?.["eventName"], second?.["eventName"], others], ["Unseal", "ResetUnseal", []]);
    assert.deepEqual(first?.["requestParameters"], { progress: 1 });
    assert.equal(String(first?.["userAgent"]).length, 256);
    await events.write(test.core);
    assert.equal((await test.auditEvents()).length, 2);
  });

  it("goes straight into a trail that is open", async () => {
    const before = (await test.auditEvents()).length;
    told.length = 0;
    await open().record(test.core, note);
    assert.equal((await test.auditEvents()).length, before + 1);
    assert.deepEqual(told, []);
  });

  it("is no more than fits", async () => {
    const events = open();
    const before = (await test.auditEvents()).length;
    for (let at = 0; at < limits.waitingSealEvents.value + 2; at += 1) await events.record(undefined, note);
    told.length = 0;
    await events.write(test.core);
    assert.equal((await test.auditEvents()).length, before + limits.waitingSealEvents.value);
    assert.deepEqual(told, ["seal: 2 records of requests were too many to keep for the audit trail."]);
  });
});

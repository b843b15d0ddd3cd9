import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openTestCore, type TestCore } from "@coffer/testkit";
import { ServiceError } from "../../errors.ts";
import { execute } from "../../pipeline/execute.ts";
import { dayMs } from "../shared.ts";
import { createKey } from "./create-key.ts";
import { listKeySummaries, summarizeKey } from "./key-summaries.ts";
import { restoreKey, scheduleKeyDeletion } from "./schedule-key-deletion.ts";

describe("key summaries and restore", () => {
  let test: TestCore;

  beforeEach(async () => {
    test = await openTestCore();
  });
  afterEach(() => test.close());

  it("name a key by its first alias, page by page", async () => {
    const request = test.request();
    const one = await execute(test.core, createKey, { aliases: ["alias/b", "alias/a"] }, request);
    const two = await execute(test.core, createKey, {}, request);
    assert.equal((await execute(test.core, summarizeKey, { keyId: one.key.keyId }, request)).alias, "alias/a");
    const seen = new Map<string, string | undefined>();
    let marker: string | undefined;
    do {
      const page = await execute(test.core, listKeySummaries, { limit: 1, marker }, request);
      for (const { key, alias } of page.items) seen.set(key.keyId, alias);
      marker = page.nextMarker;
    } while (marker !== undefined);
    assert.deepEqual(
      seen,
      new Map(
        [
          [one.key.keyId, "alias/a"],
          [two.key.keyId, undefined],
        ].sort() as [string, string | undefined][],
      ),
    );
  });

  it("brings a key back enabled, and only one that waits for its destruction", async () => {
    const request = test.request();
    const { key } = await execute(test.core, createKey, {}, request);
    const restore = () => execute(test.core, restoreKey, { keyId: key.keyId }, request);
    await assert.rejects(restore(), (error) => error instanceof ServiceError && error.code === "KeyStateInvalid");
    await execute(test.core, scheduleKeyDeletion, { keyId: key.keyId }, request);
    const restored = await restore();
    assert.equal(restored.key.state, "active");
    assert.equal(restored.key.deletionAtMs, undefined);
    test.clock.advance(31 * dayMs);
    await test.lifecycle.runDue();
    assert.equal((await execute(test.core, summarizeKey, { keyId: key.keyId }, request)).key.state, "active");
  });

  it("refuses a deletion that Transit does not allow, when it is asked to", async () => {
    const request = test.request();
    const { key } = await execute(test.core, createKey, {}, request);
    await assert.rejects(
      execute(test.core, scheduleKeyDeletion, { keyId: key.keyId, onlyIfAllowed: true }, request),
      (error) => error instanceof ServiceError && error.code === "InvalidInput",
    );
    await execute(test.core, scheduleKeyDeletion, { keyId: key.keyId }, request);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nowMs, randomBytes, runAfter } from "./platform.ts";

describe("the platform", () => {
  it("gives random bytes, the time, and a timer that can be called off", async () => {
    assert.equal(randomBytes(32).length, 32);
    assert.notDeepEqual(randomBytes(32), randomBytes(32));
    assert.ok(nowMs() > 1_700_000_000_000);
    await new Promise<void>((done) => {
      const callOff = runAfter(1, () => assert.fail("was called off"));
      callOff();
      runAfter(5, done);
    });
  });
});

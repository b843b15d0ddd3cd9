import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as kms from "@aws-sdk/client-kms";
import { allActions, crossAccountActions } from "./actions.ts";

describe("allActions", () => {
  it("has one for every operation of the AWS SDK, and three that are none", () => {
    const operations = Object.keys(kms)
      .filter((name) => /^[A-Z].*Command$/.test(name) && name !== "$Command")
      .map((name) => `kms:${name.slice(0, -"Command".length)}`);
    assert.equal(operations.length, 56);
    // ReEncrypt takes an action on each of its two keys; SynchronizeMultiRegionKey has no operation.
    const expected = new Set([...operations, "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:SynchronizeMultiRegionKey"]);
    expected.delete("kms:ReEncrypt");
    assert.deepEqual([...allActions], [...expected].sort());
  });

  it("holds every action that crosses accounts, and no administration", () => {
    for (const action of crossAccountActions) assert.ok(allActions.includes(action), action);
    for (const action of ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:GetKeyPolicy"]) {
      assert.equal(crossAccountActions.has(action), false, action);
    }
  });
});

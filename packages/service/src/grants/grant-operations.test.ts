import assert from "node:assert/strict";
import { test } from "node:test";
import { contextOperationNames, grantOperationNames } from "@coffer/policy";
import { grantOperationOf, grantOperations } from "./grant-operations.ts";

test("the operations of grants are those that the policy package explains refusals with", () => {
  assert.deepEqual([...grantOperations.keys()].sort(), [...grantOperationNames].sort());
  const withContext = [...grantOperations.values()].filter(({ hasContext }) => hasContext);
  assert.deepEqual(withContext.map(({ name }) => name).sort(), [...contextOperationNames].sort());
});

test("an action finds its grant operation, and an untrusted one nothing", () => {
  assert.equal(grantOperationOf("kms:Decrypt")?.name, "Decrypt");
  for (const action of ["Decrypt", "kms:PutKeyPolicy", "kms:__proto__", ""])
    assert.equal(grantOperationOf(action), undefined);
});

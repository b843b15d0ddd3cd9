import assert from "node:assert/strict";
import { test } from "node:test";
import { allActions } from "./actions.ts";
import { similarActions } from "./similar-actions.ts";

test("a misspelt action has the nearest ones for a hint", () => {
  assert.deepEqual(similarActions("kms:Encypt")?.[0], "kms:Encrypt");
  assert.deepEqual(similarActions("kms:GenerateDatakeys")?.[0], "kms:GenerateDataKey");
  assert.deepEqual(similarActions("kms:ReEncrypt")?.slice(0, 2).sort(), ["kms:Encrypt", "kms:ReEncryptTo"]);
  assert.deepEqual(similarActions("kms:SomethingElseAltogether"), []);
});

test("what there is, in any case, and what is another service's needs none", () => {
  for (const action of allActions) assert.equal(similarActions(action.toUpperCase()), undefined);
  assert.equal(similarActions("vault:Raed"), undefined);
  assert.equal(similarActions("s3:GetObject"), undefined);
});

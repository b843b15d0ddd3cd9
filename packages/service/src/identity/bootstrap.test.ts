import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestCore, type TestCore } from "@coffer/testkit";
import { rootArn } from "../model/arn.ts";
import { confirmRootCredential, makeRootCredential } from "./bootstrap.ts";

describe("the account root's first credentials", () => {
  let test: TestCore;

  before(async () => {
    test = await openTestCore();
  });
  after(() => test.close());

  it("are made anew until they were shown, and the unshown ones stop working", async () => {
    const again = await makeRootCredential(test.core);
    assert.ok(again !== undefined);
    assert.equal(await test.core.identities.findToken(test.root.token), undefined);
    assert.equal(await test.core.identities.findAccessKey(test.root.accessKeyId), undefined);
    assert.equal((await test.core.identities.findToken(again.token))?.kind, "root");
    const arn = rootArn(test.core.account);
    assert.equal((await test.core.store.listAccessKeys(arn, undefined, 10)).length, 1);
    assert.equal((await test.core.store.listTokens(arn, undefined, 10)).length, 1);

    await confirmRootCredential(test.core);
    assert.equal(await makeRootCredential(test.core), undefined);
    assert.equal((await test.core.identities.findToken(again.token))?.kind, "root");
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { TokenRecord } from "../model/principal.ts";
import { disableMount, enableMount } from "../operations/mounts/mount-operations.ts";
import { remount } from "../operations/mounts/remount.ts";
import { CoreTest } from "../testing/core-test.ts";
import { issueVaultToken } from "../vault/issue-token.ts";

describe("tokens of an auth method", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
    await t.run(enableMount, { path: "auth/approle", type: "approle" });
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  async function issue(path: string): Promise<TokenRecord> {
    const times = { ttl: 0, maxTtl: 0, explicitMaxTtl: 0, period: 0, numUses: 0 };
    const wanted = { displayName: "t", path, policies: ["root"], meta: null, renewable: true, ...times };
    const { record, writes } = issueVaultToken(t.core, wanted, t.core.clock.nowMs());
    await t.core.commit(writes);
    return record;
  }
  const asks = async (record: TokenRecord) =>
    (await t.core.vaultAcls.of(record)).decide({ path: "a", operation: "read" }).allowed;
  /** Asked twice: the mounts are read for the first answer, and in memory for the second. */
  async function allowed(record: TokenRecord): Promise<boolean> {
    const first = await asks(record);
    assert.equal(await asks(record), first);
    return first;
  }
  const stored = async ({ digest }: TokenRecord) => (await t.core.store.get("tokens", { digest })) !== undefined;

  it("may do nothing once it is disabled, and are deleted; others stay", async () => {
    const [own, other] = [await issue("auth/approle/login"), await issue("auth/token/create")];
    assert.ok(await allowed(own));
    await t.run(disableMount, { path: "auth/approle" });
    assert.deepEqual([await allowed(own), await allowed(other)], [false, true]);
    await t.test.lifecycle.runDue();
    assert.deepEqual([await stored(own), await stored(other)], [false, true]);
  });

  it("do not come back with a method that is enabled at the same path", async () => {
    const old = await issue("auth/approle/login");
    await t.run(disableMount, { path: "auth/approle" });
    t.test.clock.advance(1);
    await t.run(enableMount, { path: "auth/approle", type: "approle" });
    const fresh = await issue("auth/approle/login");
    assert.deepEqual([await allowed(old), await allowed(fresh)], [false, true]);
    await t.test.lifecycle.runDue();
    assert.deepEqual([await stored(old), await stored(fresh)], [false, true]);
  });

  it("end when it is moved", async () => {
    const own = await issue("auth/approle/login");
    await t.run(remount, { from: "auth/approle", to: "auth/other" });
    assert.equal(await allowed(own), false);
    await t.test.lifecycle.runDue();
    assert.equal(await stored(own), false);
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../limits.ts";
import type { GrantRecord } from "../model/grant.ts";
import type { Write } from "../ports/store.ts";
import { CoreTest } from "../testing/core-test.ts";
import { deletionOf } from "./deletion.ts";
import { GrantDirectory } from "./grant-directory.ts";
import { grantOperations } from "./grant-operations.ts";

const region = "us-east-1";
const keyId = "1234abcd-12ab-34cd-56ef-1234567890ab";
const grantee = "arn:aws:iam::000000000000:user/a";
const use = { operation: grantOperations.get("Encrypt")!, context: undefined, sourceArn: undefined };

function record(grantId: string, more: Partial<GrantRecord> = {}): GrantRecord {
  return {
    region,
    keyId,
    grantId,
    grantee,
    operations: ["Encrypt"],
    constraints: {},
    issuingAccount: "000000000000",
    createdAtMs: 0,
    revision: 1,
    ...more,
  };
}
const insert = (row: GrantRecord): Write => ({ op: "insert", table: "grants", row });

describe("the directory of grants", () => {
  let t: CoreTest;
  let grants: GrantDirectory;
  beforeEach(async () => {
    t = await CoreTest.open();
    grants = t.core.grants;
  });
  afterEach(() => t.close());

  const found = async () => (await grants.find(region, keyId, grantee)).find(use, "AIDA");

  it("knows of what is committed, without reading anew", async () => {
    assert.equal(await found(), undefined);
    const reads: string[] = [];
    t.store.afterRead = (method) => void reads.push(method);
    await t.core.commit([insert(record("1")), insert(record("2"))]);
    assert.equal(await found(), "1");
    await t.core.commit(deletionOf(record("1")));
    assert.equal(await found(), "2");
    await t.core.commit(deletionOf(record("2")));
    assert.equal(await found(), undefined);
    assert.deepEqual(reads, []);
  });

  it("reads more than one page", async () => {
    const rows = Array.from({ length: 2001 }, (_, n) => record(String(n).padStart(4, "0")));
    await t.core.store.commit(rows.map(insert));
    assert.equal((await grants.find(region, keyId, grantee)).size, 2001);
  });

  it("keeps nothing that was read before a change and arrives after it", async () => {
    await t.core.commit([insert(record("1"))]);
    let changed = false;
    t.store.afterRead = async (method) => {
      if (method !== "listGranteeGrants" || changed) return;
      changed = true;
      await t.core.commit(deletionOf(record("1")));
    };
    // This one began before the change, and may still be done.
    assert.equal(await found(), "1");
    assert.ok(changed);
    assert.equal(await found(), undefined);
  });

  it("trusts nothing in memory after a commit whose end is not known", async () => {
    await t.core.commit([insert(record("1"))]);
    assert.equal(await found(), "1");
    t.store.afterCommit = () => {
      throw new Error("the connection broke");
    };
    await assert.rejects(t.core.commit(deletionOf(record("1"))), /the connection broke/);
    t.store.heal();
    assert.equal(await found(), undefined);
  });

  it("never gives back a grant that is deleted, in whatever order it hears of it", async () => {
    assert.equal(await found(), undefined);
    grants.committed(deletionOf(record("1")));
    grants.committed([insert(record("1"))]);
    assert.equal(await found(), undefined);
  });

  it("holds no more grants than it may", async () => {
    const many = limits.cachedGrants.value / 4;
    const directory = new GrantDirectory({
      ...t.core.store,
      // A store that has very many grants for everybody.
      async listGranteeGrants(_region, _keyId, name, after, limit) {
        const from = after === undefined ? 0 : Number(after) + 1;
        const count = Math.min(limit, many - from);
        return Array.from({ length: count }, (_, n) => record(String(from + n), { grantee: name }));
      },
    });
    const held = () => ["a", "b", "c", "d", "e", "f"].filter((name) => directory.cached(region, keyId, name)).join("");
    for (const name of ["a", "b", "c", "d"]) await directory.find(region, keyId, name);
    assert.equal(held(), "abcd");
    await directory.find(region, keyId, "e");
    assert.equal(held(), "e");
    await directory.find(region, keyId, "f");
    assert.equal(held(), "ef");
  });
});

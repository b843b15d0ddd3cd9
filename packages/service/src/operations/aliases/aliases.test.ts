import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../../limits.ts";
import { allow, CoreTest } from "../../testing/core-test.ts";
import { createKey } from "../keys/create-key.ts";
import { describeKey } from "../keys/describe-key.ts";
import { createAlias, deleteAlias, updateAlias } from "./alias-operations.ts";
import { listAliases } from "./list-aliases.ts";

describe("aliases", () => {
  let t: CoreTest;
  let keyId: string;

  beforeEach(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey()).keyId;
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const create = (aliasName: string, targetKeyId = keyId) => t.run(createAlias, { aliasName, targetKeyId });
  const namesOf = async (of?: string) => (await t.run(listAliases, { keyId: of })).items.map(({ name }) => name);

  it("name a key, are listed by name, move, and go while the key stays", async () => {
    const other = await t.newKey();
    for (const name of ["alias/b", "alias/a", "alias/a/c", "alias/A", "alias/x.y_z-1"]) await create(name);
    assert.deepEqual(await namesOf(), ["alias/A", "alias/a", "alias/a/c", "alias/b", "alias/x.y_z-1"]);
    assert.equal((await t.run(describeKey, { keyId: "alias/a/c" })).key.keyId, keyId);
    t.test.clock.advance(1000);
    await t.run(updateAlias, { aliasName: "alias/a", targetKeyId: other.keyId });
    assert.equal((await t.run(describeKey, { keyId: "alias/a" })).key.keyId, other.keyId);
    assert.deepEqual(await namesOf(other.keyId), ["alias/a"]);
    const [moved] = (await t.run(listAliases, { keyId: other.keyId })).items;
    assert.equal(moved!.updatedAtMs - moved!.createdAtMs, 1000);
    await t.run(deleteAlias, { aliasName: "alias/a" });
    await t.fails(describeKey, { keyId: "alias/a" }, "NotFound");
    assert.equal((await t.run(describeKey, { keyId: other.keyId })).key.keyId, other.keyId);
  });

  it("are refused when badly named, reserved, taken or missing", async () => {
    const names = ["", "a", "alias", "alias/", "alias/a b", "alias/é", "alias/a:b", "alias/*", "Alias/a", "alias/a\n"];
    for (const aliasName of [...names, "alias/aws/s3", `alias/${"x".repeat(251)}`]) {
      const params = await t.fails(createAlias, { aliasName, targetKeyId: keyId }, "InvalidInput");
      assert.equal(params.kind, "aliasName");
      await t.fails(updateAlias, { aliasName, targetKeyId: keyId }, "InvalidInput");
      await t.fails(deleteAlias, { aliasName }, "InvalidInput");
      await t.fails(createKey, { aliases: [aliasName] }, "InvalidInput");
    }
    await create(`alias/${"x".repeat(250)}`);
    await create("alias/a");
    await t.fails(createAlias, { aliasName: "alias/a", targetKeyId: keyId }, "AlreadyExists");
    await t.fails(createKey, { aliases: ["alias/new", "alias/a"] }, "AlreadyExists");
    await t.fails(createKey, { aliases: ["alias/twice", "alias/twice"] }, "AlreadyExists");
    await t.fails(describeKey, { keyId: "alias/new" }, "NotFound");
    await t.fails(updateAlias, { aliasName: "alias/missing", targetKeyId: keyId }, "NotFound");
    await t.fails(deleteAlias, { aliasName: "alias/missing" }, "NotFound");
    await t.fails(createAlias, { aliasName: "alias/b", targetKeyId: "alias/missing" }, "NotFound");
  });

  it("are fifty a key at most, also of many at once", async () => {
    const max = limits.aliasesPerKey.value;
    const results = await Promise.allSettled(Array.from({ length: max + 5 }, (_, index) => create(`alias/${index}`)));
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, max);
    for (const result of results) {
      if (result.status === "rejected") assert.equal(result.reason.code, "LimitExceeded");
    }
    assert.equal((await namesOf(keyId)).length, max);
    const other = await t.newKey({ aliases: ["alias/other"] });
    await t.fails(updateAlias, { aliasName: "alias/other", targetKeyId: keyId }, "LimitExceeded");
    await t.run(deleteAlias, { aliasName: (await namesOf(keyId))[0]! });
    await t.run(updateAlias, { aliasName: "alias/other", targetKeyId: keyId });
    // Moving an alias to where it is takes no room.
    await t.run(updateAlias, { aliasName: "alias/other", targetKeyId: keyId });
    assert.deepEqual(await namesOf(other.keyId), []);
    const aliases = Array.from({ length: max + 1 }, (_, index) => `alias/many-${index}`);
    await t.fails(createKey, { aliases }, "LimitExceeded");
    await t.run(createKey, { aliases: aliases.slice(1) });
  });

  it("take the permission on the alias and on every key concerned", async () => {
    const other = await t.newKey();
    await create("alias/mine");
    const alias = "arn:aws:kms:us-east-1:000000000000:alias/*";
    const arnOf = (id: string) => `arn:aws:kms:us-east-1:000000000000:key/${id}`;
    const may = (action: string, ...resources: string[]) => [allow(action, { Resource: resources })];
    const input = { aliasName: "alias/new", targetKeyId: keyId };
    assert.equal(await t.tryAs(may("kms:CreateAlias", alias), createAlias, input), "AccessDenied");
    assert.equal(await t.tryAs(may("kms:CreateAlias", arnOf(keyId)), createAlias, input), "AccessDenied");
    assert.equal(await t.tryAs(may("kms:CreateAlias", alias, arnOf(keyId)), createAlias, input), "ok");
    const move = { aliasName: "alias/mine", targetKeyId: other.keyId };
    for (const missing of [0, 1, 2]) {
      const resources = [alias, arnOf(keyId), arnOf(other.keyId)].filter((_, index) => index !== missing);
      assert.equal(await t.tryAs(may("kms:UpdateAlias", ...resources), updateAlias, move), "AccessDenied");
    }
    const all = may("kms:UpdateAlias", alias, arnOf(keyId), arnOf(other.keyId));
    assert.equal(await t.tryAs(all, updateAlias, move), "ok");
    const drop = { aliasName: "alias/mine" };
    assert.equal(await t.tryAs(may("kms:DeleteAlias", alias), deleteAlias, drop), "AccessDenied");
    assert.equal(await t.tryAs(may("kms:DeleteAlias", arnOf(other.keyId)), deleteAlias, drop), "AccessDenied");
    assert.equal(await t.tryAs(may("kms:DeleteAlias", alias, arnOf(other.keyId)), deleteAlias, drop), "ok");
  });

  it("must not lead from one kind of key to another", async () => {
    const other = await t.newKey();
    const row = await t.core.store.get("keys", { region: "us-east-1", keyId: other.keyId });
    await t.core.commit([{ op: "update", table: "keys", row: { ...row!, spec: "HMAC_256", revision: 2 } }]);
    await create("alias/a");
    await t.fails(updateAlias, { aliasName: "alias/a", targetKeyId: other.keyId }, "InvalidInput");
  });
});

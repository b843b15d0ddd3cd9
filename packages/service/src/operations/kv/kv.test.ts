import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import type { RequestContext } from "../../model/request.ts";
import { allow, CoreTest } from "../../testing/core-test.ts";
import { enableMount } from "../mounts/mount-operations.ts";
import { destroyVersions } from "./delete-versions.ts";
import { configureKv } from "./kv-config.ts";
import { listSecrets } from "./list-secrets.ts";
import { plainSecrets } from "./plain-secrets.ts";
import { readSecret } from "./read-secret.ts";
import { dataArea, factsArea, secretsArea } from "./secret.ts";
import { deleteSecret, readSecretMetadata, writeSecretMetadata } from "./secret-metadata.ts";
import { patchSecret, writeSecret } from "./write-secret.ts";

describe("secrets of KV", () => {
  let t: CoreTest;
  let mount: MountRecord;
  let request: RequestContext;

  beforeEach(async () => {
    t = await CoreTest.open();
    mount = (await t.run(enableMount, { path: "kv", type: "kv", config: { options: { version: "2" } } })).mount;
    request = t.request({ vault: { path: "kv/data/a", capability: "update" } });
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const put = (path: string, data: object, cas?: number) =>
    t.run(writeSecret, { mount, path, data: { ...data }, cas }, request);
  const get = (path: string, version = 0) => t.run(readSecret, { mount, path, version }, request);
  const metadata = async (path: string) => (await t.run(readSecretMetadata, { mount, path }, request))!;

  it("have each version in rows of its own, wrapped", async () => {
    await put("a", { password: "first-of-all" });
    await put("a", { password: "second" });
    const { secret } = await metadata("a");
    for (const area of [secretsArea(mount), dataArea(mount, secret.id), factsArea(mount, secret.id)]) {
      for (const row of await t.core.store.listVaultEntries(area, undefined, 9)) {
        assert.ok(!Buffer.from(row.wrappedValue).toString("latin1").includes("first"), area);
      }
    }
    assert.equal((await t.core.store.listVaultEntries(dataArea(mount, secret.id), undefined, 9)).length, 2);
    assert.deepEqual((await get("a", 1))?.data, { password: "first-of-all" });
  });

  it("get one version from each of many writes at once, and one of many with the same check-and-set", async () => {
    const writes = Array.from({ length: 20 }, (_, index) => put("a", { index }));
    const versions = (await Promise.all(writes)).map(({ version }) => version).sort((a, b) => a - b);
    assert.deepEqual(
      versions,
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const same = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => put("b", { index }, 0)));
    assert.equal(same.filter(({ status }) => status === "fulfilled").length, 1);
    const patches = Array.from({ length: 10 }, (_, index) =>
      t.run(patchSecret, { mount, path: "b", data: { [`p${index}`]: 1 } }, request),
    );
    await Promise.all(patches);
    assert.equal(Object.keys((await get("b"))!.data!).length, 11);
  });

  it("lose their oldest versions and the data of those, as many as they must", async () => {
    for (let index = 1; index <= 12; index += 1) await put("a", { index });
    const numbers = async () => (await metadata("a")).versions.map(({ version }) => version);
    assert.deepEqual(await numbers(), [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const { secret } = await metadata("a");
    assert.equal(secret.oldestVersion, 3);
    await t.run(writeSecretMetadata, { mount, path: "a", change: { maxVersions: 2 }, onlyExisting: true }, request);
    await put("a", { index: 13 });
    assert.deepEqual(await numbers(), [12, 13]);
    const data = await t.core.store.listVaultEntries(dataArea(mount, secret.id), undefined, 99);
    assert.deepEqual(
      data.map(({ name }) => Number(name)),
      [12, 13],
    );
    assert.equal(await get("a", 11), undefined);
    // The larger one of the secret's and the mount's counts.
    await t.run(configureKv, { mount, change: { maxVersions: 3 } }, request);
    await put("a", { index: 14 });
    assert.deepEqual(await numbers(), [12, 13, 14]);
  });

  it("are gone for good with their metadata, and begin anew under the same path", async () => {
    await put("a", { old: true });
    const { id } = (await metadata("a")).secret;
    await t.run(deleteSecret, { mount, path: "a" }, request);
    assert.equal(await get("a"), undefined);
    assert.equal((await put("a", { new: true })).version, 1);
    await t.test.lifecycle.runDue();
    assert.deepEqual(await t.core.store.listVaultEntriesUnder(dataArea(mount, id), 9), []);
    assert.deepEqual(await t.core.store.listVaultEntriesUnder(factsArea(mount, id), 9), []);
    assert.deepEqual((await get("a"))?.data, { new: true });
  });

  it("lose the data of destroyed versions", async () => {
    await put("a", { v: 1 });
    await put("a", { v: 2 });
    const { id } = (await metadata("a")).secret;
    await t.run(destroyVersions, { mount, path: "a", versions: [1, 1, 7, -3] }, request);
    const data = await t.core.store.listVaultEntries(dataArea(mount, id), undefined, 9);
    assert.deepEqual(
      data.map(({ name }) => Number(name)),
      [2],
    );
    assert.deepEqual(await get("a", 1).then((found) => [found?.version.destroyed, found?.data]), [true, undefined]);
  });

  it("are listed page by page, however many there are, and up to what an answer holds", async () => {
    const count = limits.pageItems.value * 2 + 5;
    const area = secretsArea(mount);
    const names = Array.from({ length: count }, (_, index) => `deep/${String(index).padStart(6, "0")}`);
    for (let from = 0; from < count; from += 500) {
      await t.core.commit(names.slice(from, from + 500).map((name) => t.core.vaultEntries.insert(area, name, 0)));
    }
    const list = (more: object) =>
      t.run(listSecrets, { mount, folder: "deep/", limit: 0, deep: false, detailed: false, ...more }, request);
    const all = await list({});
    assert.deepEqual([all.names.length, all.more], [count, false]);
    assert.deepEqual((await list({ limit: 2, after: "000010" })).names, ["000011", "000012"]);
    assert.deepEqual((await list({ folder: "", deep: true })).names.slice(-1), names.slice(-1));
    assert.deepEqual((await list({ folder: "" })).names, ["deep/"]);
    const most = limits.listedSecrets.value;
    const value = limits.listedSecrets as { value: number };
    value.value = count - 1;
    try {
      const cut = await list({});
      assert.deepEqual([cut.names.length, cut.more], [count - 1, true]);
      assert.deepEqual((await list({ after: cut.names.at(-1) })).names.length, 1);
    } finally {
      value.value = most;
    }
  });

  it("leave nothing of what they hold in the audit trail", async () => {
    await put("a", { password: "sesame-open" });
    await t.run(patchSecret, { mount, path: "a", data: { other: "sesame-shut" } }, request);
    await get("a");
    await t.run(plainSecrets.write, { mount, path: "p", data: { x: "sesame-seed" } }, request);
    await t.run(plainSecrets.read, { mount, path: "p" }, request);
    assert.ok(!JSON.stringify(await t.test.auditEvents()).includes("sesame"));
  });

  it("take the permission of IAM principals for the path and what is done there", async () => {
    const vault = { path: "kv/data/a", capability: "read" } as const;
    const input = { mount, path: "a", version: 0 };
    await put("a", {});
    assert.equal(await t.tryAs([], readSecret, input, { vault }), "AccessDenied");
    assert.equal(await t.tryAs([allow("vault:Update")], readSecret, input, { vault }), "AccessDenied");
    assert.equal(await t.tryAs([allow("vault:Read")], readSecret, input, { vault }), "ok");
  });
});

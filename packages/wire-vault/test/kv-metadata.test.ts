import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openKvTest } from "./kv-client.ts";
import type { VaultTest } from "./vault-client.ts";

// Answers and texts as OpenBao 2.6.2 gave them to the same requests.
describe("KV version 2: metadata and lists", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openKvTest();
  });
  afterEach(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function refusal(path: string, body: unknown): Promise<string> {
    const answer = await call("POST", path, body);
    assert.equal(answer.status, 400, answer.text);
    return answer.json.errors[0];
  }
  const read = async (name: string) => (await call("GET", `secret/metadata/${name}`)).json.data;

  it("is made before the first version", async () => {
    assert.equal((await call("POST", "secret/metadata/new", {})).status, 204);
    assert.equal((await call("GET", "secret/metadata/new")).status, 404);
    const made = await call("POST", "secret/metadata/new", {
      max_versions: 2,
      cas_required: true,
      delete_version_after: "3h25m19s",
      custom_metadata: { a: "b", n: 1, t: true },
    });
    assert.deepEqual([made.status, made.text], [204, ""]);
    const expected = {
      cas_required: true,
      created_time: "2026-01-01T00:00:00Z",
      current_metadata_version: 1,
      current_version: 0,
      custom_metadata: { a: "b", n: "1", t: "1" },
      delete_version_after: "3h25m19s",
      max_versions: 2,
      metadata_cas_required: false,
      oldest_version: 0,
      updated_time: "2026-01-01T00:00:00Z",
      versions: {},
    };
    assert.deepEqual(await read("new"), expected);
    assert.equal((await call("GET", "secret/data/new")).status, 404);
    assert.equal(await refusal("secret/data/new", { data: {} }), "check-and-set parameter required for this call");
    vault.test.clock.advance(1000);
    await call("POST", "secret/data/new", { data: {}, options: { cas: 0 } });
    assert.deepEqual(await read("new"), {
      ...expected,
      current_version: 1,
      updated_time: "2026-01-01T00:00:01Z",
      versions: {
        "1": { created_time: "2026-01-01T00:00:01Z", deletion_time: "2026-01-01T03:25:20Z", destroyed: false },
      },
    });
  });

  it("is patched member by member", async () => {
    await call("POST", "secret/metadata/m", { custom_metadata: { a: "b", c: "d" }, max_versions: 4 });
    assert.equal((await call("PATCH", "secret/metadata/m", { custom_metadata: { a: null, z: "y" } })).status, 204);
    const patched = await read("m");
    assert.deepEqual([patched.custom_metadata, patched.max_versions], [{ c: "d", z: "y" }, 4]);
    await call("PATCH", "secret/metadata/m", { custom_metadata: null, max_versions: null });
    const cleared = await read("m");
    assert.deepEqual([cleared.custom_metadata, cleared.max_versions], [null, 0]);
    assert.equal(cleared.current_metadata_version, 3);
    assert.equal((await call("PATCH", "secret/metadata/none", { max_versions: 3 })).status, 404);
    assert.equal((await call("PATCH", "secret/metadata/m", {})).status, 204);
    assert.equal((await read("m")).current_metadata_version, 3);
  });

  it("refuses what it cannot hold", async () => {
    const length = (what: string, most: number) =>
      `custom_metadata validation failed: length of ${what} is 0 but must be 0 < len(${what.split(" ")[0]}) <= ${most}`;
    assert.equal(
      await refusal("secret/metadata/m", { custom_metadata: { "": "b", v: "" } }),
      `2 errors occurred:\n\t* ${length('key ""', 128)}\n\t* ${length('value for key "v"', 512)}\n\n`,
    );
    const wrong: [object, RegExp][] = [
      [{ custom_metadata: { a: { b: 1 } } }, /^custom_metadata validation failed: /],
      [{ custom_metadata: "x" }, /for field "custom_metadata"/],
      [{ custom_metadata: { "a\u0001": "b" } }, /contains unprintable characters/],
      [{ custom_metadata: { a: "b\n" } }, /value for key "a" contains unprintable characters/],
      [{ max_versions: "x" }, /for field "max_versions"/],
      [{ max_versions: -1 }, /^max_versions must be between 0 and 10000$/],
      [{ delete_version_after: "x" }, /for field "delete_version_after"/],
      [{ delete_version_after: "-5s" }, /cannot provide negative value '-5'$/],
    ];
    for (const [body, reason] of wrong) assert.match(await refusal("secret/metadata/m", body), reason);
    assert.equal((await call("GET", "secret/metadata/m")).status, 404);
  });

  it("asks for its own check-and-set parameter where it is told to", async () => {
    const wrong = "metadata check-and-set parameter does not match the current version";
    const required = "metadata check-and-set parameter required for this call";
    assert.equal(
      await refusal("secret/metadata/m", { metadata_cas: 6, max_versions: 3 }),
      "metadata_cas must be 0 when creating new metadata",
    );
    assert.equal((await call("POST", "secret/metadata/m", { metadata_cas: 0, max_versions: 3 })).status, 204);
    assert.equal(await refusal("secret/metadata/m", { metadata_cas: 6, max_versions: 3 }), wrong);
    assert.equal((await call("POST", "secret/metadata/m", { metadata_cas_required: true })).status, 204);
    assert.equal(await refusal("secret/metadata/m", { max_versions: 1 }), required);
    assert.deepEqual((await call("PATCH", "secret/metadata/m", { max_versions: 1 })).json.errors, [required]);
    assert.equal((await call("POST", "secret/metadata/m", { metadata_cas: 2, max_versions: 1 })).status, 204);
    assert.equal((await call("DELETE", "secret/metadata/m")).status, 204);
    assert.equal((await call("GET", "secret/metadata/m")).status, 404);
  });

  it("follows the settings of the mount", async () => {
    const config = async () => (await call("GET", "secret/config")).json.data;
    const none = { cas_required: false, delete_version_after: "0s", max_versions: 0, metadata_cas_required: false };
    assert.deepEqual(await config(), none);
    assert.equal((await call("POST", "secret/config", {})).status, 204);
    const set = { max_versions: 5, cas_required: true, delete_version_after: "1h" };
    assert.equal((await call("POST", "secret/config", set)).status, 204);
    assert.deepEqual(await config(), { ...none, ...set, delete_version_after: "1h0m0s" });
    const warned = await call("POST", "secret/metadata/m", { cas_required: false });
    const warning = '"cas_required" set to false, but is mandated by backend config. This value will be ignored.';
    assert.deepEqual([warned.status, warned.json.data, warned.json.warnings], [200, null, [warning]]);
    await call("POST", "secret/config", { delete_version_after: "-90s" });
    assert.equal((await config()).delete_version_after, "-1s");
    await call("POST", "secret/config", { delete_version_after: 0, cas_required: false });
    assert.deepEqual(await config(), { ...none, max_versions: 5 });
  });

  it("lists folders and names", async () => {
    for (const name of ["a", "new", "dir/x", "dir/y/z"]) await call("POST", `secret/data/${name}`, { data: {} });
    const keys = async (method: string, path: string) => {
      const { status, json } = await call(method, `secret/${path}`);
      return status === 200 ? json.data.keys : status;
    };
    for (const path of ["metadata", "metadata/", "metadata?limit=0", "metadata?limit=-1"]) {
      assert.deepEqual(await keys("LIST", path), ["a", "dir/", "new"], path);
    }
    assert.deepEqual(await keys("GET", "metadata?list=true"), ["a", "dir/", "new"]);
    for (const path of ["metadata/dir", "metadata/dir/"]) assert.deepEqual(await keys("LIST", path), ["x", "y/"]);
    assert.equal(await keys("LIST", "metadata/none"), 404);
    assert.equal(await keys("LIST", "metadata/a"), 404);
    assert.deepEqual(await keys("LIST", "metadata?after=a&limit=1"), ["dir/"]);
    assert.deepEqual(await keys("LIST", "metadata?after=dir/"), ["new"]);
    assert.equal(await keys("LIST", "metadata?limit=x"), 400);
    const all = await keys("SCAN", "metadata");
    assert.deepEqual(all, ["a", "dir/x", "dir/y/z", "new"]);
    assert.deepEqual(await keys("GET", "metadata?scan=true"), all);
    assert.deepEqual(await keys("SCAN", "metadata/dir"), ["x", "y/z"]);
    const { json } = await call("LIST", "secret/detailed-metadata");
    assert.deepEqual(Object.keys(json.data.key_info), ["a", "dir/", "new"]);
    assert.deepEqual([json.data.key_info["dir/"], json.data.key_info["a"].current_version], [{}, 1]);
  });

  it("takes paths of any characters, each for itself", async () => {
    const names = [
      "sp ace",
      "per%25cent",
      "sch%C3%B6n/%F0%9F%94%91",
      "plus+",
      "a%3Fb",
      "A",
      "a",
      "back%5Cslash",
      "%E2%80%AE",
    ];
    for (const name of names) {
      const written = await call("POST", `secret/data/${name}`, { data: { name } });
      assert.equal(written.status, 200, `${name}: ${written.text}`);
    }
    for (const name of names) {
      assert.equal((await call("GET", `secret/data/${name}`)).json.data.data.name, name);
    }
    const listed = (await call("SCAN", "secret/metadata")).json.data.keys;
    assert.deepEqual(listed.toSorted(), names.map(decodeURIComponent).toSorted());
    for (const name of ["..", "a/../b", "a%2F..%2Fb", "%2e%2e/b", "a//b", "a%00b", "%", "a%0Ab"]) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const answer = await call(method, `secret/data/${name}`, method === "POST" ? { data: {} } : undefined);
        assert.equal(answer.status, 400, `${method} ${name}`);
      }
    }
  });
});

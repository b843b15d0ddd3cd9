import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openKvTest } from "./kv-client.ts";
import type { VaultTest } from "./vault-client.ts";

// Answers and texts as OpenBao 2.6.2 gave them to the same requests.
describe("KV version 2: data", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openKvTest();
  });
  afterEach(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function refusal(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await call(method, path, body);
    assert.equal(answer.status, 400, answer.text);
    return answer.json.errors[0];
  }
  const put = (path: string, data: unknown, options?: object) =>
    call("POST", `secret/data/${path}`, { data, ...(options === undefined ? {} : { options }) });

  it("is written and read, version by version", async () => {
    const first = { k: "v", n: 1, o: { p: 1, q: null } };
    const written = await put("a", first);
    assert.equal(written.status, 200);
    const version = (number: number, created = "2026-01-01T00:00:00Z") => ({
      created_time: created,
      custom_metadata: null,
      deletion_time: "",
      destroyed: false,
      version: number,
    });
    assert.deepEqual(written.json.data, version(1));
    assert.equal(written.json.mount_type, "kv");
    vault.test.clock.advance(1250);
    assert.deepEqual((await put("a", { k: "v2" })).json.data, version(2, "2026-01-01T00:00:01.25Z"));
    assert.deepEqual((await call("GET", "secret/data/a?version=1")).json.data, { data: first, metadata: version(1) });
    assert.deepEqual((await call("GET", "secret/data/a?version=-1")).json.data.data, { k: "v2" });
    for (const missing of ["secret/data/none", "secret/data/a?version=9", "secret/data/a/", "secret/data/a/b"]) {
      const answer = await call("GET", missing);
      assert.deepEqual([answer.status, answer.json], [404, { errors: [] }], missing);
    }
    assert.match(await refusal("GET", "secret/data/a?version=x"), /error converting input for field "version"/);
    assert.deepEqual((await put("e", null)).json.data.version, 1);
    assert.deepEqual((await call("GET", "secret/data/e")).json.data.data, {});
    const more = await call("POST", "secret/data/a", { data: {}, foo: 1 });
    assert.deepEqual(more.json.warnings, ["Endpoint ignored these unrecognized parameters: [foo]"]);
  });

  it("is written only where the check-and-set parameter fits", async () => {
    assert.equal((await put("a", {}, { cas: 0 })).status, 200);
    const unfit = "check-and-set parameter did not match the current version";
    for (const cas of [0, 2, -1, "", null, false]) {
      assert.equal(await refusal("POST", "secret/data/a", { data: {}, options: { cas } }), unfit, String(cas));
    }
    assert.equal((await put("a", {}, { cas: "1" })).json.data.version, 2);
    for (const cas of ["x", 1.5, [1], {}]) {
      const reason = await refusal("POST", "secret/data/a", { data: {}, options: { cas } });
      assert.equal(reason, "error parsing check-and-set parameter");
    }
    await call("POST", "secret/config", { cas_required: true });
    assert.equal(
      await refusal("POST", "secret/data/a", { data: {} }),
      "check-and-set parameter required for this call",
    );
    assert.equal((await put("a", {}, { cas: 2 })).status, 200);
  });

  it("refuses what is no data", async () => {
    assert.equal(await refusal("POST", "secret/data/a", {}), "no data provided");
    assert.match(await refusal("POST", "secret/data/a", { data: "x" }), /error converting input for field "data"/);
    assert.match(await refusal("POST", "secret/data/a", { data: [] }), /error converting input for field "data"/);
    assert.match(await refusal("POST", "secret/data/a", { data: {}, options: "a" }), /for field "options"/);
    assert.equal(await refusal("POST", "secret/data/a/", { data: {} }), "cannot write to a path ending in '/'");
  });

  it("is patched", async () => {
    await put("a", { x: 1, y: { v: 1 } });
    const patched = await call("PATCH", "secret/data/a", { data: { x: null, y: { z: null, w: 1 } } });
    assert.deepEqual([patched.status, patched.json.data.version], [200, 2]);
    assert.deepEqual((await call("GET", "secret/data/a")).json.data.data, { y: { v: 1, w: 1 } });
    const wrongType = await call(
      "PATCH",
      "secret/data/a",
      { data: {} },
      {
        "X-Vault-Token": vault.test.root.token,
        "Content-Type": "application/json",
      },
    );
    const reason = "PATCH requires Content-Type of application/merge-patch+json, provided application/json";
    assert.deepEqual([wrongType.status, wrongType.json.errors], [415, [reason]]);
    const untyped = { "X-Vault-Token": vault.test.root.token };
    assert.equal((await call("PATCH", "secret/data/a", { data: {} }, untyped)).status, 400);
    const none = await call("PATCH", "secret/data/none", { data: {} });
    assert.deepEqual([none.status, none.text], [404, ""]);
    assert.deepEqual((await call("PATCH", "secret/data/a", {})).json.errors, ["no data provided"]);
    const stale = await call("PATCH", "secret/data/a", { data: { y: "s" }, options: { cas: 1 } });
    assert.deepEqual(stale.json.errors, ["check-and-set parameter did not match the current version"]);
    assert.equal((await call("PATCH", "secret/data/a", { data: null })).json.data.version, 3);
    await call("DELETE", "secret/data/a");
    const gone = await call("PATCH", "secret/data/a", { data: { x: 1 } });
    assert.deepEqual([gone.status, gone.json.data.version], [404, 3]);
    assert.equal((await call("GET", "secret/metadata/a")).json.data.current_version, 3);
  });

  it("is deleted, undeleted and destroyed", async () => {
    for (const v of [1, 2, 3]) await put("a", { v });
    assert.equal((await call("DELETE", "secret/data/a")).status, 204);
    const gone = await call("GET", "secret/data/a");
    assert.equal(gone.status, 404);
    assert.deepEqual(gone.json.data, {
      data: null,
      metadata: {
        created_time: "2026-01-01T00:00:00Z",
        custom_metadata: null,
        deletion_time: "2026-01-01T00:00:00Z",
        destroyed: false,
        version: 3,
      },
    });
    assert.equal((await call("POST", "secret/delete/a", { versions: "1,2" })).status, 204);
    const status = async (version: number) => (await call("GET", `secret/data/a?version=${version}`)).status;
    assert.deepEqual([await status(1), await status(2)], [404, 404]);
    assert.equal((await call("POST", "secret/undelete/a", { versions: [1, 3, 9] })).status, 204);
    assert.deepEqual([await status(1), await status(2), await status(3)], [200, 404, 200]);
    assert.equal((await call("PUT", "secret/destroy/a", { versions: ["3"] })).status, 204);
    assert.equal((await call("POST", "secret/undelete/a", { versions: [3] })).status, 204);
    assert.equal((await call("GET", "secret/data/a")).json.data.metadata.destroyed, true);
    for (const path of ["data/none", "metadata/none"])
      assert.equal((await call("DELETE", `secret/${path}`)).status, 204);
    for (const verb of ["delete", "undelete", "destroy"]) {
      assert.equal((await call("POST", `secret/${verb}/none`, { versions: [1] })).status, 204);
      assert.match(await refusal("POST", `secret/${verb}/a`, {}), /^[Nn]o version number provided$/);
      assert.match(await refusal("POST", `secret/${verb}/a`, { versions: ["x"] }), /for field "versions"/);
    }
  });

  it("is deleted when its time is over", async () => {
    await call("POST", "secret/config", { delete_version_after: "1h" });
    await call("POST", "secret/metadata/short", { delete_version_after: "90s" });
    await call("POST", "secret/metadata/long", { delete_version_after: "2h" });
    for (const name of ["short", "long", "plain"]) await put(name, { name });
    const time = async (name: string) => (await call("GET", `secret/data/${name}`)).json.data.metadata.deletion_time;
    assert.equal(await time("short"), "2026-01-01T00:01:30Z");
    assert.equal(await time("long"), "2026-01-01T01:00:00Z");
    assert.equal(await time("plain"), "2026-01-01T01:00:00Z");
    vault.test.clock.advance(90_000);
    assert.equal((await call("GET", "secret/data/short")).status, 404);
    assert.equal((await call("GET", "secret/data/long")).status, 200);
    await call("POST", "secret/undelete/short", { versions: [1] });
    assert.equal(await time("short"), "2026-01-01T00:03:00Z");
    await call("POST", "secret/config", { delete_version_after: "-1s" });
    assert.equal((await put("short", {})).json.data.deletion_time, "");
  });

  it("refuses times beyond what Go's durations hold", async () => {
    const most = 9_223_372_036;
    for (const seconds of [most + 1, "999999999999h", "9e99", 1e300, "300000000m"]) {
      assert.match(
        await refusal("POST", "secret/metadata/far", { delete_version_after: seconds }),
        /delete_version_after/,
      );
      assert.match(await refusal("POST", "secret/config", { delete_version_after: seconds }), /delete_version_after/);
    }
    assert.equal((await call("POST", "secret/metadata/far", { delete_version_after: most })).status, 204);
    assert.equal((await put("far", {})).json.data.deletion_time, "2318-04-12T23:47:16Z");
    assert.equal((await call("GET", "secret/metadata/far")).json.data.delete_version_after, "2562047h47m16s");
  });

  it("shows its names without its values", async () => {
    await put("s", { a: { b: { c: { d: 1 } } }, e: [1, { f: 1 }], g: {}, h: null });
    const subkeys = async (query: string) => (await call("GET", `secret/subkeys/s${query}`)).json.data.subkeys;
    assert.deepEqual(await subkeys(""), { a: { b: { c: { d: null } } }, e: null, g: null, h: null });
    assert.deepEqual(await subkeys("?depth=1"), { a: null, e: null, g: null, h: null });
    assert.deepEqual(await subkeys("?depth=2"), { a: { b: null }, e: null, g: null, h: null });
    assert.deepEqual(await subkeys("?depth=-1"), { a: null, e: null, g: null, h: null });
    assert.equal((await call("GET", "secret/subkeys/s?version=3")).status, 404);
    await call("DELETE", "secret/data/s");
    const gone = await call("GET", "secret/subkeys/s");
    assert.deepEqual([gone.status, gone.json.data.subkeys], [404, null]);
  });

  it("answers a hint where nothing is", async () => {
    const root = ["Non-listing operations on the root of a K/V v2 mount are not supported."];
    for (const [method, path] of [
      ["GET", "metadata"],
      ["GET", "data"],
      ["POST", "data"],
      ["DELETE", "metadata"],
    ] as const) {
      const answer = await call(method, `secret/${path}`, method === "POST" ? { data: {} } : undefined);
      assert.deepEqual([answer.status, answer.json.data, answer.json.warnings], [404, null, root], path);
    }
    const words = [
      ["GET", "get"],
      ["POST", "put"],
      ["DELETE", "delete"],
      ["LIST", "list"],
    ] as const;
    for (const [method, word] of words) {
      for (const path of ["secret/foo", "secret/"]) {
        if (method === "POST" && path.endsWith("/")) continue;
        const answer = await call(method, path, method === "POST" ? { a: 1 } : undefined);
        assert.equal(answer.status, 404);
        assert.ok(answer.json.warnings[0].endsWith(`use 'bao kv ${word}' for this operation.`), `${method} ${path}`);
      }
    }
    assert.equal((await call("LIST", "secret/data")).status, 405);
    assert.equal((await call("DELETE", "secret/config")).status, 405);
  });
});

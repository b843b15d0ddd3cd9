import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createKey, dayMs, disableKey, execute } from "@coffer/service";
import { openRestTest, type RestTest } from "./rest-client.ts";

describe("REST keys", () => {
  let rest: RestTest;
  const call: RestTest["call"] = (...args) => rest.call(...args);

  beforeEach(async () => {
    rest = await openRestTest();
  });
  afterEach(async () => {
    await rest.close();
    assert.deepEqual(rest.test.bugs, []);
  });

  async function refused(method: string, path: string, body: unknown, status: number, code: string, detail: RegExp) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.type, `urn:coffer:error:${code}`);
    assert.match(answer.json.detail, detail);
  }

  it("makes a key, shows it and lists it", async () => {
    const made = await call("POST", "/keys", { key_id: "orders", description: "d", tags: { team: "shop" } });
    assert.equal(made.status, 201);
    assert.deepEqual(made.json, { id: "orders", algorithm: "AES-256-GCM" });
    const { json } = await call("GET", "/keys/orders");
    const { arn, kms_key_id, ...rest_ } = json;
    assert.ok(arn.endsWith(`key/${kms_key_id}`));
    assert.match(arn, /^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]{36}$/);
    const listed = {
      id: "orders",
      algorithm: "AES-256-GCM",
      state: "enabled",
      version: 1,
      created_at: "2026-01-01T00:00:00.000Z",
    };
    assert.deepEqual(rest_, { ...listed, description: "d", tags: { team: "shop" } });
    assert.deepEqual((await call("GET", "/keys")).json, { keys: [listed] });
  });

  it("knows a key by name, alias, id and ARN, encoded or not", async () => {
    await call("POST", "/keys", { key_id: "team/one" });
    const { arn } = (await call("GET", "/keys/team%2Fone")).json;
    const id = arn.slice(arn.lastIndexOf("/") + 1);
    for (const name of ["team%2Fone", "alias%2Fteam%2Fone", id, encodeURIComponent(arn), "t%65am%2fone"]) {
      assert.equal((await call("GET", `/keys/${name}`)).json.id, "team/one", name);
    }
    assert.equal((await call("GET", "/keys/team/one")).status, 404);
  });

  it("names a key without an alias by its id, one with several by the first", async () => {
    const request = rest.test.request();
    const bare = await execute(rest.test.core, createKey, {}, request);
    await execute(rest.test.core, createKey, { aliases: ["alias/z", "alias/b"] }, request);
    const { keys } = (await call("GET", "/keys")).json;
    assert.deepEqual(keys.map(({ id }: { id: string }) => id).sort(), ["b", bare.key.keyId].sort());
  });

  it("lists page by page", async () => {
    for (const name of ["a", "b", "c"]) await call("POST", "/keys", { key_id: name });
    const seen: string[] = [];
    let next = "";
    do {
      const page = (await call("GET", `/keys?limit=2${next && `&marker=${next}`}`)).json;
      assert.ok(page.keys.length <= 2);
      seen.push(...page.keys.map(({ id }: { id: string }) => id));
      next = page.next ?? "";
    } while (next !== "");
    assert.deepEqual(seen.sort(), ["a", "b", "c"]);
    await refused("GET", "/keys?marker=abc", undefined, 400, "MarkerInvalid", /Start again without a marker/);
    await refused(
      "GET",
      "/keys?limit=0",
      undefined,
      400,
      "InvalidInput",
      /^limit must be a whole number from 1 to 1000/,
    );
    await refused("GET", "/keys?limit=1001", undefined, 400, "InvalidInput", /from 1 to 1000/);
    await refused("GET", "/keys?limit=two", undefined, 400, "InvalidInput", /from 1 to 1000/);
    await refused(
      "GET",
      "/keys?limit=1&limit=2",
      undefined,
      400,
      "InvalidInput",
      /^The query parameter limit is given twice/,
    );
    await refused(
      "GET",
      "/keys?size=1",
      undefined,
      400,
      "InvalidInput",
      /"size" is unknown\. Known parameters: limit, marker/,
    );
  });

  it("refuses a name that is taken, and says what to do", async () => {
    await call("POST", "/keys", { key_id: "k" });
    await refused(
      "POST",
      "/keys",
      { key_id: "k" },
      409,
      "AlreadyExists",
      /^There is already a key k\. Use it, or choose/,
    );
    await refused("GET", "/keys/none", undefined, 404, "NotFound", /^There is no key none\. GET \/keys lists/);
    const id = "00000000-0000-4000-8000-000000000000";
    await refused("GET", `/keys/${id}`, undefined, 404, "NotFound", /There is no key arn:aws:kms/);
  });

  const badNames: [unknown, RegExp][] = [
    ["", /^key_id must have at least 1 characters/],
    [5, /^key_id must be a text/],
    [null, /^key_id must be a text/],
    ["a b", /is no key name/],
    ["a//b", /is no key name/],
    ["../x", /is no key name/],
    ["a/../b", /is no key name/],
    ["/a", /is no key name/],
    ["é", /is no key name/],
    ["\ud800", /valid Unicode/],
    ["n".repeat(251), /is no key name/],
    ["n".repeat(513), /more than 512 characters/],
    ["aws/s3", /^Names that begin with aws\/ are reserved/],
    ["alias/aws/s3", /^Names that begin with aws\/ are reserved/],
    ["00000000-0000-4000-8000-000000000000", /must not look like a KMS key id/],
    ["alias/00000000-0000-4000-8000-000000000000", /must not look like a KMS key id/],
    ["arn:aws:kms:us-east-1:000000000000:alias/x", /must not look like a KMS key id or an ARN/],
    ["constructor ", /is no key name/],
  ];
  for (const [key_id, detail] of badNames) {
    it(`refuses the name ${JSON.stringify(key_id).slice(0, 40)}`, async () => {
      await refused("POST", "/keys", { key_id }, 400, "InvalidInput", detail);
    });
  }

  it("takes names that only look like trouble", async () => {
    for (const key_id of ["constructor", "__proto__", "toString", "n".repeat(250), "a.b-c_d", "..a"]) {
      assert.equal((await call("POST", "/keys", { key_id })).status, 201, key_id);
      assert.equal((await call("GET", `/keys/${key_id}`)).json.id, key_id);
    }
  });

  it("checks description and tags", async () => {
    const key_id = "k";
    await refused("POST", "/keys", { key_id, description: "d".repeat(8193) }, 400, "InvalidInput", /more than 8192/);
    await refused("POST", "/keys", { key_id, tags: [] }, 400, "InvalidInput", /^tags must be an object of texts/);
    await refused("POST", "/keys", { key_id, tags: { a: 1 } }, 400, "InvalidInput", /^The member "a" of tags must be/);
    await refused("POST", "/keys", { key_id, tags: { a: "v".repeat(257) } }, 400, "InvalidInput", /more than 256/);
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, ""]));
    await refused("POST", "/keys", { key_id, tags: many }, 400, "InvalidInput", /^tags has 51 members; at most 50/);
    await refused("POST", "/keys", { key_id, tags: { "aws:x": "" } }, 400, "InvalidInput", /aws:/);
    const tricky = '{"key_id":"k","tags":{"__proto__":"a","constructor":"b"}}';
    assert.equal((await call("POST", "/keys", tricky)).status, 201);
    assert.deepEqual(Object.entries((await call("GET", "/keys/k")).json.tags).sort(), [
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  it("rotates: old ciphertexts decrypt", async () => {
    await call("POST", "/keys", { key_id: "k" });
    const { ciphertext } = (await call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).json;
    const rotated = await call("POST", "/keys/k/rotate");
    assert.deepEqual([rotated.status, rotated.json], [200, { id: "k", version: 2 }]);
    assert.equal((await call("POST", "/decrypt", { key_id: "k", ciphertext })).json.plaintext, "x");
    assert.equal((await call("POST", "/keys/k/rotate", {})).json.version, 3);
    await refused("POST", "/keys/k/rotate", { now: true }, 400, "InvalidInput", /"now" is unknown\. It takes none/);
  });

  it("deletes after a waiting period, and restores until then", async () => {
    await call("POST", "/keys", { key_id: "k" });
    const { ciphertext } = (await call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).json;
    await refused("POST", "/keys/k/restore", undefined, 409, "KeyStateInvalid", /shows the state of the key/);
    const deleted = await call("DELETE", "/keys/k");
    const thirty = "2026-01-31T00:00:00.000Z";
    assert.deepEqual(
      [deleted.status, deleted.json],
      [200, { id: "k", state: "pending_deletion", deletion_at: thirty }],
    );
    await refused(
      "POST",
      "/decrypt",
      { key_id: "k", ciphertext },
      409,
      "KeyStateInvalid",
      /restore makes it usable again/,
    );
    await refused("DELETE", "/keys/k", undefined, 409, "KeyStateInvalid", /restore/);
    await refused("POST", "/keys", { key_id: "k" }, 409, "AlreadyExists", /can be restored/);
    assert.equal((await call("GET", "/keys/k")).json.deletion_at, thirty);
    const restored = await call("POST", "/keys/k/restore");
    assert.deepEqual([restored.status, restored.json], [200, { id: "k", state: "enabled" }]);
    assert.equal((await call("POST", "/decrypt", { key_id: "k", ciphertext })).json.plaintext, "x");
    await refused(
      "DELETE",
      "/keys/k?days=6",
      undefined,
      400,
      "InvalidInput",
      /^days must be a whole number from 7 to 30/,
    );
    await refused("DELETE", "/keys/k?days=31", undefined, 400, "InvalidInput", /from 7 to 30/);
    assert.equal((await call("DELETE", "/keys/k?days=7")).json.deletion_at, "2026-01-08T00:00:00.000Z");
    rest.test.clock.advance(7 * dayMs);
    await rest.test.lifecycle.runDue();
    await refused("GET", "/keys/k", undefined, 404, "NotFound", /There is no key k/);
    assert.equal((await call("POST", "/keys", { key_id: "k" })).status, 201);
  });

  it("says of a disabled key that it is", async () => {
    await call("POST", "/keys", { key_id: "k" });
    await execute(rest.test.core, disableKey, { keyId: "alias/k" }, rest.test.request());
    assert.equal((await call("GET", "/keys/k")).json.state, "disabled");
    await refused(
      "POST",
      "/encrypt",
      { key_id: "k", plaintext: "x" },
      409,
      "KeyDisabled",
      /is disabled\. An administrator/,
    );
  });
});

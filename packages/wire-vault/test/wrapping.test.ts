import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { dataOf, done, permissionDenied, refused } from "./auth-methods.ts";
import { openTokenTest, type TokenTest } from "./token-client.ts";
import type { VaultAnswer } from "./vault-client.ts";

const invalid = "wrapping token is not valid or does not exist";

describe("response wrapping", () => {
  let t: TokenTest;
  let reader: string;

  before(async () => {
    t = await openTokenTest();
    await t.call("POST", "transit/keys/k", {});
    reader = (await t.make({ policies: ["reader"] })).client_token;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
  const wrapped = (method: string, path: string, body: unknown, ttl: string, token = t.test.root.token) =>
    t.call(method, path, body, { "X-Vault-Token": token, "X-Vault-Wrap-TTL": ttl });
  const wrap = async (body: unknown, ttl = "5m"): Promise<string> =>
    infoOf(await wrapped("POST", "sys/wrapping/wrap", body, ttl)).token;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  function infoOf(answer: VaultAnswer): any {
    assert.equal(answer.status, 200, answer.text);
    const { data, auth, request_id } = answer.json;
    assert.deepEqual({ data, auth, request_id }, { data: null, auth: null, request_id: "" });
    return answer.json.wrap_info;
  }

  it("keeps any answer for whoever shows the token, once", async () => {
    const info = infoOf(await wrapped("GET", "transit/keys/k", undefined, "90s"));
    assert.deepEqual([info.ttl, info.creation_path], [90, "transit/keys/k"]);
    const unwrapped = await t.as(info.token, "POST", "sys/wrapping/unwrap");
    assert.equal(dataOf(unwrapped).name, "k");
    refused(await t.as(info.token, "POST", "sys/wrapping/unwrap"), 400, invalid);
    refused(await t.as(reader, "POST", "sys/wrapping/unwrap", { token: info.token }), 400, invalid);
  });

  it("lets others unwrap for the token's holder, as their policies allow", async () => {
    assert.deepEqual(dataOf(await t.as(reader, "POST", "sys/wrapping/unwrap", { token: await wrap({ a: 1 }) })), {
      a: 1,
    });
    const none = (await t.make({ policies: ["reader"], no_default_policy: true })).client_token;
    const token = await wrap({ a: 2 });
    refused(await t.as(none, "POST", "sys/wrapping/unwrap", { token }), 403, permissionDenied);
    assert.deepEqual(dataOf(await t.as(token, "POST", "sys/wrapping/unwrap")), { a: 2 });
  });

  it("gives the answer to one of many who ask at once", async () => {
    for (const ask of [
      (token: string) => t.as(token, "POST", "sys/wrapping/unwrap"),
      (token: string) => t.as(reader, "POST", "sys/wrapping/unwrap", { token }),
    ]) {
      const token = await wrap({ a: 1 });
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(token)));
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    }
  });

  it("gives wrapping tokens for nothing else, and takes nothing else for one", async () => {
    const token = await wrap({ a: 1 });
    refused(await t.as(token, "GET", "transit/keys/k"), 403, permissionDenied);
    refused(await t.as(token, "POST", "sys/wrapping/unwrap"), 400, invalid);
    for (const wrong of [reader, t.test.root.token, "hvs.wrong"]) {
      for (const path of ["unwrap", "rewrap", "lookup"]) {
        refused(await t.call("POST", `sys/wrapping/${path}`, { token: wrong }), 400, invalid);
      }
    }
    const made = await t.make({ policies: ["reader"], type: "batch" });
    refused(await t.call("POST", "sys/wrapping/unwrap", { token: made.client_token }), 400, invalid);
    refused(
      await t.call("POST", "sys/wrapping/unwrap", { token: "" }),
      403,
      "error validating wrapping token: empty token in request body",
    );
  });

  it("tells what is behind a token to whoever shows it, and takes no use for that", async () => {
    const token = await wrap({ a: 1 }, "1h");
    for (const answer of [
      await t.call("POST", "sys/wrapping/lookup", { token }, {}),
      await t.as(token, "GET", "sys/wrapping/lookup"),
      await t.as(token, "POST", "sys/wrapping/lookup"),
    ]) {
      const { creation_path, creation_ttl } = dataOf(answer);
      assert.deepEqual({ creation_path, creation_ttl }, { creation_path: "sys/wrapping/wrap", creation_ttl: 3600 });
    }
    assert.deepEqual(dataOf(await t.as(token, "POST", "sys/wrapping/unwrap")), { a: 1 });
  });

  it("gives a new token for an answer, and the old one ends", async () => {
    const old = await wrap({ a: 1 }, "10m");
    t.test.clock.advance(300_000);
    const info = infoOf(await t.call("POST", "sys/wrapping/rewrap", { token: old }));
    assert.deepEqual([info.ttl, info.creation_path], [600, "sys/wrapping/wrap"]);
    refused(await t.as(old, "POST", "sys/wrapping/unwrap"), 400, invalid);
    t.test.clock.advance(400_000);
    assert.deepEqual(dataOf(await t.as(info.token, "POST", "sys/wrapping/unwrap")), { a: 1 });
  });

  it("forgets an answer that nobody asked for in time", async () => {
    const token = await wrap({ a: 1 }, "60");
    t.test.clock.advance(60_000);
    refused(await t.as(token, "POST", "sys/wrapping/unwrap"), 400, invalid);
    await t.test.lifecycle.runDue();
    const { store } = t.test.core;
    assert.deepEqual(await store.listVaultEntries("sys/wrapping", undefined, 9), []);
    reader = (await t.make({ policies: ["reader"] })).client_token;
  });

  it("wraps new tokens with their accessor, by which they can be revoked unread", async () => {
    const info = infoOf(await wrapped("POST", "auth/token/create", { policies: ["reader"] }, "5m"));
    done(await t.call("POST", "auth/token/revoke-accessor", { accessor: info.wrapped_accessor }));
    const { auth } = (await t.as(info.token, "POST", "sys/wrapping/unwrap")).json;
    assert.equal(auth.accessor, info.wrapped_accessor);
    assert.ok(!(await t.works(auth.client_token)));
  });

  it("wraps no errors and nothing that is empty", async () => {
    assert.equal((await wrapped("GET", "transit/keys/none", undefined, "5m")).status, 404);
    done(await wrapped("POST", "sys/policies/acl/x", { policy: 'path "a" {}' }, "5m"));
    refused(await t.call("POST", "sys/wrapping/wrap", { a: 1 }), 400, "endpoint requires response wrapping to be used");
  });

  it("is asked for as long as policies want it", async () => {
    await t.policy(
      "wrapper",
      'path "transit/keys/k" { capabilities = ["read"] min_wrapping_ttl = "1m" max_wrapping_ttl = "1h" }',
    );
    const { client_token: token } = await t.make({ policies: ["wrapper"] });
    refused(await t.as(token, "GET", "transit/keys/k"), 403, permissionDenied);
    for (const ttl of ["59s", "61m"]) {
      refused(await wrapped("GET", "transit/keys/k", undefined, ttl, token), 403, permissionDenied);
    }
    for (const ttl of ["60", "1h"]) infoOf(await wrapped("GET", "transit/keys/k", undefined, ttl, token));
  });

  it("leaves neither the answer nor the token in the audit trail or at rest", async () => {
    const token = await wrap({ secret: "canary-of-wrapping" });
    const [entry] = await t.test.core.store.listVaultEntries("sys/wrapping", undefined, 1);
    assert.ok(entry !== undefined && !Buffer.from(entry.wrappedValue).includes("canary"));
    assert.equal(dataOf(await t.as(token, "POST", "sys/wrapping/unwrap")).secret, "canary-of-wrapping");
    const records = JSON.stringify(await t.test.auditEvents());
    assert.ok(!records.includes("canary-of-wrapping") && !records.includes(token));
  });

  it("keeps answers of a bounded size", async () => {
    const bytes = limits.wrappedAnswerBytes.value;
    const answer = await wrapped("POST", "sys/wrapping/wrap", { a: "x".repeat(bytes) }, "5m");
    refused(answer, 400, `a wrapped answer has at most ${bytes} bytes`);
  });
});

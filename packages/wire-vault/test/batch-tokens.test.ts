import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { limits } from "@coffer/service";
import { done, refused } from "./auth-methods.ts";
import { lookUp, openTokenTest, type TokenTest } from "./token-client.ts";

describe("batch tokens", () => {
  let t: TokenTest;

  before(async () => {
    t = await openTokenTest();
    await t.call("POST", "transit/keys/k", {});
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
  const batch = (body: object = {}, by?: string) => t.make({ type: "batch", policies: ["reader"], ...body }, by);

  it("are stored nowhere, and have neither accessor nor lease", async () => {
    const count = async () => (await t.test.core.store.listTokensByAccessor(undefined, 1000)).length;
    const before = await count();
    const made = await batch({ ttl: "10m", meta: { a: "b" } });
    assert.equal(await count(), before);
    assert.match(made.client_token, /^hvb\.[A-Za-z0-9_-]+$/);
    const { accessor, renewable, token_type, lease_duration } = made;
    assert.deepEqual(
      { accessor, renewable, token_type, lease_duration },
      { accessor: "", renewable: false, token_type: "batch", lease_duration: 600 },
    );
    const { type, num_uses, meta, ttl } = await lookUp(t, made.client_token);
    assert.deepEqual({ type, num_uses, meta, ttl }, { type: "batch", num_uses: 0, meta: { a: "b" }, ttl: 600 });
  });

  it("do what their policies allow until their time is over, or that of the token that made them", async () => {
    const { client_token: token } = await batch({ ttl: "10m" });
    assert.equal((await t.as(token, "GET", "transit/keys/k")).status, 200);
    t.test.clock.advance(600_000);
    assert.equal((await t.as(token, "GET", "transit/keys/k")).status, 403);
    const parent = (await t.make({ policies: ["maker", "reader"] })).client_token;
    const child = (await batch({}, parent)).client_token;
    assert.ok(await t.works(child));
    done(await t.call("POST", "auth/token/revoke", { token: parent }));
    assert.ok(!(await t.works(child)));
  });

  it("are neither renewed nor revoked, and make no tokens", async () => {
    const { client_token: token } = await batch({ policies: ["maker"] });
    refused(await t.call("POST", "auth/token/renew", { token }), 400, "batch tokens cannot be renewed");
    refused(await t.as(token, "POST", "auth/token/renew-self", {}), 400, "batch tokens cannot be renewed");
    refused(await t.call("POST", "auth/token/revoke", { token }), 400, "batch tokens cannot be revoked");
    refused(await t.as(token, "POST", "auth/token/revoke-self", {}), 400, "batch tokens cannot be revoked");
    refused(await t.call("POST", "auth/token/revoke-orphan", { token }), 400, "batch tokens cannot be revoked");
    refused(await t.as(token, "POST", "auth/token/create", {}), 400, "batch tokens cannot create more tokens");
    assert.ok(await t.works(token));
  });

  it("have no uses to count, no period and no longest life", async () => {
    for (const [name, value] of Object.entries({ explicit_max_ttl: "1h", num_uses: 2, period: "1h", id: "chosen" })) {
      const answer = await t.call("POST", "auth/token/create", { type: "batch", policies: ["reader"], [name]: value });
      refused(answer, 400, `batch tokens cannot have "${name}" set`);
    }
    refused(await t.call("POST", "auth/token/create", { type: "other" }), 400, "invalid 'token_type' value");
  });

  it("are what was sealed, to the last bit and character", async () => {
    const { client_token: token } = await batch();
    const sealed = Buffer.from(token.slice(4), "base64url");
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = changed[at]! ^ 1;
      assert.ok(!(await t.works(`hvb.${changed.toString("base64url")}`)), String(at));
    }
    for (const wrong of [
      `${token}A`,
      `${token}=`,
      token.slice(0, -1),
      token.toUpperCase(),
      token.slice(4),
      "hvb.",
      "hvb.AAAA",
    ]) {
      assert.ok(!(await t.works(wrong)), wrong);
    }
    const other = await openTokenTest();
    assert.ok(!(await other.works(token)));
    await other.close();
  });

  it("fit into a header", async () => {
    const chars = limits.batchTokenChars.value;
    const meta = { k: "x".repeat(limits.vaultTokenMetaBytes.value - 8) };
    const words = `a batch token has at most ${chars} characters; give it less metadata or fewer policies`;
    refused(await t.call("POST", "auth/token/create", { type: "batch", policies: ["reader"], meta }), 400, words);
    assert.ok((await batch({ meta: { k: "x".repeat(4000) } })).client_token.length <= chars);
  });
});

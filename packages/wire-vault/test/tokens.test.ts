import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createPrincipal, createToken, execute, putIdentityPolicy } from "@coffer/service";
import { dataOf, done, permissionDenied, refused } from "./auth-methods.ts";
import { lookUp, openTokenTest, type TokenTest } from "./token-client.ts";

describe("auth/token", () => {
  let t: TokenTest;
  let maker: string;

  before(async () => {
    t = await openTokenTest();
    maker = (await t.make({ policies: ["maker", "reader"] })).client_token;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });
  const asMaker = (body: unknown, path = "create") => t.as(maker, "POST", `auth/token/${path}`, body);

  it("gives children a part of their parent's policies, and nothing else without sudo", async () => {
    assert.deepEqual((await t.make({}, maker)).policies, ["default", "maker", "reader"]);
    assert.deepEqual((await t.make({ policies: ["reader"] }, maker)).policies, ["default", "reader"]);
    assert.deepEqual((await t.make({ policies: ["reader"], no_default_policy: true }, maker)).policies, ["reader"]);
    for (const policies of [["other"], ["reader", "other"], "reader,maker"]) {
      refused(await asMaker({ policies }), 400, "child policies must be subset of parent");
    }
    const plain = (await t.make({ policies: ["maker"], no_default_policy: true })).client_token;
    assert.deepEqual((await t.make({ policies: ["maker"] }, plain)).policies, ["maker"]);
  });

  it("never makes root of anything but root, in whatever case and with whatever space it is written", async () => {
    await t.policy("sudoer", 'path "auth/token/*" { capabilities = ["update", "sudo"] }');
    const sudoer = (await t.make({ policies: ["sudoer"] })).client_token;
    for (const root of ["root", "Root", "ROOT", " root", "root ", "\troot\n"]) {
      refused(
        await t.as(sudoer, "POST", "auth/token/create", { policies: ["reader", root] }),
        400,
        "root tokens may not be created without parent token being root",
      );
      refused(await asMaker({ policies: [root] }), 400, "child policies must be subset of parent");
      refused(
        await t.call("POST", "auth/token/create", { policies: [root], type: "batch" }),
        400,
        "batch tokens cannot be root tokens",
      );
    }
    assert.deepEqual((await t.make({ policies: ["Root ", "reader"] })).policies, ["root"]);
    const expiring = (await t.make({ policies: ["root"], ttl: "1h" })).client_token;
    refused(
      await t.as(expiring, "POST", "auth/token/create", {}),
      400,
      "expiring root tokens cannot create non-expiring root tokens",
    );
  });

  it("gives orphans, periods and chosen tokens to sudo alone", async () => {
    const words = "root or sudo privileges required to";
    refused(await asMaker({ no_parent: true }), 400, `${words} create orphan token`);
    refused(await asMaker({ period: "1h" }), 400, `${words} create periodic token`);
    refused(await asMaker({ id: "chosen" }), 400, `${words} specify token id`);
    refused(await asMaker({ token: maker }, "revoke-orphan"), 400, `${words} revoke and orphan`);
    assert.equal((await t.make({ no_parent: true })).orphan, true);
    // Who may use this path makes orphans of a part of his own policies.
    assert.equal((await t.make({ policies: ["reader"] }, maker, "auth/token/create-orphan")).orphan, true);
    refused(await asMaker({ policies: ["other"] }, "create-orphan"), 400, "child policies must be subset of parent");
  });

  it("takes a chosen token that nobody has and that looks like no other", async () => {
    assert.equal((await t.make({ id: "my-own-token" })).client_token, "my-own-token");
    assert.ok(await t.works("my-own-token"));
    const wrong = {
      "my-own-token": "cannot create a token with a duplicate ID",
      "hvs.mine": "custom token ID cannot have the 'hvs.' prefix",
      "s.mine": "custom token ID cannot have the 's.' prefix",
      "hvb.mine": "custom token ID cannot have a '.' in the value",
      "a b": "custom token ID must be printable and without spaces",
    };
    for (const [id, words] of Object.entries(wrong)) {
      refused(await t.call("POST", "auth/token/create", { id }), 400, words);
    }
  });

  it("keeps the policy of wrapping tokens to itself", async () => {
    for (const policy of ["response-wrapping", "Response-Wrapping "]) {
      const answer = await t.call("POST", "auth/token/create", { policies: [policy] });
      refused(answer, 400, 'cannot assign policy "response-wrapping"');
    }
  });

  it("lets tokens live as long as they may, and renews them no longer", async () => {
    const { client_token: token, lease_duration } = await t.make({
      policies: ["reader"],
      ttl: "1h",
      explicit_max_ttl: "2h",
    });
    assert.equal(lease_duration, 3600);
    t.test.clock.advance(3_000_000);
    const renewed = await t.as(token, "POST", "auth/token/renew-self", {});
    assert.equal(renewed.json.auth.lease_duration, 3600);
    t.test.clock.advance(3_000_000);
    const capped = await t.as(token, "POST", "auth/token/renew-self", { increment: "1h" });
    assert.equal(capped.json.auth.lease_duration, 1200);
    assert.deepEqual(capped.json.warnings, [
      'TTL of "1h" exceeded the effective max_ttl of "20m"; TTL value is capped accordingly',
    ]);
    const { ttl, last_renewal_time, creation_ttl, issue_time } = await lookUp(t, token);
    assert.deepEqual({ ttl, creation_ttl }, { ttl: 1200, creation_ttl: 3600 });
    assert.ok(last_renewal_time * 1000 > Date.parse(issue_time));
    t.test.clock.advance(1_199_999);
    assert.ok(await t.works(token));
    t.test.clock.advance(1);
    assert.ok(!(await t.works(token)));
    refused(await t.call("POST", "auth/token/renew", { token }), 400, "token not found");
    maker = (await t.make({ policies: ["maker", "reader"] })).client_token;
  });

  it("renews a token within its last second for that second alone (CVE-2021-32923)", async () => {
    const { client_token: token } = await t.make({ policies: ["reader"], ttl: "1h", explicit_max_ttl: "1h" });
    t.test.clock.advance(3_599_000);
    for (const stepMs of [0, 500, 499]) {
      t.test.clock.advance(stepMs);
      const { auth } = (await t.as(token, "POST", "auth/token/renew-self", { increment: "10h" })).json;
      assert.equal(auth.lease_duration, 1);
    }
    t.test.clock.advance(1);
    assert.ok(!(await t.works(token)));
  });

  it("lets tokens live as long as their mount does", async () => {
    const tune = (body: object) => t.call("POST", "sys/auth/token/tune", body);
    done(await tune({ default_lease_ttl: "20m", max_lease_ttl: "1h" }));
    assert.equal((await t.make({ policies: ["reader"] })).lease_duration, 1200);
    const made = await t.call("POST", "auth/token/create", { policies: ["reader"], ttl: "2h" });
    assert.equal(made.json.auth.lease_duration, 3600);
    assert.deepEqual(made.json.warnings, [
      'TTL of "2h" exceeded the effective max_ttl of "1h"; TTL value is capped accordingly',
    ]);
    assert.equal((await t.make({})).lease_duration, 0);
    done(await tune({ default_lease_ttl: "768h", max_lease_ttl: "768h" }));
    const { client_token: token } = made.json.auth;
    t.test.clock.advance(1_800_000);
    assert.equal(
      (await t.as(token, "POST", "auth/token/renew-self", { increment: "9h" })).json.auth.lease_duration,
      1800,
    );
    maker = (await t.make({ policies: ["maker", "reader"] })).client_token;
  });

  it("renews periodic tokens for ever", async () => {
    const { client_token: token } = await t.make({ policies: ["reader"], period: "1h" });
    for (let round = 0; round < 3; round += 1) {
      t.test.clock.advance(3_500_000);
      assert.equal(
        (await t.call("POST", "auth/token/renew", { token, increment: "99h" })).json.auth.lease_duration,
        3600,
      );
    }
    assert.equal((await lookUp(t, token)).period, 3600);
    maker = (await t.make({ policies: ["maker", "reader"] })).client_token;
  });

  it("finds, renews and revokes tokens by their accessor, and never shows the token", async () => {
    const { client_token: token, accessor } = await t.make({ policies: ["reader"], ttl: "1h", meta: { a: "b" } });
    const found = dataOf(await t.call("POST", "auth/token/lookup-accessor", { accessor }));
    assert.deepEqual({ id: found.id, meta: found.meta }, { id: "", meta: { a: "b" } });
    const renewed = await t.call("POST", "auth/token/renew-accessor", { accessor });
    assert.equal(renewed.json.auth.client_token, "");
    const { keys } = dataOf(await t.call("LIST", "auth/token/accessors"));
    assert.ok(keys.includes(accessor));
    refused(await t.as(maker, "LIST", "auth/token/accessors"), 403, permissionDenied);
    done(await t.call("POST", "auth/token/revoke-accessor", { accessor }));
    assert.ok(!(await t.works(token)));
    assert.ok(!dataOf(await t.call("LIST", "auth/token/accessors")).keys.includes(accessor));
    const records = JSON.stringify(await t.test.auditEvents());
    assert.ok(!records.includes(token) && records.includes(accessor));
  });

  it("counts a token of an IAM principal as its own, and ends it by accessor for the root alone", async () => {
    const { core } = t.test;
    const { principal } = await execute(core, createPrincipal, { kind: "user", name: "carol" }, t.test.request());
    const made = await execute(core, createToken, { principalArn: principal.arn }, t.test.request());
    const { accessor } = made.record;
    refused(await t.as(maker, "POST", "auth/token/revoke-accessor", { accessor }), 403, permissionDenied);
    refused(await t.as(made.token, "POST", "auth/token/create", {}), 403, permissionDenied);
    const allow = (Action: string) => ({ Effect: "Allow", Action, Resource: "arn:aws:vault:*:*:auth/token/create" });
    const put = (...Statement: unknown[]) =>
      execute(
        core,
        putIdentityPolicy,
        {
          principalArn: principal.arn,
          policyName: "tokens",
          document: JSON.stringify({ Version: "2012-10-17", Statement }),
        },
        t.test.request(),
      );
    await put(allow("vault:Update"));
    const child = await t.make({}, made.token);
    assert.deepEqual(child.policies, ["default"]);
    refused(
      await t.as(made.token, "POST", "auth/token/create", { policies: ["reader"] }),
      400,
      "child policies must be subset of parent",
    );
    await put(allow("vault:Update"), allow("vault:Sudo"));
    assert.deepEqual((await t.make({ policies: ["reader"] }, made.token)).policies, ["default", "reader"]);
    refused(
      await t.as(made.token, "POST", "auth/token/create", { policies: ["root"] }),
      400,
      "root tokens may not be created without parent token being root",
    );
    done(await t.call("POST", "auth/token/revoke-accessor", { accessor }));
    assert.ok(!(await t.works(made.token)));
    assert.ok(!(await t.works(child.client_token)));
  });
});

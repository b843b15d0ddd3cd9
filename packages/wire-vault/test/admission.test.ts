import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createKey, execute, issueVaultToken, putKeyPolicy, type WantedVaultToken } from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

const wanted: WantedVaultToken = {
  displayName: "token-test",
  path: "auth/token/create",
  policies: ["root"],
  meta: null,
  ttl: 0,
  maxTtl: 0,
  explicitMaxTtl: 0,
  period: 0,
  numUses: 0,
  renewable: true,
};

describe("tokens of the Vault API", () => {
  let t: VaultTest;

  before(async () => {
    t = await openVaultTest();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  async function tokenOf(more: Partial<WantedVaultToken>): Promise<string> {
    const { core } = t.test;
    const { token, writes } = issueVaultToken(core, { ...wanted, ...more }, core.clock.nowMs());
    await core.commit(writes);
    return token;
  }
  const encrypt = (token: string, key: string) =>
    t.call("POST", `transit/encrypt/${key}`, { plaintext: base64("x") }, { "X-Vault-Token": token });

  it("do what their ACL policies allow", async () => {
    await t.call("POST", "transit/keys/plain", {});
    assert.equal((await encrypt(await tokenOf({}), "plain")).status, 200);
  });

  it("are refused what no policy allows, before anything is looked up, with the reason in the audit record", async () => {
    const token = await tokenOf({ policies: ["nothing"] });
    for (const path of ["transit/encrypt/plain", "transit/no/such/route", "nowhere/at/all", "sys/mounts/x"]) {
      const answer = await t.call("POST", path, {}, { "X-Vault-Token": token });
      assert.equal(answer.status, 403, path);
      assert.deepEqual(answer.json, { errors: ["1 error occurred:\n\t* permission denied\n\n"] });
      const record = (await t.test.auditEvents()).at(-1) as Record<string, unknown>;
      assert.equal(record["errorCode"], "AccessDenied");
      const data = record["additionalEventData"] as { vaultAcl: Record<string, unknown> };
      const { path: asked, allowed, reason, policies } = data.vaultAcl;
      assert.deepEqual({ asked, allowed, reason }, { asked: path, allowed: false, reason: "noRule" });
      assert.deepEqual(policies, ["default", "nothing"]);
    }
  });

  it("are bound by a key policy's Deny, and by what it does not delegate", async () => {
    const context = t.test.request();
    const { key } = await execute(t.test.core, createKey, { aliases: ["alias/bound"] }, context);
    const token = await tokenOf({});
    assert.equal((await encrypt(token, "bound")).status, 200);
    const root = `arn:aws:iam::${key.account}:root`;
    const statement = (Effect: string, Principal: unknown, Action: string) => ({
      Effect,
      Principal,
      Action,
      Resource: "*",
    });
    const put = (...Statement: unknown[]) =>
      execute(
        t.test.core,
        putKeyPolicy,
        { keyId: key.keyId, policy: JSON.stringify({ Version: "2012-10-17", Statement }) },
        context,
      );
    const all = statement("Allow", { AWS: root }, "kms:*");
    await put(all, statement("Deny", "*", "kms:Encrypt"));
    assert.equal((await encrypt(token, "bound")).status, 403);
    await put(all);
    assert.equal((await encrypt(token, "bound")).status, 200);
  });

  it("end with their time", async () => {
    const token = await tokenOf({ ttl: 60 });
    assert.equal((await encrypt(token, "plain")).status, 200);
    t.test.clock.advance(60_000);
    assert.equal((await encrypt(token, "plain")).status, 403);
  });
});

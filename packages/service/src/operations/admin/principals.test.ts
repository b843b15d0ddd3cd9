import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { limits } from "../../limits.ts";
import { allow, CoreTest, policyOf } from "../../testing/core-test.ts";
import { encrypt } from "../encrypt.ts";
import { createAccessKey } from "./access-keys.ts";
import { listCredentials } from "./credentials.ts";
import { deleteIdentityPolicy, listIdentityPolicies, putIdentityPolicy } from "./identity-policies.ts";
import { createPrincipal, deletePrincipal, listPrincipals } from "./principals.ts";
import { createToken } from "./tokens.ts";

describe("principals and their policies", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("are users and roles, with AWS's ids and ARNs, each once", async () => {
    const user = await t.run(createPrincipal, { kind: "user", name: "a+b=c,d.e@f_g-h" });
    assert.equal(user.principal.arn, "arn:aws:iam::000000000000:user/a+b=c,d.e@f_g-h");
    assert.match(user.principal.principalId, /^AIDA[A-Z2-7]{16}$/);
    const role = await t.run(createPrincipal, { kind: "role", name: "a" });
    assert.match(role.principal.principalId, /^AROA[A-Z2-7]{16}$/);
    await t.fails(createPrincipal, { kind: "role", name: "a" }, "AlreadyExists");
    await t.run(createPrincipal, { kind: "user", name: "a" });
    for (const name of ["", "a b", "a/b", "*", "é", "a\n", "x".repeat(65)]) {
      await t.fails(createPrincipal, { kind: "user", name }, "InvalidInput");
    }
    const { items } = await t.run(listPrincipals, {});
    assert.deepEqual(
      items.map(({ kind, name }) => `${kind}/${name}`),
      ["role/a", "user/a", "user/a+b=c,d.e@f_g-h"],
    );
  });

  it("a deleted principal's credentials and policies are gone at once, and do not come back with its name", async () => {
    const user = await t.newUser("alice", allow("kms:*"));
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    await t.core.identities.findAccessKey(record.accessKeyId);
    await t.as(user);
    await t.run(deletePrincipal, { kind: "user", name: "alice" });
    assert.equal(await t.core.identities.findToken(user.token), undefined);
    assert.equal(await t.core.identities.findAccessKey(record.accessKeyId), undefined);
    await t.fails(deletePrincipal, { kind: "user", name: "alice" }, "NotFound");
    await t.run(createPrincipal, { kind: "user", name: "alice" });
    assert.equal(await t.core.identities.findToken(user.token), undefined);
    const { accessKeys, tokens } = await t.run(listCredentials, { principalArn: user.arn });
    assert.deepEqual([accessKeys, tokens], [[], []]);
    assert.deepEqual((await t.run(listIdentityPolicies, { principalArn: user.arn })).policies, []);
  });

  it("no credential or policy slips in while its principal is deleted", async () => {
    const grants = [
      (principalArn: string) => t.run(createToken, { principalArn }),
      (principalArn: string) => t.run(createAccessKey, { principalArn }),
      (principalArn: string) =>
        t.run(putIdentityPolicy, { principalArn, policyName: "late", document: policyOf(allow("*")) }),
    ];
    for (const [index, grant] of grants.entries()) {
      const name = `user-${index}`;
      const { principal } = await t.run(createPrincipal, { kind: "user", name });
      // The deletion has read everything and is about to commit when the grant is made.
      let granted: Promise<unknown> | undefined;
      t.store.beforeCommit = async (writes) => {
        if (granted === undefined && writes.some(({ op, table }) => op === "delete" && table === "principals")) {
          granted = grant(principal.arn);
          await granted;
        }
      };
      await t.run(deletePrincipal, { kind: "user", name });
      t.store.heal();
      // And the other way round: the grant is about to commit when the principal is deleted.
      await t.run(createPrincipal, { kind: "user", name });
      let deleted = false;
      t.store.beforeCommit = async (writes) => {
        if (deleted || !writes.some(({ op }) => op === "insert")) return;
        deleted = true;
        await t.run(deletePrincipal, { kind: "user", name });
      };
      await assert.rejects(grant(principal.arn), { message: "NotFound" });
      t.store.heal();
      await t.run(createPrincipal, { kind: "user", name });
      const { accessKeys, tokens } = await t.run(listCredentials, { principalArn: principal.arn });
      assert.deepEqual([accessKeys, tokens], [[], []]);
      assert.deepEqual((await t.run(listIdentityPolicies, { principalArn: principal.arn })).policies, []);
    }
  });

  it("a policy holds from the next request on, is replaced, listed and deleted", async () => {
    const { keyId } = await t.newKey();
    const input = { keyId, plaintext: Buffer.from("x") };
    const user = await t.newUser("alice");
    await t.fails(encrypt, input, "AccessDenied", await t.as(user));
    const policy = { principalArn: user.arn, policyName: "p" };
    await t.run(putIdentityPolicy, { ...policy, document: policyOf(allow("kms:Encrypt")) });
    await t.run(encrypt, input, await t.as(user));
    await t.run(putIdentityPolicy, { ...policy, document: policyOf(allow("kms:Decrypt")) });
    await t.fails(encrypt, input, "AccessDenied", await t.as(user));
    const { policies } = await t.run(listIdentityPolicies, { principalArn: user.arn });
    assert.deepEqual(
      policies.map(({ name, document }) => [name, document]),
      [["p", policyOf(allow("kms:Decrypt"))]],
    );
    await t.run(putIdentityPolicy, { ...policy, document: policyOf(allow("kms:Encrypt")) });
    await t.run(encrypt, input, await t.as(user));
    await t.run(deleteIdentityPolicy, policy);
    await t.fails(encrypt, input, "AccessDenied", await t.as(user));
    await t.fails(deleteIdentityPolicy, policy, "NotFound");
    assert.deepEqual((await t.run(listIdentityPolicies, { principalArn: user.arn })).policies, []);
  });

  it("refuses policies that are malformed, too large, too many or badly named", async () => {
    const { arn } = await t.newUser("alice");
    const put = (name: string, document: string) => ({ principalArn: arn, policyName: name, document });
    const good = policyOf(allow("kms:Encrypt"));
    for (const document of ["", "{}", "[]", "null", policyOf({ Effect: "Maybe", Action: "*", Resource: "*" })]) {
      await t.fails(putIdentityPolicy, put("p", document), "PolicyMalformed");
    }
    const principal = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
    await t.fails(putIdentityPolicy, put("p", policyOf(principal)), "PolicyMalformed");
    const large = good + " ".repeat(limits.identityPolicyBytes.value);
    await t.fails(putIdentityPolicy, put("p", large), "LimitExceeded");
    for (const name of ["", "a/b", "a b", "x".repeat(129)]) {
      await t.fails(putIdentityPolicy, put(name, good), "InvalidInput");
    }
    const max = limits.identityPolicies.value;
    const results = await Promise.allSettled(
      Array.from({ length: max + 3 }, (_, index) => t.run(putIdentityPolicy, put(`p${index}`, good))),
    );
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, max);
    assert.equal((await t.run(listIdentityPolicies, { principalArn: arn })).policies.length, max);
    await t.run(putIdentityPolicy, put("p0", policyOf(allow("kms:Decrypt"))));
  });

  it("every policy counts, the last of ten too", async () => {
    const { keyId } = await t.newKey();
    const user = await t.newUser("alice", allow("kms:Encrypt"));
    const deny = policyOf({ Effect: "Deny", Action: "kms:Encrypt", Resource: "*" });
    for (let index = 1; index < limits.identityPolicies.value; index += 1) {
      const last = index === limits.identityPolicies.value - 1;
      const document = last ? deny : policyOf(allow("kms:Decrypt"));
      await t.run(putIdentityPolicy, { principalArn: user.arn, policyName: `z${index}`, document });
    }
    await t.fails(encrypt, { keyId, plaintext: Buffer.from("x") }, "AccessDenied", await t.as(user));
  });

  it("takes IAM's permissions: those of roles for roles, on whose policy it is", async () => {
    const role = (await t.run(createPrincipal, { kind: "role", name: "r" })).principal.arn;
    const user = (await t.newUser("u")).arn;
    const document = policyOf(allow("kms:*"));
    const users = allow(["iam:PutUserPolicy", "iam:ListUserPolicies", "iam:DeleteUserPolicy", "iam:CreateUser"]);
    const roles = allow(["iam:PutRolePolicy", "iam:ListRolePolicies", "iam:DeleteRolePolicy", "iam:CreateRole"]);
    for (const [may, mine, other] of [
      [users, user, role],
      [roles, role, user],
    ] as const) {
      const put = (principalArn: string) => ({ principalArn, policyName: "p", document });
      assert.equal(await t.tryAs([may], putIdentityPolicy, put(mine)), "ok");
      assert.equal(await t.tryAs([may], putIdentityPolicy, put(other)), "AccessDenied");
      assert.equal(await t.tryAs([may], listIdentityPolicies, { principalArn: mine }), "ok");
      assert.equal(await t.tryAs([may], listIdentityPolicies, { principalArn: other }), "AccessDenied");
      assert.equal(await t.tryAs([may], deleteIdentityPolicy, { principalArn: mine, policyName: "p" }), "ok");
      assert.equal(
        await t.tryAs([may], deleteIdentityPolicy, { principalArn: other, policyName: "p" }),
        "AccessDenied",
      );
      const kind = may === users ? "user" : "role";
      assert.equal(await t.tryAs([may], createPrincipal, { kind, name: `new-${kind}` }), "ok");
      assert.equal(await t.tryAs([may], deletePrincipal, { kind, name: `new-${kind}` }), "AccessDenied");
    }
    assert.equal(await t.tryAs([users], createPrincipal, { kind: "role", name: "x" }), "AccessDenied");
    assert.equal(await t.tryAs([allow("iam:ListUsers")], listPrincipals, {}), "AccessDenied");
    assert.equal(await t.tryAs([allow(["iam:ListUsers", "iam:ListRoles"])], listPrincipals, {}), "ok");
    assert.equal(await t.tryAs([allow("iam:DeleteUser")], deletePrincipal, { kind: "user", name: "u" }), "ok");
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rootPrincipal } from "../../identity/load-principal.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Operation } from "../../pipeline/operation.ts";
import { CoreTest, policyOf, type TestUser } from "../../testing/core-test.ts";
import { disableMount, enableMount, listMounts } from "../mounts/mount-operations.ts";
import { findMount } from "../mounts/visible-mounts.ts";
import { readAuditEvents } from "../read-audit-events.ts";
import { createAccessKey, deleteAccessKey } from "./access-keys.ts";
import { listCredentials } from "./credentials.ts";
import { deleteIdentityPolicy, listIdentityPolicies, putIdentityPolicy } from "./identity-policies.ts";
import { deletePrincipal, listPrincipals } from "./principals.ts";
import { renewRootCredential } from "./renew-root-credential.ts";
import { rotateKeyring } from "./rotate-keyring.ts";
import { createToken, revokeToken } from "./tokens.ts";

describe("administration across accounts", () => {
  let t: CoreTest;
  let otherRoot: RequestContext;
  let user: TestUser;
  let accessKeyId: string;
  let accessor: string;

  before(async () => {
    t = await CoreTest.open();
    otherRoot = t.request({ principal: rootPrincipal("111122223333") });
    user = await t.newUser("victim", { Effect: "Allow", Action: "kms:Encrypt", Resource: "*" });
    accessKeyId = (await t.run(createAccessKey, { principalArn: user.arn })).record.accessKeyId;
    accessor = (await t.run(createToken, { principalArn: user.arn })).record.accessor;
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("reaches no principal, credential or policy of another account", async () => {
    const root = rootPrincipal("000000000000").arn;
    const denied = async <Input, Output>(operation: Operation<Input, Output>, input: Input) =>
      (await t.fails(operation, input, "NotFound", otherRoot)).resource;
    for (const principalArn of [user.arn, root]) {
      assert.equal(await denied(createToken, { principalArn }), "principal");
      assert.equal(await denied(createAccessKey, { principalArn }), "principal");
      assert.equal(await denied(listCredentials, { principalArn }), "principal");
      assert.equal(await denied(revokeToken, { principalArn, accessor }), "principal");
      const document = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });
      assert.equal(await denied(putIdentityPolicy, { principalArn, policyName: "test", document }), "principal");
      assert.equal(await denied(listIdentityPolicies, { principalArn }), "principal");
      assert.equal(await denied(deleteIdentityPolicy, { principalArn, policyName: "test" }), "principal");
    }
    assert.equal(await denied(deleteAccessKey, { accessKeyId }), "accessKey");
    assert.equal(await denied(deletePrincipal, { kind: "user", name: "victim" }), "principal");
    assert.deepEqual((await t.run(listPrincipals, {}, otherRoot)).items, []);
    const { accessKeys, tokens } = await t.run(listCredentials, { principalArn: user.arn });
    assert.deepEqual([accessKeys.length, tokens.length], [1, 2]);
    const { policies } = await t.run(listIdentityPolicies, { principalArn: user.arn });
    assert.match(policies[0]?.document ?? "", /kms:Encrypt/);
  });

  it("leaves what belongs to the instance to its own account", async () => {
    const before = t.core.keyring.currentWrappingKeyId;
    await t.run(enableMount, { path: "transit", type: "transit" });
    const denied = <Input, Output>(operation: Operation<Input, Output>, input: Input) =>
      t.fails(operation, input, "AccessDenied", otherRoot);
    await denied(rotateKeyring, null);
    await denied(renewRootCredential, null);
    await denied(readAuditEvents, { after: 0, limit: 10 });
    await denied(listMounts, null);
    await denied(findMount, { path: "transit" });
    await denied(enableMount, { path: "other", type: "transit" });
    await denied(disableMount, { path: "transit" });
    assert.equal(t.core.keyring.currentWrappingKeyId, before);
    const { mounts } = await t.run(listMounts, null);
    assert.deepEqual(
      mounts.filter(({ revision }) => revision > 0).map(({ path }) => path),
      ["transit"],
    );
  });
});

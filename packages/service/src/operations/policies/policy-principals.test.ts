import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rootPrincipal } from "../../identity/load-principal.ts";
import { CoreTest, policyOf, type Statement } from "../../testing/core-test.ts";
import { createPrincipal, deletePrincipal } from "../admin/principals.ts";
import { encrypt } from "../encrypt.ts";
import { createKey } from "../keys/create-key.ts";
import { describeKey } from "../keys/describe-key.ts";
import { getKeyPolicy, putKeyPolicy } from "./key-policy-operations.ts";

const here = "000000000000";
const there = "111122223333";
const plaintext = Buffer.from("x");
const delegate: Statement = {
  Sid: "account",
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${here}:root` },
  Action: "kms:*",
  Resource: "*",
};

function naming(AWS: unknown, more: Statement = {}): Statement {
  return { Sid: "named", Effect: "Allow", Principal: { AWS }, Action: "kms:*", Resource: "*", ...more };
}

describe("whom a key policy names", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  /** Deletes a user and makes another one of that name, without any policy. */
  async function replaceUser(name: string) {
    await t.run(deletePrincipal, { kind: "user", name });
    return t.newUser(name);
  }

  it("a user or role of an account that is held here has to exist", async () => {
    const { keyId } = await t.newKey();
    const before = await t.run(getKeyPolicy, { keyId });
    for (const missing of [`arn:aws:iam::${here}:user/nobody`, `arn:aws:iam::${here}:role/nobody`]) {
      const policy = policyOf(delegate, naming([`arn:aws:iam::${here}:root`, missing]));
      const params = await t.fails(putKeyPolicy, { keyId, policy }, "PolicyMalformed");
      assert.equal(params.statement, 1);
      assert.equal(
        params.reason,
        `Statement named: Policy contains a statement with one or more invalid principals: ${missing} does not exist.`,
      );
      await t.fails(createKey, { policy }, "PolicyMalformed");
      // The lockout check is another one: it may be skipped, this may not.
      await t.fails(putKeyPolicy, { keyId, policy, skipPolicyLockoutCheck: true }, "PolicyMalformed");
      const exempting = { Effect: "Deny", NotPrincipal: { AWS: missing }, Action: "kms:Decrypt", Resource: "*" };
      await t.fails(putKeyPolicy, { keyId, policy: policyOf(delegate, exempting) }, "PolicyMalformed");
    }
    assert.deepEqual(await t.run(getKeyPolicy, { keyId }), before);
  });

  it("those of an account of which nobody is known here are taken as they are", async () => {
    const { keyId } = await t.newKey();
    const arn = `arn:aws:iam::${there}:role/partner`;
    await t.run(putKeyPolicy, { keyId, policy: policyOf(delegate, naming(arn)) });
    const otherRoot = t.request({ principal: rootPrincipal(there) });
    await t.run(createPrincipal, { kind: "user", name: "somebody" }, otherRoot);
    await t.fails(putKeyPolicy, { keyId, policy: policyOf(delegate, naming(arn)) }, "PolicyMalformed");
    await t.run(createPrincipal, { kind: "role", name: "partner" }, otherRoot);
    await t.run(putKeyPolicy, { keyId, policy: policyOf(delegate, naming(arn)) });
  });

  it("a user that is made anew under the same name is not the one that the policy names", async () => {
    const first = await t.newUser("mallory");
    const policy = policyOf(delegate, naming(first.arn));
    const { keyId } = await t.newKey({ policy });
    await t.run(encrypt, { keyId, plaintext }, await t.as(first));
    const second = await replaceUser("mallory");
    assert.equal(second.arn, first.arn);
    const params = await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(second));
    assert.deepEqual([params.basis, params.source], ["implicitDeny", "identity"]);
    // Put once more, the policy means the new user.
    await t.run(putKeyPolicy, { keyId, policy });
    await t.run(encrypt, { keyId, plaintext }, await t.as(second));
  });

  it("and NotPrincipal does not exempt it either", async () => {
    const first = await t.newUser("exempt");
    const root = `arn:aws:iam::${here}:root`;
    const others = { Effect: "Deny", NotPrincipal: { AWS: [first.arn, root] }, Action: "kms:Encrypt", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(delegate, naming("*"), others) });
    await t.run(encrypt, { keyId, plaintext }, await t.as(first));
    const second = await replaceUser("exempt");
    await t.run(describeKey, { keyId }, await t.as(second));
    const params = await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(second));
    assert.equal(params.basis, "explicitDeny");
  });

  it("the policy reads back as it was put while they live, and shows the id of one that is gone", async () => {
    const first = await t.newUser("leaver");
    const stayer = await t.newUser("stayer");
    const id = (await t.as(first)).principal.principalId;
    const condition = { Condition: { ArnNotEquals: { "aws:PrincipalArn": first.arn } } };
    const policy = `  ${policyOf(delegate, naming([stayer.arn, first.arn]), naming(first.arn, condition))}\n`;
    const { keyId } = await t.newKey({ policy });
    assert.equal((await t.run(getKeyPolicy, { keyId })).policy, policy);
    await replaceUser("leaver");
    const shown = JSON.parse((await t.run(getKeyPolicy, { keyId })).policy) as { Statement: Statement[] };
    assert.deepEqual(shown.Statement, [delegate, naming([stayer.arn, id]), naming(id, condition)]);
    // What names nobody cannot be put again.
    await t.fails(putKeyPolicy, { keyId, policy: JSON.stringify(shown) }, "PolicyMalformed");
  });

  it("the lockout check looks at the caller as it is", async () => {
    const user = await t.newUser("keeper");
    const { keyId } = await t.newKey({ policy: policyOf(delegate, naming(user.arn)) });
    const only = policyOf(naming(user.arn));
    await t.fails(putKeyPolicy, { keyId, policy: only }, "PolicyMalformed");
    await t.run(putKeyPolicy, { keyId, policy: only }, await t.as(user));
    const second = await replaceUser("keeper");
    await t.fails(putKeyPolicy, { keyId, policy: only }, "AccessDenied", await t.as(second));
  });
});

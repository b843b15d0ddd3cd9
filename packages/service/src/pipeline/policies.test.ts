import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { listKeys } from "../operations/keys/list-keys.ts";
import { putKeyPolicy } from "../operations/policies/key-policy-operations.ts";
import { configureKey } from "../operations/transit/configure-key.ts";
import { allow, CoreTest, policyOf, type Statement, when } from "../testing/core-test.ts";

const root = "arn:aws:iam::000000000000:root";
const delegate: Statement = { Effect: "Allow", Principal: { AWS: root }, Action: "kms:*", Resource: "*" };
const plaintext = Buffer.from("x");

describe("policies", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("an identity policy allows what it names, and nothing else", async () => {
    const { keyId } = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
    const statements = [allow("kms:Encrypt")];
    assert.equal(await t.tryAs(statements, encrypt, { keyId, plaintext }), "ok");
    assert.equal(await t.tryAs(statements, decrypt, { ciphertext }), "AccessDenied");
    assert.equal(await t.tryAs(statements, describeKey, { keyId }), "AccessDenied");
    assert.equal(await t.tryAs(statements, listKeys, {}), "AccessDenied");
    assert.equal(await t.tryAs([], encrypt, { keyId, plaintext }), "AccessDenied");
  });

  it("a resource is the key's ARN, however the caller names the key", async () => {
    const mine = await t.newKey({ aliases: ["alias/mine"] });
    const other = await t.newKey({ aliases: ["alias/other"] });
    const arnOf = ({ keyId }: { keyId: string }) => `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
    const statements = [allow("kms:Encrypt", { Resource: arnOf(mine) })];
    for (const [mineToo, otherToo] of [
      [mine.keyId, other.keyId],
      [arnOf(mine), arnOf(other)],
      ["alias/mine", "alias/other"],
      ["arn:aws:kms:us-east-1:000000000000:alias/mine", "arn:aws:kms:us-east-1:000000000000:alias/other"],
    ] as const) {
      assert.equal(await t.tryAs(statements, encrypt, { keyId: mineToo, plaintext }), "ok");
      assert.equal(await t.tryAs(statements, encrypt, { keyId: otherToo, plaintext }), "AccessDenied");
    }
  });

  it("an explicit deny in the key policy binds the account root", async () => {
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Decrypt", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(delegate, deny) });
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext });
    const params = await t.fails(decrypt, { ciphertext, keyId }, "AccessDenied");
    assert.deepEqual([params.basis, params.source], ["explicitDeny", "resource"]);
  });

  it("an explicit deny in an identity policy beats the key policy that names the user", async () => {
    const user = await t.newUser("named", { Effect: "Deny", Action: "kms:Encrypt", Resource: "*" });
    const named = { Effect: "Allow", Principal: { AWS: user.arn }, Action: "kms:*", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(delegate, named) });
    await t.run(describeKey, { keyId }, await t.as(user));
    const params = await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(user));
    assert.deepEqual([params.basis, params.source], ["explicitDeny", "identity"]);
  });

  it("without the account's delegation only whom the key policy names is let in, root and administrators not", async () => {
    const user = await t.newUser("keeper");
    const only = { Effect: "Allow", Principal: { AWS: user.arn }, Action: "kms:*", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(only), skipPolicyLockoutCheck: true });
    await t.run(encrypt, { keyId, plaintext }, await t.as(user));
    const params = await t.fails(encrypt, { keyId, plaintext }, "AccessDenied");
    assert.deepEqual([params.basis, params.source], ["implicitDeny", "resource"]);
    assert.equal(await t.tryAs([allow("kms:*")], encrypt, { keyId, plaintext }), "AccessDenied");
  });

  it("a policy that locks its author out is refused, unless the author says that this is meant", async () => {
    const user = await t.newUser("somebody");
    const policy = policyOf({ Effect: "Allow", Principal: { AWS: user.arn }, Action: "kms:*", Resource: "*" });
    const { keyId } = await t.newKey();
    await t.fails(createKey, { policy }, "PolicyMalformed");
    await t.fails(putKeyPolicy, { keyId, policy }, "PolicyMalformed");
    await t.run(putKeyPolicy, { keyId, policy, skipPolicyLockoutCheck: true });
    await t.fails(describeKey, { keyId }, "AccessDenied");
    await t.run(describeKey, { keyId }, await t.as(user));
  });

  it("a change of a policy holds for the very next request", async () => {
    const { keyId } = await t.newKey();
    const user = await t.newUser("next", allow("kms:Encrypt"));
    for (let round = 0; round < 3; round += 1) {
      await t.run(encrypt, { keyId, plaintext }, await t.as(user));
      await t.setPolicy(user, allow("kms:Decrypt"));
      await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(user));
      await t.setPolicy(user, allow("kms:Encrypt"));
      const deny = { Effect: "Deny", Principal: { AWS: user.arn }, Action: "kms:Encrypt", Resource: "*" };
      await t.run(encrypt, { keyId, plaintext }, await t.as(user));
      await t.run(putKeyPolicy, { keyId, policy: policyOf(delegate, deny) });
      await t.fails(encrypt, { keyId, plaintext }, "AccessDenied", await t.as(user));
      await t.run(putKeyPolicy, { keyId, policy: policyOf(delegate) });
    }
  });

  it("what a key gets when it is made takes the permission that it takes later", async () => {
    const create = allow("kms:CreateKey");
    const aliases = ["alias/taken"];
    const tags = [{ key: "a", value: "b" }];
    const rotation = { enabled: true, periodMs: 86_400_000, nextAtMs: t.test.clock.nowMs() + 86_400_000 };
    assert.equal(await t.tryAs([create], createKey, { aliases }), "AccessDenied");
    assert.equal(await t.tryAs([create], createKey, { tags }), "AccessDenied");
    assert.equal(await t.tryAs([create], createKey, { rotation }), "AccessDenied");
    const onAlias = allow("kms:CreateAlias", { Resource: "arn:aws:kms:us-east-1:000000000000:alias/*" });
    const onKey = allow("kms:CreateAlias", { Resource: "arn:aws:kms:us-east-1:000000000000:key/*" });
    assert.equal(await t.tryAs([create, onAlias], createKey, { aliases }), "AccessDenied");
    assert.equal(await t.tryAs([create, onKey], createKey, { aliases }), "AccessDenied");
    assert.equal(await t.tryAs([create, onAlias, onKey], createKey, { aliases }), "ok");
    assert.equal(await t.tryAs([create, allow("kms:TagResource")], createKey, { tags }), "ok");
    assert.equal(await t.tryAs([create, allow("kms:EnableKeyRotation")], createKey, { rotation }), "ok");
  });

  it("configuring a key does not go around the permissions for rotation", async () => {
    const { keyId } = await t.newKey();
    const configure = allow("kms:ConfigureKey");
    const on = { keyId, transit: {}, autoRotatePeriodMs: 86_400_000 };
    const off = { keyId, transit: {}, autoRotatePeriodMs: 0 };
    assert.equal(await t.tryAs([configure], configureKey, { keyId, transit: { deletionAllowed: true } }), "ok");
    assert.equal(await t.tryAs([configure], configureKey, on), "AccessDenied");
    assert.equal(await t.tryAs([configure], configureKey, off), "AccessDenied");
    assert.equal(await t.tryAs([configure, allow("kms:EnableKeyRotation")], configureKey, on), "ok");
    assert.equal(await t.tryAs([configure, allow("kms:DisableKeyRotation")], configureKey, off), "ok");
    const monthly = allow("kms:EnableKeyRotation", when("NumericEquals", "kms:RotationPeriodInDays", "30"));
    assert.equal(await t.tryAs([configure, monthly], configureKey, on), "AccessDenied");
  });
});

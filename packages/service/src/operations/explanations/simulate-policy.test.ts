import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rootPrincipal } from "../../identity/load-principal.ts";
import { allow, CoreTest, policyOf, type Statement, type TestUser, when } from "../../testing/core-test.ts";
import { createPrincipal, deletePrincipal } from "../admin/principals.ts";
import { putBoundary } from "../admin/roles.ts";
import { createAlias } from "../aliases/alias-operations.ts";
import { encrypt } from "../encrypt.ts";
import { createGrant } from "../grants/create-grant.ts";
import { simulatePolicy } from "./simulate-policy.ts";

const here = "000000000000";
const there = "111122223333";
const plaintext = Buffer.from("x");
const delegate: Statement = {
  Effect: "Allow",
  Principal: { AWS: `arn:aws:iam::${here}:root` },
  Action: "kms:*",
  Resource: "*",
};

describe("simulating the policies", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("says beforehand what then happens", async () => {
    const { keyId } = await t.newKey({ aliases: ["alias/simulated"] });
    const context = (dept: string) => when("StringEquals", "kms:EncryptionContext:dept", dept);
    const alias = when("StringEquals", "kms:RequestAlias", "alias/simulated");
    const cases: readonly (readonly [statements: readonly Statement[], keyId: string, dept: string])[] = [
      [[allow("kms:Encrypt")], keyId, "a"],
      [[allow("kms:Decrypt")], keyId, "a"],
      [[], keyId, "a"],
      [[allow("kms:Encrypt", context("a"))], keyId, "a"],
      [[allow("kms:Encrypt", context("a"))], keyId, "b"],
      [[allow("kms:*"), { Effect: "Deny", Action: "kms:Encrypt", Resource: "*", ...context("b") }], keyId, "b"],
      [[allow("kms:Encrypt", alias)], "alias/simulated", "a"],
      [[allow("kms:Encrypt", alias)], keyId, "a"],
      [[allow("kms:Encrypt", when("StringLike", "aws:username", "sim-*"))], keyId, "a"],
    ];
    for (const [at, [statements, key, dept]] of cases.entries()) {
      const user = await t.newUser(`sim-${at}`, ...statements);
      const encryptionContext = { dept };
      const { allowed } = await t.run(simulatePolicy, {
        principal: user.arn,
        action: "kms:Encrypt",
        keyId: key,
        encryptionContext,
      });
      const happened = await t.run(encrypt, { keyId: key, plaintext, encryptionContext }, await t.as(user)).then(
        () => true,
        () => false,
      );
      assert.equal(allowed, happened, JSON.stringify(statements));
    }
  });

  it("tells every statement, what is missing, and which condition keys were asked for in vain", async () => {
    const condition = {
      Condition: { IpAddress: { "aws:SourceIp": "203.0.113.0/24" }, Bool: { "aws:MultiFactorAuthPresent": "true" } },
    };
    const user = await t.newUser("absent", allow("kms:Encrypt", condition));
    const { keyId } = await t.newKey();
    const ask = { principal: user.arn, action: "kms:Encrypt", keyId };
    const told = await t.run(simulatePolicy, ask);
    assert.deepEqual(
      [told.allowed, told.reason, told.resource],
      [false, "implicit-deny", `arn:aws:kms:us-east-1:${here}:key/${keyId}`],
    );
    assert.deepEqual(
      told.statements.map(({ source, matched }) => [source, matched]),
      [
        ["key-policy", true],
        ["identity-policy", false],
      ],
    );
    assert.deepEqual(told.absentConditionKeys, ["aws:sourceip"]);
    assert.deepEqual(
      told.remedies.map(({ steps }) => steps.map((step) => (step.add === "grant" ? "grant" : step.to))),
      [["grant"], ["identity-policy"]],
    );
    const conditions = [
      { key: "aws:SourceIp", value: "203.0.113.9" },
      { key: "AWS:multifactorauthpresent", value: "true" },
    ];
    const allowed = await t.run(simulatePolicy, { ...ask, conditions });
    assert.deepEqual([allowed.allowed, allowed.remedies, allowed.absentConditionKeys], [true, [], []]);
  });

  it("a condition key may have several values", async () => {
    const set = when("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]);
    const user = await t.newUser("tagger", allow("kms:CreateKey", set));
    const ask = (...values: string[]) =>
      t.run(simulatePolicy, {
        principal: user.arn,
        action: "kms:CreateKey",
        conditions: values.map((value) => ({ key: "aws:TagKeys", value })),
      });
    assert.equal((await ask("a", "b")).allowed, true);
    assert.equal((await ask("a", "c")).allowed, false);
  });

  it("knows roots, sessions of roles, services and callers of other accounts", async () => {
    const { principal: role } = await t.run(createPrincipal, { kind: "role", name: "batch" });
    const policy = policyOf(
      delegate,
      { Effect: "Allow", Principal: { AWS: role.arn }, Action: "kms:Decrypt", Resource: "*" },
      {
        Effect: "Allow",
        Principal: { Service: "sns.amazonaws.com" },
        Action: "kms:Decrypt",
        Resource: "*",
        ...when("StringEquals", "aws:SourceAccount", here),
      },
      { Effect: "Allow", Principal: { AWS: there }, Action: "kms:Decrypt", Resource: "*" },
    );
    const { keyId } = await t.newKey({ policy });
    const ask = async (principal: string, conditions: readonly { key: string; value: string }[] = []) => {
      const { allowed, reason } = await t.run(simulatePolicy, { principal, action: "kms:Decrypt", keyId, conditions });
      return [allowed, reason];
    };
    assert.deepEqual(await ask(`arn:aws:iam::${here}:root`), [true, "key-policy"]);
    assert.deepEqual(await ask(role.arn), [true, "key-policy"]);
    assert.deepEqual(await ask(`arn:aws:sts::${here}:assumed-role/batch/nightly`), [true, "key-policy"]);
    assert.deepEqual(await ask("sns.amazonaws.com", [{ key: "aws:SourceAccount", value: here }]), [true, "key-policy"]);
    assert.deepEqual(await ask("sns.amazonaws.com"), [false, "implicit-deny"]);
    assert.deepEqual(await ask("sqs.amazonaws.com"), [false, "implicit-deny"]);
    assert.deepEqual(await ask(`arn:aws:iam::${there}:root`), [true, "account-root"]);
    assert.deepEqual(await ask(`arn:aws:iam::${there}:user/somebody`), [false, "identity-implicit-deny"]);
    assert.deepEqual(await ask("arn:aws:iam::222222222222:root"), [false, "implicit-deny"]);
  });

  it("a session is of its role as it is now, wherever its path is", async () => {
    const make = () => t.run(createPrincipal, { kind: "role", name: "reporter", path: "/team/a/" });
    const { principal: role } = await make();
    const named = { Effect: "Allow", Principal: { AWS: role.arn }, Action: "kms:Decrypt", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(delegate, named) });
    const session = `arn:aws:sts::${here}:assumed-role/reporter/nightly`;
    const ask = () => t.run(simulatePolicy, { principal: session, action: "kms:Decrypt", keyId });
    assert.equal((await ask()).reason, "key-policy");
    await t.run(deletePrincipal, { kind: "role", name: "reporter" });
    await t.fails(simulatePolicy, { principal: session, action: "kms:Decrypt", keyId }, "NotFound");
    // Another role of that name is not the one that the key policy means.
    assert.equal((await make()).principal.arn, role.arn);
    assert.equal((await ask()).reason, "implicit-deny");
  });

  it("a permissions boundary limits it", async () => {
    const administrative = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser";
    const user = await t.newUser("bounded", allow("kms:Encrypt"));
    const { keyId } = await t.newKey();
    const ask = () => t.run(simulatePolicy, { principal: user.arn, action: "kms:Encrypt", keyId });
    assert.equal((await ask()).allowed, true);
    await t.run(putBoundary, { principalArn: user.arn, boundaryArn: administrative });
    const told = await ask();
    assert.deepEqual([told.allowed, told.reason], [false, "boundary-implicit-deny"]);
    const [step] = told.remedies[0]?.steps ?? [];
    assert.deepEqual(step?.add === "statement" && [step.to, step.of], ["boundary", user.arn]);
  });

  it("asks the key's grants, and names the one that allows it or nearly does", async () => {
    const user = await t.newUser("granted");
    const { keyId } = await t.newKey();
    const constraints = { encryptionContextSubset: { dept: "a" } };
    const made = { keyId, grantee: user.arn, operations: ["Encrypt"], constraints };
    const { grantId } = await t.run(createGrant, made);
    for (const dept of ["a", "b"]) {
      const encryptionContext = { dept };
      const input = { principal: user.arn, action: "kms:Encrypt", keyId, encryptionContext };
      const told = await t.run(simulatePolicy, input);
      const happened = await t.run(encrypt, { keyId, plaintext, encryptionContext }, await t.as(user)).then(
        () => true,
        () => false,
      );
      assert.deepEqual([told.allowed, happened], [dept === "a", dept === "a"]);
      if (told.allowed) assert.deepEqual([told.reason, told.by], ["grant", { source: "grant", grantId }]);
      else assert.deepEqual(told.grant, { grantId, failed: "encryptionContext" });
    }
    const other = await t.run(simulatePolicy, { principal: user.arn, action: "kms:Decrypt", keyId });
    assert.deepEqual([other.allowed, other.grant], [false, undefined]);
  });

  it("refuses what it cannot read", async () => {
    const { keyId } = await t.newKey();
    const root = `arn:aws:iam::${here}:root`;
    const action = "kms:Decrypt";
    await t.fails(simulatePolicy, { principal: `arn:aws:iam::${here}:user/none`, action, keyId }, "NotFound");
    await t.fails(simulatePolicy, { principal: "arn:aws:s3:::bucket", action, keyId }, "InvalidInput");
    await t.fails(simulatePolicy, { principal: root, action: "kms:*", keyId }, "InvalidInput");
    await t.fails(simulatePolicy, { principal: root, action, keyId: "alias/none" }, "NotFound");
  });

  it("is for those who may simulate, and who may read the key's policy", async () => {
    const { keyId } = await t.newKey();
    const user = await t.newUser("operator");
    const ask = { principal: user.arn, action: "kms:Decrypt", keyId };
    const trySimulate = async (who: TestUser, ...statements: readonly Statement[]) => {
      await t.setPolicy(who, ...statements);
      return t.run(simulatePolicy, ask, await t.as(who)).then(
        () => "ok",
        (error) => error.code,
      );
    };
    assert.equal(await trySimulate(user, allow("kms:GetKeyPolicy")), "AccessDenied");
    assert.equal(await trySimulate(user, allow("iam:SimulatePrincipalPolicy")), "AccessDenied");
    assert.equal(await trySimulate(user, allow("iam:SimulatePrincipalPolicy"), allow("kms:GetKeyPolicy")), "ok");
    const others = allow("iam:SimulatePrincipalPolicy", { Resource: `arn:aws:iam::${here}:user/other` });
    assert.equal(await trySimulate(user, others, allow("kms:GetKeyPolicy")), "AccessDenied");
    const foreign = t.request({ principal: rootPrincipal(there) });
    await t.fails(simulatePolicy, ask, "AccessDenied", foreign);
    await t.run(createAlias, { aliasName: "alias/done", targetKeyId: keyId });
  });
});

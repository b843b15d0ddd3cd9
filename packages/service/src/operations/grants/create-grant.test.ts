import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ErrorCode } from "../../errors.ts";
import { rootPrincipal } from "../../identity/load-principal.ts";
import { allow, type Statement, type TestUser, when } from "../../testing/core-test.ts";
import { GrantTest } from "../../testing/grant-test.ts";
import { createPrincipal } from "../admin/principals.ts";
import { decrypt } from "../decrypt.ts";
import { encrypt } from "../encrypt.ts";
import { type CreateGrantInput, createGrant } from "./create-grant.ts";
import { revokeGrant } from "./end-grants.ts";
import { listGrants } from "./list-grants.ts";

const plaintext = Buffer.from("x");

describe("CreateGrant", () => {
  let g: GrantTest;
  let user: TestUser;
  before(async () => {
    g = await GrantTest.open();
    user = await g.user();
  });
  after(async () => {
    assert.deepEqual(g.t.test.bugs, []);
    await g.t.close();
  });

  const all = async () => (await g.t.run(listGrants, { keyId: g.keyArn, limit: 1000 })).items;

  it("makes a new grant each time; with a name, the same one as long as all it says is the same", async () => {
    const input = {
      grantee: user.arn,
      operations: ["Encrypt", "Decrypt"],
      constraints: { encryptionContextSubset: { a: "1", b: "2" } },
    };
    const unnamed = [await g.grant(input), await g.grant(input)];
    assert.notEqual(unnamed[0]!.grantId, unnamed[1]!.grantId);
    const named = { ...input, name: "retry" };
    const first = await g.grant(named);
    const again = await g.grant({
      ...named,
      operations: ["Decrypt", "Encrypt", "Decrypt"],
      constraints: { encryptionContextSubset: { b: "2", a: "1" } },
    });
    assert.equal(again.grantId, first.grantId);
    assert.notEqual(again.grantToken, first.grantToken);
    const others: readonly Partial<CreateGrantInput>[] = [
      { name: "other" },
      { operations: ["Encrypt"] },
      { constraints: { encryptionContextEquals: { a: "1", b: "2" } } },
      { constraints: { encryptionContextSubset: { a: "1", b: "3" } } },
      { constraints: {} },
      { retiring: user.arn },
      { grantee: "arn:aws:iam::000000000000:root" },
    ];
    const ids = new Set([first.grantId]);
    for (const other of others) ids.add((await g.grant({ ...named, ...other })).grantId);
    assert.equal(ids.size, others.length + 1);
    await g.t.run(revokeGrant, { keyId: g.keyArn, grantId: first.grantId });
    assert.ok(!ids.has((await g.grant(named)).grantId));
  });

  it("makes one grant of many requests of one name at once", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => g.grant({ grantee: user.arn, name: "at-once" })));
    assert.equal(new Set(made.map(({ grantId }) => grantId)).size, 1);
    assert.equal((await all()).filter(({ grant }) => grant.name === "at-once").length, 1);
  });

  it("refuses what it cannot be", async () => {
    const context = (pairs: Record<string, string>) => ({ constraints: { encryptionContextEquals: pairs } });
    const service = { grantee: undefined, granteeService: "dynamodb.amazonaws.com" };
    const sourceArn = "arn:aws:dynamodb:us-east-1:000000000000:table/t";
    const cases: readonly (readonly [Partial<CreateGrantInput>, ErrorCode, RegExp])[] = [
      [{ operations: [] }, "InvalidInput", /must not be empty/],
      [{ operations: ["CreateGrant"] }, "InvalidInput", /only the CreateGrant operation/],
      [{ operations: ["Sign"] }, "InvalidInput", /Sign is not valid for key spec SYMMETRIC_DEFAULT/],
      [{ operations: ["GetPublicKey"] }, "InvalidInput", /GetPublicKey/],
      [{ operations: ["ScheduleKeyDeletion"] }, "InvalidInput", /not an operation that a grant can allow/],
      [{ operations: ["constructor"] }, "InvalidInput", /not an operation/],
      [{ grantee: undefined }, "InvalidInput", /either GranteePrincipal or/],
      [{ granteeService: "s3.amazonaws.com" }, "InvalidInput", /but not both/],
      [service, "InvalidInput", /SourceArn/],
      [{ ...service, constraints: { sourceArn } }, "InvalidInput", /RetiringPrincipal/],
      [{ retiring: user.arn, retiringService: "s3.amazonaws.com" }, "InvalidInput", /but not both/],
      [{ grantee: "alice" }, "InvalidInput", /^ARN does not refer to a valid principal: alice$/],
      [{ grantee: "arn:aws:iam::000000000000:user/nobody" }, "InvalidInput", /valid principal/],
      [{ grantee: "arn:aws:iam::000000000000:group/admins" }, "InvalidInput", /valid principal/],
      [{ grantee: "*" }, "InvalidInput", /valid principal/],
      [{ grantee: "s3.amazonaws.com" }, "InvalidInput", /valid principal/],
      [{ retiring: "arn:aws:iam::000000000000:role/nobody" }, "InvalidInput", /valid principal/],
      [
        { constraints: { encryptionContextEquals: { a: "1" }, encryptionContextSubset: { a: "1" } } },
        "InvalidInput",
        /More than one constraint supplied/,
      ],
      [context(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, "v"]))), "InvalidInput", /at most 8/],
      [context({ k: "v".repeat(384) }), "InvalidInput", /at most 384/],
      [context({ k: "\ud800" }), "InvalidInput", /Unicode/],
      [{ keyId: "00000000-0000-0000-0000-000000000000" }, "NotFound", /./],
    ];
    const before = (await all()).length;
    for (const [input, code, reason] of cases) {
      const full = { keyId: g.keyArn, grantee: user.arn, operations: ["Encrypt"], ...input };
      const params = await g.t.fails(createGrant, full, code);
      if ("reason" in params) assert.match(params.reason, reason, JSON.stringify(input));
      // A dry run tells the same.
      await g.t.fails(createGrant, full, code, g.t.request({ dryRun: true }));
    }
    assert.equal((await all()).length, before);
  });

  it("refuses encryption context constraints, and operations, that a key of another kind has not", async () => {
    const { keyId } = await g.t.newKey({ spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC" });
    const make = { keyId, grantee: user.arn, operations: ["GenerateMac", "VerifyMac", "DescribeKey"] };
    await g.t.run(createGrant, make);
    const constraints = { encryptionContextEquals: { a: "1" } };
    await g.t.fails(createGrant, { ...make, constraints }, "InvalidInput");
    await g.t.fails(createGrant, { ...make, operations: ["Encrypt"] }, "InvalidInput");
    await g.t.run(createGrant, { ...make, constraints: { sourceArn: "arn:aws:s3:us-east-1:000000000000:b" } });
  });

  it("takes users of accounts of which nobody is known here by their names", async () => {
    const stranger = "arn:aws:iam::999988887777:user/stranger";
    await g.grant({ grantee: stranger });
    const root = g.t.request({ principal: rootPrincipal("999988887777") });
    await g.t.run(createPrincipal, { kind: "user", name: "somebody" }, root);
    const input = { keyId: g.keyArn, grantee: stranger, operations: ["Encrypt"] };
    assert.equal((await g.t.fails(createGrant, input, "InvalidInput")).kind, "arn");
  });

  it("does nothing in a dry run", async () => {
    const before = (await all()).length;
    const input = { keyId: g.keyArn, grantee: user.arn, operations: ["Encrypt"] };
    await g.t.fails(createGrant, input, "DryRun", g.t.request({ dryRun: true }));
    assert.equal((await all()).length, before);
  });

  it("takes empty constraints for none, as Terraform sends them", async () => {
    const { grantId } = await g.grant({
      grantee: user.arn,
      constraints: { encryptionContextEquals: {}, encryptionContextSubset: { a: "1" } },
    });
    const [found] = (await g.t.run(listGrants, { keyId: g.keyArn, grantId })).items;
    assert.deepEqual(found?.grant.constraints, { encryptionContextSubset: { a: "1" } });
  });

  it("takes services, with a source and somebody to retire the grant", async () => {
    const { grantId } = await g.grant({
      granteeService: "dynamodb.amazonaws.com",
      retiringService: "dynamodb.amazonaws.com",
      constraints: { sourceArn: "arn:aws:dynamodb:us-east-1:000000000000:table/t" },
    });
    const [found] = (await g.t.run(listGrants, { keyId: g.keyArn, grantId })).items;
    assert.deepEqual([found?.grant.grantee, found?.grant.retiring], Array(2).fill("dynamodb.amazonaws.com"));
  });

  it("is held by the condition keys of grants", async () => {
    const root = "arn:aws:iam::000000000000:root";
    const base: Partial<CreateGrantInput> = { grantee: root, retiring: user.arn, operations: ["Encrypt", "Decrypt"] };
    const subset = { constraints: { encryptionContextSubset: { team: "red" } } };
    const cases: readonly (readonly [Statement, Partial<CreateGrantInput>, boolean])[] = [
      [when("ForAllValues:StringEquals", "kms:GrantOperations", ["Encrypt", "Decrypt"]), {}, true],
      [when("ForAllValues:StringEquals", "kms:GrantOperations", ["Encrypt"]), {}, false],
      [when("StringEquals", "kms:GranteePrincipal", root), {}, true],
      [when("StringEquals", "kms:GranteePrincipal", user.arn), {}, false],
      [when("StringEquals", "kms:RetiringPrincipal", user.arn), {}, true],
      [when("StringEquals", "kms:RetiringPrincipal", user.arn), { retiring: undefined }, false],
      [when("StringEquals", "kms:GrantConstraintType", "EncryptionContextSubset"), subset, true],
      [when("StringEquals", "kms:GrantConstraintType", "EncryptionContextSubset"), {}, false],
      [when("StringEquals", "kms:GrantConstraintType", "EncryptionContextEquals"), subset, false],
      [when("StringEquals", "kms:EncryptionContext:team", "red"), subset, true],
      [when("StringEquals", "kms:EncryptionContext:team", "blue"), subset, false],
      [when("Bool", "kms:GrantIsForAWSResource", "true"), {}, false],
      [when("Bool", "kms:GrantIsForAWSResource", "false"), {}, true],
      [
        when("StringLike", "kms:GrantConstraintSourceArn", "arn:aws:s3:*"),
        { constraints: { sourceArn: "arn:aws:s3:us-east-1:000000000000:b" } },
        true,
      ],
      [when("StringLike", "kms:GrantConstraintSourceArn", "arn:aws:s3:*"), {}, false],
      [
        when("StringEquals", "kms:RetiringServicePrincipal", "s3.amazonaws.com"),
        { retiring: undefined, retiringService: "s3.amazonaws.com" },
        true,
      ],
    ];
    for (const [condition, change, allowed] of cases) {
      const input = { keyId: g.keyArn, operations: [], ...base, ...change };
      const got = await g.t.tryAs([allow("kms:CreateGrant", condition)], createGrant, input);
      assert.equal(got, allowed ? "ok" : "AccessDenied", JSON.stringify([condition, change]));
    }
  });

  describe("by a grant", () => {
    it("gives on what there is, or less: operations and constraints", async () => {
      const { t } = g;
      const holder = await g.user();
      const receiver = await g.user();
      const constraints = { encryptionContextSubset: { a: "1" } };
      await g.grant({ grantee: holder.arn, operations: ["CreateGrant", "Encrypt", "Decrypt"], constraints });
      const narrower = { encryptionContextSubset: { a: "1", b: "2" } };
      const equal = { encryptionContextEquals: { a: "1" } };
      const cases: readonly (readonly [Partial<CreateGrantInput>, boolean])[] = [
        [{ constraints }, true],
        [{ constraints: narrower }, true],
        [{ constraints: equal }, true],
        [{ constraints, operations: ["Encrypt", "CreateGrant"] }, true],
        [{}, false],
        [{ constraints: { encryptionContextSubset: { b: "2" } } }, false],
        [{ constraints: { encryptionContextSubset: { a: "2" } } }, false],
        [{ constraints, operations: ["Encrypt", "GenerateDataKey"] }, false],
        [{ constraints, operations: ["Encrypt", "RetireGrant"] }, false],
      ];
      for (const [change, allowed] of cases) {
        const input = { keyId: g.keyArn, grantee: receiver.arn, operations: ["Encrypt"], ...change };
        const request = await t.as(holder);
        if (allowed) await t.run(createGrant, input, request);
        else await t.fails(createGrant, input, "AccessDenied", request);
      }
      const encryptionContext = { a: "1" };
      const { ciphertext } = await t.run(
        encrypt,
        { keyId: g.keyArn, plaintext, encryptionContext },
        await t.as(receiver),
      );
      await t.fails(decrypt, { ciphertext, encryptionContext }, "AccessDenied", await t.as(receiver));
      await t.fails(listGrants, { keyId: g.keyArn }, "AccessDenied", await t.as(holder));
    });

    it("is told as issued by the account of whoever gave it", async () => {
      const foreigner = await g.foreigner();
      await g.grant({ grantee: foreigner.arn, operations: ["CreateGrant", "Encrypt"] });
      const { grantId } = await g.grant({ grantee: user.arn }, await g.t.as(foreigner));
      const [found] = (await g.t.run(listGrants, { keyId: g.keyArn, grantId })).items;
      assert.equal(found?.grant.issuingAccount, "111122223333");
    });
  });
});

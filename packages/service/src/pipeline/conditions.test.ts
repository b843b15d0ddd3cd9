import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ErrorCode } from "../errors.ts";
import { createAlias } from "../operations/aliases/alias-operations.ts";
import { encrypt } from "../operations/encrypt.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { putKeyPolicy } from "../operations/policies/key-policy-operations.ts";
import { reEncrypt } from "../operations/re-encrypt.ts";
import { enableKeyRotation } from "../operations/rotation/automatic-rotation.ts";
import { tagResource } from "../operations/tags/tag-operations.ts";
import { transitRewrap } from "../operations/transit/crypto-operations.ts";
import { allow, CoreTest, policyOf, type Statement, when } from "../testing/core-test.ts";

const plaintext = Buffer.from("x");

describe("policy conditions", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("conditions see the encryption context, each pair and the names", async () => {
    const { keyId } = await t.newKey();
    const finance = when("StringEquals", "kms:EncryptionContext:dept", "finance");
    const cases: [Statement, Record<string, string> | undefined, ErrorCode | "ok"][] = [
      [finance, { dept: "finance" }, "ok"],
      [finance, { dept: "finance", other: "x" }, "ok"],
      [finance, { dept: "sales" }, "AccessDenied"],
      [finance, undefined, "AccessDenied"],
      // Condition keys have no case: both values have to fit.
      [finance, { dept: "finance", DEPT: "sales" }, "AccessDenied"],
      [finance, { DEPT: "sales", dept: "finance" }, "AccessDenied"],
      [finance, { DEPT: "finance" }, "ok"],
      [finance, Object.fromEntries([["__proto__", "finance"]]), "AccessDenied"],
      [when("StringEquals", "kms:EncryptionContext:__proto__", "a"), JSON.parse('{"__proto__":"a"}'), "ok"],
      [when("StringEquals", "kms:EncryptionContext:constructor", "a"), {}, "AccessDenied"],
      [when("ForAllValues:StringEquals", "kms:EncryptionContextKeys", ["dept"]), { dept: "x" }, "ok"],
      [when("ForAllValues:StringEquals", "kms:EncryptionContextKeys", ["dept"]), { dept: "x", y: "" }, "AccessDenied"],
      [when("StringEquals", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"), undefined, "ok"],
    ];
    for (const [condition, encryptionContext, expected] of cases) {
      const got = await t.tryAs([allow("kms:Encrypt", condition)], encrypt, { keyId, plaintext, encryptionContext });
      assert.equal(got, expected, JSON.stringify([condition, encryptionContext]));
    }
  });

  it("re-encryption has a context of its own for each key, and tells whether the key stays", async () => {
    const from = await t.newKey();
    const to = await t.newKey();
    const { ciphertext } = await t.run(encrypt, {
      keyId: from.keyId,
      plaintext,
      encryptionContext: { side: "from" },
    });
    const move = (destinationKeyId: string, side: string) => ({
      ciphertext,
      sourceEncryptionContext: { side: "from" },
      destinationKeyId,
      destinationEncryptionContext: { side },
    });
    const statements = [
      allow("kms:ReEncryptFrom", when("StringEquals", "kms:EncryptionContext:side", "from")),
      allow("kms:ReEncryptTo", when("StringEquals", "kms:EncryptionContext:side", "to")),
    ];
    assert.equal(await t.tryAs(statements, reEncrypt, move(to.keyId, "to")), "ok");
    assert.equal(await t.tryAs(statements, reEncrypt, move(to.keyId, "from")), "AccessDenied");
    assert.equal(await t.tryAs(statements.slice(0, 1), reEncrypt, move(to.keyId, "to")), "AccessDenied");
    assert.equal(await t.tryAs(statements.slice(1), reEncrypt, move(to.keyId, "to")), "AccessDenied");
    const same = [allow("kms:ReEncrypt*", when("Bool", "kms:ReEncryptOnSameKey", "true"))];
    assert.equal(await t.tryAs(same, reEncrypt, move(from.keyId, "to")), "ok");
    assert.equal(await t.tryAs(same, reEncrypt, move(to.keyId, "to")), "AccessDenied");
    assert.equal(await t.tryAs(same, transitRewrap, { keyId: to.keyId, items: [] }), "ok");
    assert.equal(
      await t.tryAs([allow("kms:ReEncryptFrom")], transitRewrap, { keyId: to.keyId, items: [] }),
      "AccessDenied",
    );
  });

  it("conditions see where a request comes from, when, and by what", async () => {
    const { keyId } = await t.newKey();
    const day = (days: number) => new Date(t.test.clock.nowMs() + days * 86_400_000).toISOString();
    const cases: [Statement, ErrorCode | "ok"][] = [
      [when("IpAddress", "aws:SourceIp", "203.0.113.0/24"), "ok"],
      [when("IpAddress", "aws:SourceIp", "198.51.100.0/24"), "AccessDenied"],
      [when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), "AccessDenied"],
      [when("DateLessThan", "aws:CurrentTime", day(1)), "ok"],
      [when("DateGreaterThan", "aws:CurrentTime", day(1)), "AccessDenied"],
      [when("NumericLessThan", "aws:EpochTime", "1"), "AccessDenied"],
      [when("StringEquals", "aws:UserAgent", "curl"), "ok"],
      [when("StringEquals", "aws:RequestedRegion", "us-east-1"), "ok"],
      [when("StringEquals", "aws:RequestedRegion", "eu-west-1"), "AccessDenied"],
      [when("StringLike", "aws:PrincipalArn", "arn:aws:iam::000000000000:user/user-*"), "ok"],
      [when("StringLike", "aws:username", "user-*"), "ok"],
      [when("StringEquals", "aws:PrincipalType", "User"), "ok"],
      [when("StringLike", "aws:userid", "AIDA*"), "ok"],
      [when("StringEquals", "aws:PrincipalAccount", "000000000000"), "ok"],
      [when("StringEquals", "aws:ResourceAccount", "000000000000"), "ok"],
      [when("StringEquals", "kms:CallerAccount", "000000000000"), "ok"],
      [when("StringEquals", "kms:KeySpec", "SYMMETRIC_DEFAULT"), "ok"],
      [when("StringEquals", "kms:KeyUsage", "ENCRYPT_DECRYPT"), "ok"],
      [when("StringEquals", "kms:KeyOrigin", "EXTERNAL"), "AccessDenied"],
      [when("Bool", "kms:MultiRegion", "false"), "ok"],
      [when("Bool", "kms:ReEncryptOnSameKey", "true"), "AccessDenied"],
      [when("StringEquals", "kms:NoSuchKey", "x"), "AccessDenied"],
      [when("Bool", "aws:SecureTransport", "false"), "ok"],
      [when("Bool", "aws:SecureTransport", "true"), "AccessDenied"],
    ];
    for (const [condition, expected] of cases) {
      const where = { sourceIp: "203.0.113.7", userAgent: "curl" };
      const got = await t.tryAs([allow("kms:Encrypt", condition)], encrypt, { keyId, plaintext }, where);
      assert.equal(got, expected, JSON.stringify(condition));
    }
  });

  it("conditions see the alias that the caller used, and all aliases that the key has now", async () => {
    const { keyId } = await t.newKey({ aliases: ["alias/prod/one"] });
    const byAlias = [allow("kms:Encrypt", when("StringLike", "kms:RequestAlias", "alias/prod/*"))];
    const arn = "arn:aws:kms:us-east-1:000000000000:alias/prod/one";
    assert.equal(await t.tryAs(byAlias, encrypt, { keyId: "alias/prod/one", plaintext }), "ok");
    assert.equal(await t.tryAs(byAlias, encrypt, { keyId: arn, plaintext }), "ok");
    assert.equal(await t.tryAs(byAlias, encrypt, { keyId, plaintext }), "AccessDenied");
    const condition = when("ForAnyValue:StringLike", "kms:ResourceAliases", "alias/test/*");
    const deny = { Effect: "Deny", Action: "kms:Encrypt", Resource: "*", ...condition };
    const unlessTest = [allow("kms:Encrypt"), deny];
    assert.equal(await t.tryAs(unlessTest, encrypt, { keyId, plaintext }), "ok");
    await t.run(createAlias, { aliasName: "alias/test/one", targetKeyId: keyId });
    assert.equal(await t.tryAs(unlessTest, encrypt, { keyId, plaintext }), "AccessDenied");
  });

  it("conditions see the key's tags, and those that are being set", async () => {
    const { keyId } = await t.newKey({
      tags: [
        { key: "Team", value: "a" },
        { key: "team", value: "b" },
      ],
    });
    const team = (value: unknown) => [allow("kms:Encrypt", when("StringEquals", "aws:ResourceTag/Team", value))];
    assert.equal(await t.tryAs(team(["a", "b"]), encrypt, { keyId, plaintext }), "ok");
    assert.equal(await t.tryAs(team("a"), encrypt, { keyId, plaintext }), "AccessDenied");
    const set = [allow(["kms:TagResource", "kms:CreateKey"], when("StringEquals", "aws:RequestTag/Cost", "1"))];
    const tag = (key: string, value: string) => ({ key, value });
    assert.equal(await t.tryAs(set, tagResource, { keyId, tags: [tag("Cost", "1")] }), "ok");
    assert.equal(await t.tryAs(set, tagResource, { keyId, tags: [tag("Cost", "2")] }), "AccessDenied");
    const mixed = [tag("cost", "2"), tag("Cost", "1")];
    assert.equal(await t.tryAs(set, tagResource, { keyId, tags: mixed }), "AccessDenied");
    assert.equal(await t.tryAs(set, createKey, { tags: mixed }), "AccessDenied");
    assert.equal(await t.tryAs(set, createKey, { tags: [tag("Cost", "1")] }), "ok");
    assert.equal(await t.tryAs(set, createKey, {}), "AccessDenied");
    const names = [allow("kms:TagResource", when("ForAllValues:StringEquals", "aws:TagKeys", ["Cost"]))];
    assert.equal(await t.tryAs(names, tagResource, { keyId, tags: [tag("Cost", "1")] }), "ok");
    assert.equal(await t.tryAs(names, tagResource, { keyId, tags: mixed }), "AccessDenied");
  });

  it("conditions see what is special to an operation", async () => {
    const { keyId } = await t.newKey();
    const root = { AWS: "arn:aws:iam::000000000000:root" };
    const policy = policyOf({ Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" });
    const careful = when("Bool", "kms:BypassPolicyLockoutSafetyCheck", "false");
    const days = (name: string) => when("NumericEquals", name, "7");
    const cases = [
      [t.tryAs([allow("kms:CreateKey", careful)], createKey, {}), "ok"],
      [t.tryAs([allow("kms:CreateKey", careful)], createKey, { policy, skipPolicyLockoutCheck: true }), "AccessDenied"],
      [
        t.tryAs([allow("kms:PutKeyPolicy", careful)], putKeyPolicy, { keyId, policy, skipPolicyLockoutCheck: true }),
        "AccessDenied",
      ],
      [t.tryAs([allow("kms:PutKeyPolicy", careful)], putKeyPolicy, { keyId, policy }), "ok"],
      [
        t.tryAs([allow("kms:EnableKeyRotation", days("kms:RotationPeriodInDays"))], enableKeyRotation, {
          keyId,
          periodDays: 90,
        }),
        "AccessDenied",
      ],
      [
        t.tryAs(
          [allow("kms:ScheduleKeyDeletion", days("kms:ScheduleKeyDeletionPendingWindowInDays"))],
          scheduleKeyDeletion,
          { keyId },
        ),
        "AccessDenied",
      ],
      [
        t.tryAs(
          [allow("kms:ScheduleKeyDeletion", days("kms:ScheduleKeyDeletionPendingWindowInDays"))],
          scheduleKeyDeletion,
          { keyId: (await t.newKey()).keyId, pendingWindowDays: 7 },
        ),
        "ok",
      ],
      [
        t.tryAs(
          [allow("kms:EnableKeyRotation", when("NumericEquals", "kms:RotationPeriodInDays", "90"))],
          enableKeyRotation,
          { keyId: (await t.newKey()).keyId, periodDays: 90 },
        ),
        "ok",
      ],
      [
        t.tryAs(
          [allow("kms:CreateKey", when("StringEquals", "kms:CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"))],
          createKey,
          {},
        ),
        "ok",
      ],
      [t.tryAs([allow("kms:CreateKey", when("StringEquals", "kms:KeyOrigin", "AWS_KMS"))], createKey, {}), "ok"],
      [t.tryAs([allow("kms:CreateKey", when("Bool", "kms:MultiRegion", "true"))], createKey, {}), "AccessDenied"],
    ] as const;
    for (const [got, expected] of cases) assert.equal(await got, expected);
  });
});

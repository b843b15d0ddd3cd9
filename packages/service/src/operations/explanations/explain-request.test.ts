import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rootPrincipal } from "../../identity/load-principal.ts";
import { allow, CoreTest, policyOf, type Statement, type TestUser, when } from "../../testing/core-test.ts";
import { putIdentityPolicy } from "../admin/identity-policies.ts";
import { createAlias } from "../aliases/alias-operations.ts";
import { encrypt } from "../encrypt.ts";
import { describeKey } from "../keys/describe-key.ts";
import { listKeys } from "../keys/list-keys.ts";
import { putKeyPolicy } from "../policies/key-policy-operations.ts";
import { reEncrypt } from "../re-encrypt.ts";
import { explainRequest, type ToldEvent } from "./explain-request.ts";

const plaintext = Buffer.from("the plaintext");
const encryptionContext = { dept: "sales" };

describe("explaining a request", () => {
  let t: CoreTest;
  let requests = 0;

  before(async () => {
    t = await CoreTest.open();
  });
  after(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  /** Runs something under a request id of its own, whatever comes of it, and explains it. */
  async function explain(run: (requestId: string) => Promise<unknown>): Promise<ToldEvent> {
    requests += 1;
    const requestId = `request-${requests}`;
    await run(requestId).catch(() => undefined);
    const { events } = await t.run(explainRequest, { requestId });
    assert.equal(events.length, 1);
    assert.equal(events[0]!.requestId, requestId);
    return events[0]!;
  }

  async function explainEncrypt(user: TestUser, keyId: string): Promise<ToldEvent> {
    return explain(async (requestId) =>
      t.run(encrypt, { keyId, plaintext, encryptionContext }, await t.as(user, { requestId })),
    );
  }

  it("names the statement that allowed it", async () => {
    const user = await t.newUser("allowed", { Effect: "Deny", Action: "s3:*", Resource: "*" }, allow("kms:Encrypt"));
    const { keyId } = await t.newKey();
    const event = await explainEncrypt(user, keyId);
    assert.equal(event.errorCode, undefined);
    assert.deepEqual(event.decisions, [
      {
        action: "kms:Encrypt",
        resource: `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
        allowed: true,
        reason: "identity-policy",
        by: { source: "identity-policy", policy: 0, statement: 1 },
        remedies: [],
      },
    ]);
  });

  it("names the statement that denied it", async () => {
    const user = await t.newUser("denied", allow("kms:*"), {
      Sid: "notencrypt",
      Effect: "Deny",
      Action: "kms:Encrypt",
      Resource: "*",
    });
    const { decisions } = await explainEncrypt(user, (await t.newKey()).keyId);
    assert.equal(decisions[0]?.reason, "explicit-deny");
    assert.deepEqual(decisions[0].by, { source: "identity-policy", policy: 0, statement: 1, sid: "notencrypt" });
    assert.deepEqual(decisions[0].remedies, []);
  });

  it("names the condition that failed, and what would have allowed it", async () => {
    const condition = when("StringEquals", "kms:EncryptionContext:dept", ["finance", "audit"]);
    const user = await t.newUser("missed", allow("s3:*"), allow("kms:Encrypt", condition));
    const { keyId } = await t.newKey();
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${keyId}`;
    const event = await explainEncrypt(user, keyId);
    assert.equal(event.errorCode, "AccessDenied");
    const [decision] = event.decisions;
    assert.ok(decision !== undefined);
    assert.deepEqual([decision.allowed, decision.reason], [false, "implicit-deny"]);
    assert.deepEqual(decision.considered?.[0], {
      source: "identity-policy",
      policy: 0,
      statement: 1,
      effect: "Allow",
      matched: false,
      failed: {
        element: "Condition",
        operator: "StringEquals",
        key: "kms:EncryptionContext:dept",
        expected: ["finance", "audit"],
        actual: ["sales"],
      },
    });
    const statement = {
      Effect: "Allow",
      Action: "kms:Encrypt",
      Resource: arn,
      Condition: { StringEquals: { "kms:EncryptionContext:dept": "sales" } },
    };
    assert.deepEqual(decision.remedies, [
      {
        steps: [
          {
            add: "grant",
            key: arn,
            grant: {
              GranteePrincipal: user.arn,
              Operations: ["Encrypt"],
              Constraints: { EncryptionContextEquals: encryptionContext },
            },
          },
        ],
      },
      { steps: [{ add: "statement", to: "identity-policy", of: user.arn, statement }] },
    ]);
    // And it does.
    const document = policyOf(statement);
    await t.run(putIdentityPolicy, { principalArn: user.arn, policyName: "remedy", document });
    await t.run(encrypt, { keyId, plaintext, encryptionContext }, await t.as(user));
  });

  it("the statement for a key policy without the account's say allows it, too", async () => {
    const user = await t.newUser("outside", allow("kms:*"));
    const keeper = await t.newUser("keeper");
    const only: Statement = { Effect: "Allow", Principal: { AWS: keeper.arn }, Action: "kms:*", Resource: "*" };
    const { keyId } = await t.newKey({ policy: policyOf(only), skipPolicyLockoutCheck: true });
    const { decisions } = await explainEncrypt(user, keyId);
    const step = decisions[0]?.remedies[1]?.steps[0];
    assert.ok(step?.add === "statement");
    assert.equal(step.to, "key-policy");
    await t.run(putKeyPolicy, { keyId, policy: policyOf(only, step.statement) }, await t.as(keeper));
    await t.run(encrypt, { keyId, plaintext, encryptionContext }, await t.as(user));
  });

  it("tells of each action of a request, with its own encryption context", async () => {
    const from = await t.newKey();
    const to = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId: from.keyId, plaintext, encryptionContext: { side: "from" } });
    const user = await t.newUser("mover", allow("kms:ReEncryptFrom"));
    const { decisions } = await explain(async (requestId) =>
      t.run(
        reEncrypt,
        {
          ciphertext,
          sourceEncryptionContext: { side: "from" },
          destinationKeyId: to.keyId,
          destinationEncryptionContext: { side: "to" },
        },
        await t.as(user, { requestId }),
      ),
    );
    assert.deepEqual(
      decisions.map(({ action, resource, allowed }) => [action, resource.slice(-36), allowed]),
      [
        ["kms:ReEncryptFrom", from.keyId, true],
        ["kms:ReEncryptTo", to.keyId, false],
      ],
    );
    const step = decisions[1]?.remedies[0]?.steps[0];
    assert.deepEqual(step?.add === "grant" && step.grant.Constraints, { EncryptionContextEquals: { side: "to" } });
  });

  it("tells of requests without a key, and of those that policies allowed and that failed later", async () => {
    const user = await t.newUser("lister");
    const listing = await explain(async (requestId) => t.run(listKeys, {}, await t.as(user, { requestId })));
    assert.deepEqual(listing.decisions[0]?.resource, "*");
    assert.equal(listing.decisions[0].remedies.length, 1);
    const missing = await explain((requestId) => t.run(describeKey, { keyId: "alias/none" }, t.request({ requestId })));
    assert.deepEqual([missing.errorCode, missing.decisions], ["NotFoundException", []]);
  });

  it("keeps what it tells short, and free of what was encrypted", async () => {
    const wanting = (values: readonly string[]) =>
      allow("kms:Encrypt", when("StringEquals", "kms:EncryptionContext:dept", values));
    const long = Array.from({ length: 6 }, (_, at) => `${at}`.repeat(300));
    const user = await t.newUser("short", wanting(long), ...Array.from({ length: 6 }, () => wanting(["x"])));
    const { decisions } = await explainEncrypt(user, (await t.newKey()).keyId);
    const considered = decisions[0]?.considered ?? [];
    assert.equal(considered.length, 5);
    assert.equal(considered[0]?.failed?.expected?.length, 5);
    assert.equal(considered[0].failed.expected[0], `${"0".repeat(256)}...`);
    const event = JSON.stringify(await t.lastEvent());
    assert.ok(!event.includes("the plaintext") && !event.includes(plaintext.toString("base64")));
  });

  it("does not repeat a token that somebody wrote in the wrong place", async () => {
    const token = `hvs.${"A".repeat(24)}`;
    const user = await t.newUser("paster", allow("kms:Encrypt", when("StringEquals", "aws:UserAgent", "x")));
    const { keyId } = await t.newKey();
    for (const userAgent of [token, `${"u ".repeat(121)}${token}`]) {
      const { decisions } = await explain(async (requestId) =>
        t.run(encrypt, { keyId, plaintext }, await t.as(user, { requestId, userAgent })),
      );
      assert.match(decisions[0]?.considered?.[0]?.failed?.actual?.[0] ?? "", /hvs\.\[reda/);
      assert.ok(!JSON.stringify(await t.lastEvent()).includes("AAAAAA"));
    }
    // The resource of what was allowed is the caller's own words as well.
    await t.run(createAlias, { aliasName: `alias/${token}`, targetKeyId: keyId }).catch(() => undefined);
    const event = JSON.stringify(await t.lastEvent());
    assert.ok(event.includes('"action":"kms:CreateAlias"') && !event.includes("AAAAAA"));
  });

  it("does not take another record for the request's because a caller wrote its id", async () => {
    const { keyId } = await t.newKey();
    await t.run(encrypt, { keyId, plaintext, encryptionContext: { requestID: "forged" } });
    assert.deepEqual(await t.run(explainRequest, { requestId: "forged" }), { events: [] });
  });

  it("looks back in steps", async () => {
    const { keyId } = await t.newKey();
    await t.run(describeKey, { keyId }, t.request({ requestId: "old-one" }));
    for (let at = 0; at < 2001; at += 1) await t.run(describeKey, { keyId });
    const first = await t.run(explainRequest, { requestId: "old-one" });
    assert.deepEqual(first.events, []);
    assert.ok(first.before !== undefined);
    const second = await t.run(explainRequest, { requestId: "old-one", before: first.before });
    assert.equal(second.events.length, 1);
    const oldest = await t.run(explainRequest, { requestId: "none", before: 5 });
    assert.deepEqual(oldest, { events: [] });
  });

  it("is for those who may read the audit trail of this instance", async () => {
    const user = await t.newUser("nosy", allow("kms:*"));
    await t.fails(explainRequest, { requestId: "r" }, "AccessDenied", await t.as(user));
    await t.setPolicy(user, allow("cloudtrail:LookupEvents"));
    await t.run(explainRequest, { requestId: "r" }, await t.as(user));
    const foreign = t.request({ principal: rootPrincipal("111122223333") });
    await t.fails(explainRequest, { requestId: "r" }, "AccessDenied", foreign);
    await t.fails(explainRequest, { requestId: 'a"b' }, "InvalidInput");
    await t.fails(explainRequest, { requestId: "r", before: 0 }, "InvalidInput");
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type ErrorCode, type ErrorDetail, errorCodes } from "../errors.ts";
import { rootPrincipal } from "../identity/load-principal.ts";
import { createAccessKey } from "../operations/admin/access-keys.ts";
import { encrypt } from "../operations/encrypt.ts";
import { scheduleKeyDeletion } from "../operations/keys/schedule-key-deletion.ts";
import { readAuditEvents } from "../operations/read-audit-events.ts";
import { enableKeyRotation } from "../operations/rotation/automatic-rotation.ts";
import { dayMs } from "../operations/shared.ts";
import { recordRefusal } from "../pipeline/execute.ts";
import { CoreTest } from "../testing/core-test.ts";
import { auditErrorWords } from "./error-words.ts";
import { auditEventJson } from "./event.ts";

describe("audit events", () => {
  let t: CoreTest;

  before(async () => {
    t = await CoreTest.open();
  });
  after(() => t.close());

  it("have CloudTrail's members, in its order", async () => {
    const { keyId } = await t.newKey();
    const user = await t.newUser("alice", { Effect: "Allow", Action: "kms:Encrypt", Resource: "*" });
    const { record } = await t.run(createAccessKey, { principalArn: user.arn });
    const found = await t.core.identities.findAccessKey(record.accessKeyId);
    const request = t.request({
      principal: found!.principal,
      requestId: "r-1",
      sourceIp: "203.0.113.7",
      userAgent: "a",
    });
    await t.run(encrypt, { keyId, plaintext: Buffer.from("x"), encryptionContext: { a: "b" } }, request);
    const { cofferChain, eventID, ...event } = await t.lastEvent();
    assert.match(String(eventID), /^[0-9a-f-]{36}$/);
    assert.ok(cofferChain !== undefined);
    assert.deepEqual(event, {
      eventVersion: "1.11",
      userIdentity: {
        type: "IAMUser",
        principalId: found!.principal.principalId,
        arn: user.arn,
        accountId: "000000000000",
        accessKeyId: record.accessKeyId,
        userName: "alice",
      },
      eventTime: "2026-01-01T00:00:00Z",
      eventSource: "kms.amazonaws.com",
      eventName: "Encrypt",
      awsRegion: "us-east-1",
      sourceIPAddress: "203.0.113.7",
      userAgent: "a",
      requestParameters: { keyId, encryptionContext: { a: "b" }, encryptionAlgorithm: "SYMMETRIC_DEFAULT" },
      responseElements: null,
      additionalEventData: {
        wire: "aws",
        authorization: [
          {
            action: "kms:Encrypt",
            allowed: true,
            reason: "identity-policy",
            by: { source: "identity-policy", policy: 0, statement: 0 },
          },
        ],
      },
      requestID: "r-1",
      readOnly: true,
      resources: [
        {
          accountId: "000000000000",
          type: "AWS::KMS::Key",
          ARN: `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
        },
      ],
      eventType: "AwsApiCall",
      managementEvent: true,
      recipientAccountId: "000000000000",
      eventCategory: "Management",
    });
    assert.deepEqual(Object.keys(event).slice(0, 4), ["eventVersion", "userIdentity", "eventTime", "eventSource"]);
  });

  it("name a token's accessor, the wire's own name of a call and its path", async () => {
    const user = await t.newUser("bob");
    const principal = await t.core.identities.findToken(user.token);
    const request = t.request({
      principal: principal!,
      wire: "vault",
      eventName: "EncryptData",
      path: "/v1/transit/x",
    });
    await t.fails(encrypt, { keyId: "alias/none", plaintext: Buffer.from("x") }, "NotFound", request);
    const event = await t.lastEvent();
    assert.equal(event["eventName"], "EncryptData");
    assert.deepEqual(event["additionalEventData"], {
      wire: "vault",
      path: "/v1/transit/x",
      tokenAccessor: principal!.token!.accessor,
    });
    assert.deepEqual(event["resources"], []);
    assert.ok(!JSON.stringify(event).includes(principal!.token!.digest));
  });

  it("are one line whatever the caller sends, and give it back exactly", () => {
    const nasty = 'a\n\r\u2028\u0000"\\\ud800,"cofferChain":{}';
    const json = auditEventJson({
      caller: {
        requestId: nasty,
        wire: "rest",
        region: nasty,
        sourceIp: nasty,
        userAgent: nasty,
        secureTransport: false,
        path: nasty,
        principal: { ...rootPrincipal("000000000000"), accessKeyId: nasty },
      },
      account: "000000000000",
      eventSource: nasty,
      eventName: nasty,
      readOnly: true,
      nowMs: 0,
      parameters: { [nasty]: nasty, ["__proto__"]: nasty },
      response: { keyId: nasty },
      keys: [],
      error: { code: "Conflict", params: { reason: nasty } },
    });
    assert.ok(!/[\n\r]/.test(json));
    const event = JSON.parse(json);
    for (const member of ["eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "requestID"]) {
      assert.equal(event[member], nasty);
    }
    assert.equal(event.errorMessage, nasty);
    assert.equal(event.requestParameters[nasty], nasty);
    assert.equal(event.userIdentity.accessKeyId, nasty);
  });

  it("of nobody say so, and count for the instance's account", async () => {
    const error = { code: "Unauthenticated", params: { failure: "missing", reason: "No token." } } as const;
    const from = { region: "us-east-1", sourceIp: "::1", userAgent: "u", secureTransport: true };
    const caller = { requestId: "r", wire: "rest", ...from } as const;
    await recordRefusal(t.core, { caller, eventSource: "rest.coffer", eventName: "RefusedRequest", error });
    const event = await t.lastEvent();
    assert.deepEqual(event["userIdentity"], { type: "Unknown" });
    assert.deepEqual(
      [event["errorCode"], event["errorMessage"]],
      ["UnrecognizedClientException", "missing: No token."],
    );
    assert.equal(event["recipientAccountId"], "000000000000");
    assert.equal(event["eventSource"], "rest.coffer");
  });

  it("tell of rotations and destructions that came on their own as AWS's do", async () => {
    const { keyId } = await t.newKey();
    const doomed = await t.newKey();
    await t.run(enableKeyRotation, { keyId, periodDays: 90 });
    await t.run(scheduleKeyDeletion, { keyId: doomed.keyId, pendingWindowDays: 7 });
    t.test.clock.advance(90 * dayMs);
    await t.test.lifecycle.runDue();
    const [destroyed, rotated] = (await t.test.auditEvents()).slice(-2);
    for (const [event, eventName, details] of [
      [destroyed, "DeleteKey", { keyId: doomed.keyId }],
      [rotated, "RotateKey", { keyId, rotationType: "AUTOMATIC" }],
    ] as const) {
      assert.equal(event?.["eventName"], eventName);
      assert.deepEqual(event["serviceEventDetails"], details);
      assert.deepEqual(event["userIdentity"], { accountId: "000000000000", invokedBy: "AWS Internal" });
      assert.equal(event["eventType"], "AwsServiceEvent");
      assert.equal((event["resources"] as unknown[]).length, 1);
    }
  });

  it("have a code and a sentence for every error, and no member of the error's cause", () => {
    const params = {
      kind: "validation",
      reason: "A reason.",
      failure: "missing",
      principalArn: "arn:p",
      action: "kms:Encrypt",
      resource: "key",
      basis: "implicitDeny",
      id: "1",
      limit: "tags",
      max: 50,
      keyArn: "arn:k",
      state: "suspended",
      usage: "ENCRYPT_DECRYPT",
      operation: "Encrypt",
      errorId: "e-1",
    };
    const page = readFileSync(new URL("../../../../docs/AUDIT.md", import.meta.url), "utf8");
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      const { errorCode, errorMessage } = auditErrorWords({ code, params } as unknown as ErrorDetail);
      assert.match(errorCode, /^[A-Z][A-Za-z]+$/);
      assert.ok(errorCode === "AccessDenied" || errorCode.endsWith("Exception"), errorCode);
      assert.ok(!/undefined|\[object/.test(errorMessage), `${code}: ${errorMessage}`);
      assert.ok(errorMessage.length > 5, code);
      assert.ok(page.includes(`\`${errorCode}\``), `docs/AUDIT.md tells of ${errorCode}`);
    }
    const long = auditErrorWords({ code: "Conflict", params: { reason: "x".repeat(9999) } });
    assert.equal(long.errorMessage.length, 2048);
  });

  it("are read page by page by whoever may, oldest first", async () => {
    const { last } = await t.run(readAuditEvents, { after: 0, limit: 1 });
    const { lines } = await t.run(readAuditEvents, { after: last - 2, limit: 1000 });
    assert.equal(lines.length, 3);
    assert.equal(JSON.parse(lines[2]!).eventName, "LookupEvents");
    assert.equal((await t.run(readAuditEvents, { after: 2, limit: 2 })).lines.length, 2);
    for (const [from, limit] of [
      [-1, 1],
      [0, 0],
      [0, 1001],
      [0.5, 1],
    ] as const) {
      await t.fails(readAuditEvents, { after: from, limit }, "InvalidInput");
    }
    assert.equal(await t.tryAs([], readAuditEvents, { after: 0, limit: 1 }), "AccessDenied");
  });
});

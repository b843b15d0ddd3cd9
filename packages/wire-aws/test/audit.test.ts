import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type AuditLog, ServiceError, type Store } from "@coffer/service";
import { awsLimits } from "../src/limits.ts";
import { type AwsTest, assertError, base64, type Json, openAws } from "./aws-client.ts";

const stranger = { accessKeyId: "AKIAUNKNOWNUNKNOWNUN", secretAccessKey: "x" };

describe("audit of the AWS wire", () => {
  let aws: AwsTest;

  before(async () => {
    aws = await openAws();
  });
  after(async () => {
    assert.deepEqual(aws.test.bugs, []);
    await aws.close();
  });

  /** The records that `act` leaves. */
  async function recordsOf(act: () => Promise<unknown>): Promise<Json[]> {
    const before = (await aws.test.auditEvents()).length;
    await act();
    return (await aws.test.auditEvents()).slice(before);
  }

  it("records every request once, those too that reached no operation", async () => {
    const { KeyId } = await aws.createKey();
    const form = {
      headers: new Map([["content-type", "application/x-www-form-urlencoded"]]),
      body: Buffer.from("Action=X"),
    };
    const cases: [() => Promise<unknown>, string, "refused" | "done"][] = [
      [() => aws.call("Encrypt", { KeyId, Plaintext: base64("x") }), "Encrypt", "done"],
      [() => aws.call("Decrypt", { CiphertextBlob: "AA==" }), "Decrypt", "refused"],
      [() => aws.call("Encrypt", { KeyId: "" }), "Encrypt", "refused"],
      [() => aws.post("TrentService.Encrypt", "{"), "Encrypt", "refused"],
      [() => aws.call("EnableKey", { KeyId: "alias/x" }), "EnableKey", "refused"],
      [() => aws.call("Sign", {}), "Sign", "refused"],
      [() => aws.call("Nonsense", {}), "UnknownOperation", "refused"],
      [() => aws.call("ListKeys", {}, { as: stranger }), "ListKeys", "refused"],
      [() => aws.send({ headers: new Map() }), "UnknownOperation", "refused"],
      [() => aws.send(form), "UnknownOperation", "refused"],
      [
        () => aws.send({ ...form, body: Buffer.from("Action=GetCallerIdentity&Version=2011-06-15") }),
        "GetCallerIdentity",
        "refused",
      ],
    ];
    for (const [act, eventName, outcome] of cases) {
      const records = await recordsOf(act);
      assert.deepEqual(
        records.map((record) => [record["eventName"], record["errorCode"] === undefined ? "done" : "refused"]),
        [[eventName, outcome]],
      );
    }
  });

  it("records who asked, from where and for which region", async () => {
    const scope = { region: "eu-west-1" };
    const [known] = await recordsOf(() => aws.post("TrentService.ListKeys", "{", { scope }));
    assert.deepEqual(
      [known!["awsRegion"], known!["sourceIPAddress"], known!["userAgent"], known!["eventSource"]],
      ["eu-west-1", "203.0.113.7", "test", "kms.amazonaws.com"],
    );
    assert.equal((known!["userIdentity"] as Json)["arn"], "arn:aws:iam::000000000000:root");
    assert.equal((known!["userIdentity"] as Json)["accessKeyId"], aws.root.accessKeyId);
    const [unknown] = await recordsOf(() => aws.call("ListKeys", {}, { as: stranger }));
    assert.deepEqual(unknown!["userIdentity"], { type: "Unknown" });
  });

  it("cuts what anybody may send", async () => {
    const long = "x".repeat(1000);
    const [record] = await recordsOf(() => aws.call(long, {}, { headers: { "user-agent": long } }));
    assert.equal(String(record!["userAgent"]).length, awsLimits.userAgentChars.value);
    const longest = Math.max(0, ...(String(record!["errorMessage"]).match(/x+/g) ?? []).map((run) => run.length));
    assert.ok(longest <= awsLimits.targetChars.value);
  });

  it("answers that the audit log cannot be written, and does nothing", async () => {
    const { KeyId } = await aws.createKey();
    const { core } = aws.test;
    const reason = "The audit log cannot be written: the disk is full.";
    const broken: AuditLog = {
      append: () => Promise.reject(ServiceError.of("AuditUnavailable", { reason })),
      health: () => ({ ok: false, writable: false, reason }),
      read: (after, limit) => core.audit.read(after, limit),
      lastSequence: () => core.audit.lastSequence(),
      close: () => Promise.resolve(),
    };
    aws.useCore({ ...core, audit: broken });
    const refused = { type: "DependencyTimeoutException", message: reason, status: 503 };
    await aws.fails("DisableKey", { KeyId }, refused);
    await aws.fails("Encrypt", { KeyId, Plaintext: base64("x") }, refused);
    await aws.fails("Encrypt", {}, refused);
    await aws.fails("Nonsense", {}, refused);
    await aws.fails("ListKeys", {}, refused, { as: stranger });
    const form = new Map([["content-type", "application/x-www-form-urlencoded"]]);
    const sts = await aws.send({ headers: form, body: Buffer.from("Action=X") });
    assert.deepEqual([sts.status, /<Message>(.*)<\/Message>/.exec(sts.text)?.[1]], [503, reason]);
    aws.useCore(core);
    assert.equal((await aws.ok("DescribeKey", { KeyId })).KeyMetadata?.Enabled, true);
  });
});

describe("bugs behind the AWS wire", () => {
  it("are answered with an error id and nothing else", async () => {
    const secret = "what nobody may see";
    const wrapStore = (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          if (name === "listKeys") return () => Promise.reject(new Error(secret));
          const member: unknown = Reflect.get(target, name);
          return typeof member === "function" ? member.bind(target) : member;
        },
      });
    const aws = await openAws({ wrapStore });
    try {
      const answer = await aws.call("ListKeys", {});
      assertError(answer, {
        type: "KMSInternalException",
        status: 500,
        message: /^An internal error occurred\. Its id in the server's log is [0-9a-f-]{36}\.$/,
      });
      assert.ok(!answer.text.includes(secret));
      assert.deepEqual(aws.test.bugs.map(String), [`Error: ${secret}`]);
    } finally {
      await aws.close();
    }
  });
});

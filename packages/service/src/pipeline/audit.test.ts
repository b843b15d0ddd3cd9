import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { rootPrincipal } from "../identity/load-principal.ts";
import { createAccessKey } from "../operations/admin/access-keys.ts";
import { createToken } from "../operations/admin/tokens.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { generateDataKey } from "../operations/generate-data-key.ts";
import { generateRandom } from "../operations/generate-random.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { updateKeyDescription } from "../operations/keys/update-key-description.ts";
import { putKeyPolicy } from "../operations/policies/key-policy-operations.ts";
import { transitDataKey, transitDecrypt, transitEncrypt } from "../operations/transit/crypto-operations.ts";
import { CoreTest } from "../testing/core-test.ts";
import { recordRefusal } from "./execute.ts";
import { defineOperation } from "./operation.ts";

describe("the audit record of an operation", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(() => t.close());

  it("is one for each request: done, denied, refused, failed by a bug", async () => {
    const key = await t.newKey();
    const before = (await t.test.auditEvents()).length;
    const keyId = key.keyId;
    const stranger = await t.newUser("stranger");
    const asStranger = await t.as(stranger);
    await t.run(encrypt, { keyId, plaintext: Buffer.from("x") });
    await t.fails(encrypt, { keyId, plaintext: Buffer.from("x") }, "AccessDenied", asStranger);
    await t.fails(encrypt, { keyId, plaintext: Buffer.alloc(0) }, "InvalidInput");
    await t.fails(describeKey, { keyId: "00000000-0000-0000-0000-000000000000" }, "NotFound");
    await t.fails(describeKey, { keyId }, "GrantTokenInvalid", t.request({ grantTokens: ["x"] }));
    await t.fails(describeKey, { keyId }, "DryRun", t.request({ dryRun: true }));
    await t.fails(broken, null, "Internal");
    const events = (await t.test.auditEvents()).slice(before + 2);
    assert.deepEqual(
      events.map((event) => [event["eventName"], event["errorCode"]]),
      [
        ["Encrypt", undefined],
        ["Encrypt", "AccessDenied"],
        ["Encrypt", "ValidationException"],
        ["DescribeKey", "NotFoundException"],
        ["DescribeKey", "InvalidGrantTokenException"],
        ["DescribeKey", "DryRunOperationException"],
        ["Broken", "KMSInternalException"],
      ],
    );
    const requestIds = new Set(events.map((event) => event["requestID"]));
    assert.equal(requestIds.size, events.length);
  });

  it("names the key of a denied request, also when only the ciphertext names it", async () => {
    const key = await t.newKey();
    const arn = `arn:aws:kms:us-east-1:000000000000:key/${key.keyId}`;
    const { ciphertext } = await t.run(encrypt, { keyId: key.keyId, plaintext: Buffer.from("x") });
    const stranger = await t.as(await t.newUser("stranger"));
    const params = await t.fails(decrypt, { ciphertext }, "AccessDenied", stranger);
    assert.equal(params.basis, "ciphertextKey");
    const event = await t.lastEvent();
    assert.deepEqual(event["resources"], [{ accountId: "000000000000", type: "AWS::KMS::Key", ARN: arn }]);
  });

  it("holds no plaintext, ciphertext, secret or token", async () => {
    const plaintext = Buffer.from("PLANTED-PLAINTEXT-0123456789");
    const { keyId } = await t.newKey();
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext, encryptionContext: { shown: "yes" } });
    const opened = await t.run(decrypt, { ciphertext, encryptionContext: { shown: "yes" } });
    const dataKey = await t.run(generateDataKey, { keyId, dataKeyBytes: 32 });
    const random = await t.run(generateRandom, { bytes: 32 });
    const transit = await t.run(transitEncrypt, { keyId, items: [{ plaintext, aad: Buffer.from("PLANTED-AAD") }] });
    const first = transit.results[0]!;
    assert.ok(first.ok);
    const item = { ciphertext: first.value.ciphertext, aad: Buffer.from("PLANTED-AAD") };
    await t.run(transitDecrypt, { keyId, items: [item] });
    const wrapped = await t.run(transitDataKey, { keyId, dataKeyBytes: 32 });
    const root = rootPrincipal("000000000000");
    const { token } = await t.run(createToken, { principalArn: root.arn });
    const accessKey = await t.run(createAccessKey, { principalArn: root.arn });
    const text = JSON.stringify(await t.test.auditEvents());
    assert.ok(text.includes('"shown":"yes"'), "the encryption context is recorded");
    for (const bytes of [
      plaintext,
      ciphertext,
      opened.plaintext,
      dataKey.plaintext,
      random.plaintext,
      wrapped.plaintext,
    ]) {
      for (const encoding of ["base64", "base64url", "hex", "latin1"] as const) {
        assert.ok(!text.includes(bytes.toString(encoding)), encoding);
      }
    }
    for (const secret of [
      first.value.ciphertext,
      "PLANTED-AAD",
      token,
      accessKey.secretAccessKey,
      Buffer.from(accessKey.record.wrappedSecret).toString("base64"),
    ]) {
      assert.ok(!text.includes(secret), secret);
    }
    assert.ok(text.includes(accessKey.record.accessKeyId));
  });

  it("leaves out parameters that are too large to keep, and says how large they were", async () => {
    const { keyId } = await t.newKey();
    await t.fails(putKeyPolicy, { keyId, policy: "x".repeat(2_000_000) }, "LimitExceeded");
    const event = await t.lastEvent();
    const { omittedChars } = event["requestParameters"] as { omittedChars: number };
    assert.ok(omittedChars > 2_000_000);
    await t.fails(describeKey, { keyId: "k".repeat(2_000_000) }, "InvalidInput");
    assert.ok(JSON.stringify(await t.lastEvent()).length < 2000);
    await t.fails(describeKey, { keyId: `arn:${"k".repeat(2_000_000)}` }, "InvalidInput");
    assert.ok(JSON.stringify(await t.lastEvent()).length < 2000);
  });

  it("is written when the operation's own words for it fail, and nothing is done then", async () => {
    let ran = false;
    const unspeakable = defineOperation<null, null>({
      ...broken,
      name: "Unspeakable",
      record() {
        throw new Error("no words");
      },
      run() {
        ran = true;
        return null;
      },
    });
    await t.fails(unspeakable, null, "Internal");
    assert.equal(ran, false);
    assert.equal((await t.lastEvent())["eventName"], "Unspeakable");
    assert.equal(t.test.bugs.length, 1);
  });

  it("tells callers of a bug an id only, and the operator the rest", async () => {
    const params = await t.fails(broken, null, "Internal");
    assert.deepEqual(Object.keys(params), ["errorId"]);
    assert.match(params.errorId, /^[0-9a-f-]{36}$/);
    assert.match(String(t.test.bugs[0]), /PLANTED-DETAIL/);
    const event = await t.lastEvent();
    assert.ok(String(event["errorMessage"]).includes(params.errorId));
    assert.ok(!JSON.stringify(event).includes("PLANTED-DETAIL"));
  });
});

const broken = defineOperation<null, null>({
  name: "Broken",
  plane: "control",
  readOnly: true,
  keys: [],
  record: () => null,
  run() {
    throw new Error("PLANTED-DETAIL");
  },
});

describe("when the audit trail cannot be written", () => {
  let t: CoreTest;

  beforeEach(async () => {
    t = await CoreTest.open();
  });
  afterEach(() => t.close());

  /** Until the log itself knows that it fails, and every call after that. */
  async function breakDisk(): Promise<void> {
    t.disk.fail("append", "ENOSPC");
    await t.fails(generateRandom, { bytes: 1 }, "AuditUnavailable");
  }

  it("every request fails, and nothing is changed or answered any more", async () => {
    const key = await t.newKey({ description: "before" });
    const { ciphertext } = await t.run(encrypt, { keyId: key.keyId, plaintext: Buffer.from("x") });
    await breakDisk();
    assert.equal(t.core.audit.health().writable, false);
    const { reason } = await t.fails(decrypt, { ciphertext }, "AuditUnavailable");
    assert.equal(reason, "The disk that holds the audit log is full.");
    await t.fails(updateKeyDescription, { keyId: key.keyId, description: "after" }, "AuditUnavailable");
    const stored = await t.core.store.get("keys", { region: key.region, keyId: key.keyId });
    assert.equal(stored?.description, "before");
    assert.deepEqual(t.test.bugs, []);
  });

  it("a refusal is not told either: the reason is the audit trail", async () => {
    await breakDisk();
    const from = { region: "us-east-1", sourceIp: "::1", userAgent: "", secureTransport: true };
    const caller = { requestId: "r", wire: "rest", ...from } as const;
    const error = { code: "NotFound", params: { resource: "route", id: "/" } } as const;
    await assert.rejects(recordRefusal(t.core, { caller, eventName: "RefusedRequest", error }), /AuditUnavailable/);
  });

  it("works again by itself once there is room", async () => {
    const { keyId } = await t.newKey();
    await breakDisk();
    t.disk.heal();
    t.test.clock.advance(1000);
    await t.run(updateKeyDescription, { keyId, description: "after" }).catch(() => {});
    await t.run(updateKeyDescription, { keyId, description: "again" });
    assert.equal((await t.run(describeKey, { keyId })).key.description, "again");
    const names = (await t.test.auditEvents()).map((event) => event["eventName"]);
    assert.deepEqual(names.slice(-2), ["UpdateKeyDescription", "DescribeKey"]);
  });

  it("wipes the plaintext that nobody gets", async () => {
    const { keyId } = await t.newKey();
    const made = await t.run(transitEncrypt, { keyId, items: [{ plaintext: Buffer.from("PLAIN") }] });
    const first = made.results[0]!;
    assert.ok(first.ok);
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext: Buffer.from("PLAIN") });
    const item = { ciphertext: first.value.ciphertext };
    const outputs = [
      await unanswered(decrypt, { ciphertext }, ({ plaintext }) => [plaintext]),
      await unanswered(generateDataKey, { keyId, dataKeyBytes: 32 }, ({ plaintext }) => [plaintext]),
      await unanswered(generateRandom, { bytes: 32 }, ({ plaintext }) => [plaintext]),
      await unanswered(transitDataKey, { keyId, dataKeyBytes: 32 }, ({ plaintext }) => [plaintext]),
      await unanswered(transitDecrypt, { keyId, items: [item, item] }, ({ results }) =>
        results.flatMap((result) => (result.ok ? [result.value] : [])),
      ),
    ];
    assert.deepEqual(
      outputs.map((buffers) => buffers.length),
      [1, 1, 1, 1, 2],
    );
    for (const buffer of outputs.flat()) assert.ok(buffer.every((byte) => byte === 0));
  });

  /** Runs an operation whose audit record fails; gives the secret buffers of the output that was not answered. */
  async function unanswered<Input, Output>(
    operation: Parameters<typeof t.run<Input, Output>>[0],
    input: Input,
    secretsOf: (output: Output) => Buffer[],
  ): Promise<Buffer[]> {
    let secrets: Buffer[] = [];
    const spied = {
      ...operation,
      recordOutput(output: Output) {
        secrets = secretsOf(output);
        assert.ok(secrets.some((buffer) => buffer.some((byte) => byte !== 0)));
        return {};
      },
    };
    t.disk.fail("append", "EIO", { times: 1 });
    await t.fails(spied, input, "AuditUnavailable");
    t.disk.heal();
    t.test.clock.advance(1000);
    await t.run(generateRandom, { bytes: 1 }).catch(() => {});
    return secrets;
  }
});

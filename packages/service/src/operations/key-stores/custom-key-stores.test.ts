import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { KeyStoreProblem } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { KeyStoreConnectionError } from "../../model/key-store.ts";
import { allow } from "../../testing/core-test.ts";
import { ExternalStoreTest } from "../../testing/external-store-test.ts";
import { rotateKeyring } from "../admin/rotate-keyring.ts";
import { encrypt } from "../encrypt.ts";
import { createKey } from "../keys/create-key.ts";
import { scheduleKeyDeletion } from "../keys/schedule-key-deletion.ts";
import { connectCustomKeyStore, disconnectCustomKeyStore } from "./connect-custom-key-store.ts";
import { createCustomKeyStore } from "./create-custom-key-store.ts";
import { deleteCustomKeyStore } from "./delete-custom-key-store.ts";
import { describeCustomKeyStores } from "./describe-custom-key-stores.ts";
import { type UpdateCustomKeyStoreInput, updateCustomKeyStore } from "./update-custom-key-store.ts";

/** What the proxy may answer, and what then becomes of creating and of connecting. */
const refusals: readonly [number, string, KeyStoreProblem, KeyStoreConnectionError][] = [
  [400, "ValidationException", "invalidResponse", "XKS_PROXY_INVALID_RESPONSE"],
  [400, "InvalidStateException", "invalidResponse", "XKS_PROXY_INVALID_RESPONSE"],
  [401, "AuthenticationFailedException", "incorrectCredential", "XKS_PROXY_ACCESS_DENIED"],
  [403, "AccessDeniedException", "incorrectCredential", "XKS_PROXY_ACCESS_DENIED"],
  [404, "InvalidUriPathException", "invalidConfiguration", "XKS_PROXY_INVALID_CONFIGURATION"],
  [429, "ThrottlingException", "unreachable", "XKS_PROXY_TIMED_OUT"],
  [503, "DependencyTimeoutException", "unreachable", "XKS_PROXY_TIMED_OUT"],
  [500, "InternalException", "invalidResponse", "XKS_PROXY_INVALID_RESPONSE"],
  [200, "no health", "invalidResponse", "XKS_PROXY_INVALID_RESPONSE"],
];

const origin = "EXTERNAL_KEY_STORE";

describe("custom key stores", () => {
  let s: ExternalStoreTest;
  let t: ExternalStoreTest["t"];

  beforeEach(async () => {
    s = await ExternalStoreTest.open();
    t = s.t;
  });
  afterEach(() => s.close());

  const create = async (changes: object = {}) =>
    (await t.run(createCustomKeyStore, { ...s.input, ...changes })).keyStore.customKeyStoreId;
  const problem = async (found: Promise<{ problem: KeyStoreProblem }>) => (await found).problem;

  it("are made disconnected, and connect when the proxy is healthy", async () => {
    const customKeyStoreId = await create();
    assert.match(customKeyStoreId, /^cks-[0-9a-f]{17}$/);
    const { wrappedSecret, ...made } = await s.described(customKeyStoreId);
    assert.ok(!Buffer.from(wrappedSecret).includes(s.input.credential.secretAccessKey));
    const { name, uriEndpoint, uriPath, credential } = s.input;
    assert.deepEqual(
      { ...made, wrappingKeyId: "" },
      {
        account: "000000000000",
        region: "us-east-1",
        customKeyStoreId,
        name,
        uriEndpoint,
        uriPath,
        accessKeyId: credential.accessKeyId,
        wrappingKeyId: "",
        state: "disconnected",
        createdAtMs: t.test.clock.nowMs(),
        revision: 1,
      },
    );
    await t.run(connectCustomKeyStore, { customKeyStoreId });
    await t.run(connectCustomKeyStore, { customKeyStoreId });
    assert.equal((await s.described(customKeyStoreId)).state, "connected");
    await t.run(disconnectCustomKeyStore, { customKeyStoreId });
    assert.equal(
      await problem(t.fails(disconnectCustomKeyStore, { customKeyStoreId }, "KeyStoreInvalid")),
      "invalidState",
    );
    const seen = (await s.remote.auditEvents()).filter(({ eventName }) => eventName === "XksGetHealthStatus");
    assert.deepEqual(
      seen.map(({ requestParameters }) => Object(requestParameters).requestMetadata.kmsOperation),
      ["CreateCustomKeyStore", "ConnectCustomKeyStore"],
    );
    const events = JSON.stringify([...(await t.test.auditEvents()), ...(await s.remote.auditEvents())]);
    assert.ok(events.includes(credential.accessKeyId));
    assert.ok(!events.includes(credential.secretAccessKey));
  });

  it("are not made, and do not connect, when the proxy does not serve", async () => {
    const customKeyStoreId = await create();
    for (const [status, errorName, wanted, code] of refusals) {
      s.refuse(status, errorName);
      const found = await t.fails(
        createCustomKeyStore,
        { ...s.input, name: "other", uriPath: "/kms/xks/v1" },
        "KeyStoreInvalid",
      );
      assert.equal(found.problem, wanted, errorName);
      await t.run(connectCustomKeyStore, { customKeyStoreId });
      const { state, connectionError } = await s.described(customKeyStoreId);
      assert.deepEqual([state, connectionError], ["failed", code], errorName);
      const again = await t.fails(connectCustomKeyStore, { customKeyStoreId }, "KeyStoreInvalid");
      assert.equal(again.problem, "invalidState");
      await t.run(disconnectCustomKeyStore, { customKeyStoreId });
      assert.equal((await s.described(customKeyStoreId)).connectionError, undefined);
    }
    assert.equal((await t.run(describeCustomKeyStores, {})).items.length, 1);
  });

  it("wait for a silent proxy as long as AWS KMS does", async () => {
    const customKeyStoreId = await create();
    const asked = s.silence();
    const connecting = t.run(connectCustomKeyStore, { customKeyStoreId });
    await asked;
    t.test.clock.advance(limits.xksTimeoutMs.value);
    await connecting;
    assert.equal((await s.described(customKeyStoreId)).connectionError, "XKS_PROXY_TIMED_OUT");
  });

  it("have names and addresses of their own, and are few", async () => {
    await create();
    assert.equal(await problem(t.fails(createCustomKeyStore, s.input, "KeyStoreInvalid")), "nameInUse");
    const upper = s.input.uriEndpoint.replace("localhost", "LOCALHOST");
    const other = { ...s.input, name: "other", uriEndpoint: upper };
    assert.equal(await problem(t.fails(createCustomKeyStore, other, "KeyStoreInvalid")), "uriInUse");
    const elsewhere = t.request({ region: "eu-west-1" });
    await t.run(createCustomKeyStore, s.input, elsewhere);
    const max = limits.customKeyStores.value;
    const row = (await t.run(describeCustomKeyStores, {})).items[0]!;
    for (let n = 1; n < max; n += 1) {
      const customKeyStoreId = `cks-${String(n).padStart(17, "0")}`;
      const copy = { ...row, customKeyStoreId, name: `${n}`, uriPath: `/${n}/kms/xks/v1`, revision: 1 };
      await t.core.commit([{ op: "insert", table: "customKeyStores", row: copy }]);
    }
    await t.fails(createCustomKeyStore, { ...s.input, name: "more", uriPath: "/more/kms/xks/v1" }, "LimitExceeded");
    const first = await t.run(describeCustomKeyStores, { limit: 4 });
    const second = await t.run(describeCustomKeyStores, { limit: 100, marker: first.nextMarker });
    assert.deepEqual([first.items.length, second.items.length, second.nextMarker], [4, max - 4, undefined]);
    await t.fails(describeCustomKeyStores, { marker: "made-up" }, "MarkerInvalid");
    assert.equal((await t.run(describeCustomKeyStores, { name: "cellar" })).items[0]!.name, "cellar");
    assert.equal(await problem(t.fails(describeCustomKeyStores, { name: "none" }, "KeyStoreInvalid")), "notFound");
    await t.fails(describeCustomKeyStores, { name: "cellar", customKeyStoreId: "cks-1" }, "InvalidInput");
  });

  it("refuse addresses and names that cannot be", async () => {
    for (const uriEndpoint of [
      "http://localhost",
      "https://",
      "https://user@localhost",
      "https://localhost/",
      "https://localhost:99999",
      "https://a b",
      "https://localhost?x",
    ]) {
      await t.fails(createCustomKeyStore, { ...s.input, uriEndpoint }, "InvalidInput");
    }
    for (const uriPath of [
      "",
      "/kms/xks/v2",
      "kms/xks/v1",
      "/a//kms/xks/v1",
      "/../kms/xks/v1",
      "/a/kms/xks/v1/",
      `/${"x".repeat(250)}/kms/xks/v1`,
    ]) {
      await t.fails(createCustomKeyStore, { ...s.input, uriPath }, "InvalidInput");
    }
    const longest = "n".repeat(limits.keyStoreNameChars.value);
    await t.fails(createCustomKeyStore, { ...s.input, name: `${longest}n` }, "InvalidInput");
    await create({ name: longest });
  });

  it("change name, path and credential at any time, their endpoint only while disconnected", async () => {
    const customKeyStoreId = await s.connected();
    const update = (changes: Partial<UpdateCustomKeyStoreInput>) =>
      t.run(updateCustomKeyStore, { customKeyStoreId, ...changes });
    const refused = async (changes: Partial<UpdateCustomKeyStoreInput>) =>
      problem(t.fails(updateCustomKeyStore, { customKeyStoreId, ...changes }, "KeyStoreInvalid"));
    await update({ name: "attic" });
    const wrong = { accessKeyId: s.input.credential.accessKeyId, secretAccessKey: "x".repeat(43) };
    assert.equal(await refused({ credential: wrong }), "incorrectCredential");
    assert.equal(await refused({ uriPath: "/kms/xks/v1" }), "invalidConfiguration");
    const uriEndpoint = s.input.uriEndpoint.replace("localhost", "127.0.0.1");
    assert.equal(await refused({ uriEndpoint }), "invalidState");
    const { accessKeyId, secretAccessKey } = s.remote.root;
    await update({ credential: { accessKeyId, secretAccessKey } });
    await t.run(disconnectCustomKeyStore, { customKeyStoreId });
    assert.equal(await refused({ uriEndpoint: "https://127.0.0.1:1" }), "unreachable");
    await update({ uriEndpoint });
    await t.run(connectCustomKeyStore, { customKeyStoreId });
    const record = await s.described(customKeyStoreId);
    assert.deepEqual(
      [record.name, record.uriEndpoint, record.accessKeyId, record.state],
      ["attic", uriEndpoint, accessKeyId, "connected"],
    );
    assert.equal(
      await problem(t.fails(updateCustomKeyStore, { customKeyStoreId: "cks-none" }, "KeyStoreInvalid")),
      "notFound",
    );
  });

  it("are deleted when they are disconnected and hold no key", async () => {
    const customKeyStoreId = await s.connected();
    const refused = () => problem(t.fails(deleteCustomKeyStore, { customKeyStoreId }, "KeyStoreInvalid"));
    assert.equal(await refused(), "invalidState");
    const externalKey = { customKeyStoreId, xksKeyId: await s.externalKey() };
    const { keyId } = await t.newKey({ origin, externalKey });
    await t.run(disconnectCustomKeyStore, { customKeyStoreId });
    assert.equal(await refused(), "hasKeys");
    await t.run(scheduleKeyDeletion, { keyId, pendingWindowDays: 7 });
    assert.equal(await refused(), "hasKeys");
    t.test.clock.advance(7 * 86_400_000);
    await t.test.lifecycle.runDue();
    await t.run(deleteCustomKeyStore, { customKeyStoreId });
    for (const operation of [deleteCustomKeyStore, connectCustomKeyStore, disconnectCustomKeyStore]) {
      assert.equal(await problem(t.fails(operation, { customKeyStoreId }, "KeyStoreInvalid")), "notFound");
    }
  });

  it("are found in their own account and region alone, and are AWS's actions to policies", async () => {
    const customKeyStoreId = await s.connected();
    const elsewhere = t.request({ region: "eu-west-1" });
    const found = await t.fails(describeCustomKeyStores, { customKeyStoreId }, "KeyStoreInvalid", elsewhere);
    assert.equal(found.problem, "notFound");
    const everything = allow("kms:*");
    const one = { customKeyStoreId };
    for (const [operation, input] of [
      [createCustomKeyStore, s.input],
      [updateCustomKeyStore, { ...one, name: "x" }],
      [describeCustomKeyStores, one],
      [disconnectCustomKeyStore, one],
      [connectCustomKeyStore, one],
      [deleteCustomKeyStore, one],
    ] as const) {
      const deny = { ...allow(`kms:${operation.name}`), Effect: "Deny" };
      assert.equal(
        await t.tryAs([everything, deny], operation as typeof updateCustomKeyStore, input as typeof one),
        "AccessDenied",
      );
      const own = [allow(`kms:${operation.name}`)];
      assert.notEqual(
        await t.tryAs(own, operation as typeof updateCustomKeyStore, input as typeof one),
        "AccessDenied",
      );
    }
  });

  it("keep their credential when the keyring rotates", async () => {
    const customKeyStoreId = await s.connected();
    const { keyId } = await t.newKey({ origin, externalKey: { customKeyStoreId, xksKeyId: await s.externalKey() } });
    const before = (await s.described(customKeyStoreId)).wrappingKeyId;
    await t.run(rotateKeyring, null);
    assert.notEqual((await s.described(customKeyStoreId)).wrappingKeyId, before);
    await t.run(encrypt, { keyId, plaintext: Buffer.from("after") });
    const { key } = await t.run(createKey, {
      origin,
      externalKey: { customKeyStoreId, xksKeyId: await s.externalKey() },
    });
    assert.equal(key.origin, "EXTERNAL_KEY_STORE");
  });
});

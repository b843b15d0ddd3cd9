import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { encodeExternalBlob, parseExternalBlob, parseKmsBlob } from "@coffer/crypto";
import { limits } from "../../limits.ts";
import { execute } from "../../pipeline/execute.ts";
import { ExternalStoreTest } from "../../testing/external-store-test.ts";
import { decrypt } from "../decrypt.ts";
import { encrypt } from "../encrypt.ts";
import { generateDataKey, generateDataKeyWithoutPlaintext } from "../generate-data-key.ts";
import { disableKey } from "../keys/change-state.ts";
import { createKey } from "../keys/create-key.ts";
import { describeKey } from "../keys/describe-key.ts";
import { reEncrypt } from "../re-encrypt.ts";
import { disableKeyRotation, enableKeyRotation } from "../rotation/automatic-rotation.ts";
import { rotateKeyOnDemand } from "../rotation/rotate-key-on-demand.ts";
import { transitDecrypt, transitEncrypt } from "../transit/crypto-operations.ts";
import { xksKeyMetadata } from "../xks/xks-key-metadata.ts";
import { connectCustomKeyStore, disconnectCustomKeyStore } from "./connect-custom-key-store.ts";

const plaintext = Buffer.from("attack at dawn");
const encryptionContext = { purpose: "test" };

const origin = "EXTERNAL_KEY_STORE";

describe("keys in an external key store", () => {
  let s: ExternalStoreTest;
  let t: ExternalStoreTest["t"];
  let customKeyStoreId: string;
  let xksKeyId: string;
  let keyId: string;

  beforeEach(async () => {
    s = await ExternalStoreTest.open();
    t = s.t;
    customKeyStoreId = await s.connected();
    xksKeyId = await s.externalKey();
    keyId = (await t.newKey({ origin, externalKey: { customKeyStoreId, xksKeyId } })).keyId;
  });
  afterEach(() => s.close());

  const sealed = async () => (await t.run(encrypt, { keyId, plaintext, encryptionContext })).ciphertext;
  const external = async () => ({ customKeyStoreId, xksKeyId: await s.externalKey() });

  it("encrypt and decrypt through the proxy, which is told of the request behind it", async () => {
    const request = t.request();
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext, encryptionContext }, request);
    const opened = await t.run(decrypt, { ciphertext, encryptionContext });
    assert.deepEqual(opened.plaintext, plaintext);
    const events = (await s.remote.auditEvents()).filter(({ eventName }) => eventName !== "XksGetHealthStatus");
    const told = events.filter(({ eventSource }) => eventSource === "kms-xks-proxy.coffer");
    assert.deepEqual(
      told.map(({ eventName }) => eventName),
      ["XksGetKeyMetadata", "XksEncrypt", "XksDecrypt"],
    );
    assert.deepEqual(told[1]!["requestParameters"], {
      externalKeyId: xksKeyId,
      requestMetadata: {
        awsPrincipalArn: "arn:aws:iam::000000000000:root",
        kmsKeyArn: `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
        kmsOperation: "Encrypt",
        kmsRequestId: request.requestId,
      },
    });
  });

  it("make data keys and re-encrypt, to the store and out of it", async () => {
    const made = await t.run(generateDataKey, { keyId, dataKeyBytes: 32, encryptionContext });
    const opened = await t.run(decrypt, { ciphertext: made.ciphertext, encryptionContext });
    assert.deepEqual(opened.plaintext, made.plaintext);
    await t.run(generateDataKeyWithoutPlaintext, { keyId, dataKeyBytes: 32 });
    const own = await t.newKey();
    const moved = await t.run(reEncrypt, {
      ciphertext: made.ciphertext,
      sourceEncryptionContext: encryptionContext,
      destinationKeyId: own.keyId,
    });
    assert.ok(parseKmsBlob(moved.ciphertext) !== undefined);
    const back = await t.run(reEncrypt, { ciphertext: moved.ciphertext, destinationKeyId: keyId });
    assert.deepEqual((await t.run(decrypt, { ciphertext: back.ciphertext })).plaintext, made.plaintext);
  });

  it("need both keys: neither the proxy's nor the own one opens a ciphertext alone", async () => {
    let inner = Buffer.alloc(0);
    s.proxy.handler = (request) => {
      inner = Buffer.from(JSON.parse(Buffer.from(request.body).toString()).plaintext ?? "", "base64");
      return s.honest(request);
    };
    const ciphertext = await sealed();
    s.heal();
    // What the proxy saw is a blob of the key's own material, which must not open without the proxy.
    assert.equal(parseKmsBlob(inner)?.keyId, keyId);
    assert.ok(!inner.includes(plaintext));
    await t.fails(decrypt, { ciphertext: inner, encryptionContext }, "CiphertextInvalid");
    await t.fails(reEncrypt, { ciphertext: inner, destinationKeyId: keyId }, "CiphertextInvalid");
    // A proxy that answers with anything but the inner blob of this key gives nothing away.
    const own = await t.newKey();
    const foreign = (await t.run(encrypt, { keyId: own.keyId, plaintext, encryptionContext })).ciphertext;
    const answers = [Buffer.alloc(inner.byteLength), foreign];
    for (const answer of answers) {
      s.proxy.handler = () => {
        const body = JSON.stringify({ plaintext: answer.toString("base64") });
        return Promise.resolve({ status: 200, headers: {}, body });
      };
      await t.fails(decrypt, { ciphertext, encryptionContext }, "CiphertextInvalid");
    }
    s.heal();
    // A blob of an external key is nothing to a key that has its own material only.
    const blob = parseExternalBlob(ciphertext);
    assert.ok(blob !== undefined);
    const renamed = encodeExternalBlob(own.keyId, 1, blob.parts);
    await t.fails(decrypt, { ciphertext: renamed, encryptionContext }, "CiphertextInvalid");
  });

  it("bind the encryption context twice, and tell the proxy nothing of it", async () => {
    let body = "";
    s.proxy.handler = (request) => {
      body += Buffer.from(request.body).toString();
      return s.honest(request);
    };
    const ciphertext = await sealed();
    assert.ok(!body.includes("purpose"));
    assert.ok(!body.includes(Buffer.from("purpose").toString("base64").slice(0, 8)));
    const wrong = await t.fails(decrypt, { ciphertext, encryptionContext: { purpose: "other" } }, "KeyStateInvalid");
    assert.match(wrong.reason, /ciphertext or encryption context is corrupted/);
    await t.fails(decrypt, { ciphertext }, "KeyStateInvalid");
  });

  it("take as much as any key", async () => {
    const most = Buffer.alloc(limits.plaintextBytes.value, 7);
    const { ciphertext } = await t.run(encrypt, { keyId, plaintext: most });
    assert.ok(ciphertext.byteLength <= limits.ciphertextBytes.value);
    assert.deepEqual((await t.run(decrypt, { ciphertext })).plaintext, most);
  });

  it("are unavailable while the store is not connected, and come back with it", async () => {
    const ciphertext = await sealed();
    await t.run(disconnectCustomKeyStore, { customKeyStoreId });
    assert.equal((await t.run(describeKey, { keyId })).unavailable, true);
    for (const attempt of [
      t.fails(encrypt, { keyId, plaintext }, "KeyStateInvalid"),
      t.fails(decrypt, { ciphertext, encryptionContext }, "KeyStateInvalid"),
      t.fails(generateDataKey, { keyId, dataKeyBytes: 32 }, "KeyStateInvalid"),
    ]) {
      assert.match((await attempt).reason, / is unavailable\.$/);
    }
    const refused = await t.fails(createKey, { origin, externalKey: await external() }, "KeyStoreInvalid");
    assert.equal(refused.problem, "invalidState");
    await t.run(connectCustomKeyStore, { customKeyStoreId });
    assert.equal((await t.run(describeKey, { keyId })).unavailable, false);
    assert.deepEqual((await t.run(decrypt, { ciphertext, encryptionContext })).plaintext, plaintext);
  });

  it("say what the proxy says, and hold its silence no longer than AWS KMS does", async () => {
    const ciphertext = await sealed();
    for (const [status, errorName, words] of [
      [400, "ValidationException", /cannot interpret/],
      [400, "InvalidStateException", /is not enabled/],
      [400, "InvalidCiphertextException", /is corrupted/],
      [400, "InvalidKeyUsageException", /does not support the requested operation/],
      [401, "AuthenticationFailedException", /could not authenticate/],
      [403, "AccessDeniedException", /denied access/],
      [404, "KeyNotFoundException", /was not found/],
      [404, "InvalidUriPathException", /invalid URI path/],
      [429, "ThrottlingException", /very high request rate/],
      [501, "UnsupportedOperationException", /does not support/],
      [503, "DependencyTimeoutException", /in the time allotted/],
      [500, "InternalException", /cannot communicate with the external key manager/],
    ] as const) {
      s.refuse(status, errorName);
      assert.match((await t.fails(decrypt, { ciphertext, encryptionContext }, "KeyStateInvalid")).reason, words);
      assert.match((await t.fails(encrypt, { keyId, plaintext }, "KeyStateInvalid")).reason, words);
    }
    const asked = s.silence();
    const waiting = t.fails(encrypt, { keyId, plaintext }, "KeyStateInvalid");
    await asked;
    t.test.clock.advance(limits.xksTimeoutMs.value);
    assert.match((await waiting).reason, /did not respond in time/);
    await s.proxy.close();
    assert.match((await t.fails(encrypt, { keyId, plaintext }, "KeyStateInvalid")).reason, /cannot communicate with/);
  });

  it("are made of an external key that serves, of one each", async () => {
    const problemOf = async (input: object) =>
      (await t.fails(createKey, { origin, externalKey: { ...(await external()), ...input } }, "KeyStoreInvalid"))
        .problem;
    assert.equal(await problemOf({ xksKeyId }), "keyInUse");
    assert.equal(await problemOf({ xksKeyId: "none" }), "keyNotFound");
    assert.equal(await problemOf({ customKeyStoreId: "cks-none" }), "notFound");
    const disabled = await s.externalKey();
    await execute(s.remote.core, disableKey, { keyId: disabled }, s.remote.request());
    assert.equal(await problemOf({ xksKeyId: disabled }), "keyInvalid");
    for (const [status, errorName, problem] of [
      [400, "InvalidStateException", "keyInvalid"],
      [400, "InvalidKeyUsageException", "keyInvalid"],
      [403, "AccessDeniedException", "accessDenied"],
      [401, "AuthenticationFailedException", "invalidState"],
      [500, "InternalException", "invalidState"],
    ] as const) {
      const externalKey = await external();
      s.refuse(status, errorName);
      assert.equal((await t.fails(createKey, { origin, externalKey }, "KeyStoreInvalid")).problem, problem);
      s.heal();
    }
    const facts = { keySpec: "AES_256", keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: "ENABLED" };
    for (const changes of [
      { keySpec: "RSA_2048" },
      { keyUsage: ["ENCRYPT"] },
      { keyUsage: ["DECRYPT"] },
      { keyStatus: "DISABLED" },
    ]) {
      const externalKey = await external();
      const body = JSON.stringify({ ...facts, ...changes });
      s.proxy.handler = () => Promise.resolve({ status: 200, headers: {}, body });
      assert.equal((await t.fails(createKey, { origin, externalKey }, "KeyStoreInvalid")).problem, "keyInvalid");
      s.heal();
    }
    for (const bad of ["", "..", "a/b", "a?b", "x".repeat(129)]) {
      await t.fails(createKey, { origin, externalKey: { customKeyStoreId, xksKeyId: bad } }, "InvalidInput");
    }
    await t.fails(createKey, { externalKey: await external() }, "InvalidInput");
    await t.fails(createKey, { origin }, "InvalidInput");
    await t.fails(createKey, { origin, multiRegion: true, externalKey: await external() }, "Unsupported");
    const rsa = { spec: "RSA_2048", usage: "ENCRYPT_DECRYPT" };
    await t.fails(createKey, { origin, ...rsa, externalKey: await external() }, "Unsupported");
    const rotation = { enabled: true, periodMs: 90 * 86_400_000, nextAtMs: t.test.clock.nowMs() + 1 };
    await t.fails(createKey, { origin, externalKey: await external(), rotation }, "Unsupported");
    const externalKey = await external();
    const both = await Promise.allSettled([t.newKey({ origin, externalKey }), t.newKey({ origin, externalKey })]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  it("neither rotate nor serve what would use their own material alone", async () => {
    const items = [{ plaintext }];
    await t.fails(enableKeyRotation, { keyId }, "Unsupported");
    await t.fails(disableKeyRotation, { keyId }, "Unsupported");
    await t.fails(rotateKeyOnDemand, { keyId, limited: true }, "Unsupported");
    await t.fails(transitEncrypt, { keyId, items } as never, "Unsupported");
    await t.fails(transitDecrypt, { keyId, items: [] } as never, "Unsupported");
    const metadata = { kmsOperation: "CreateKey", kmsRequestId: "1" };
    await t.fails(xksKeyMetadata, { keyId, metadata }, "Unsupported");
  });
});

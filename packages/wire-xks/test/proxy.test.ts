import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  configureKey,
  createAlias,
  disableKey,
  execute,
  putKeyPolicy,
  rotateKeyOnDemand,
  scheduleKeyDeletion,
} from "@coffer/service";
import { xksLimits } from "../src/index.ts";
import { type Json, requestMetadata, uriPath, XksTest } from "./xks-client.ts";

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");
const plaintext = base64("Hello World!");
const aad = base64("project=nile,department=marketing");
const encryptBody = { requestMetadata, plaintext, encryptionAlgorithm: "AES_GCM" };

/** The body that decrypts what an Encrypt answered. */
function decryptBody(answered: Json, more: Json = {}): Json {
  const { authenticationTag, ciphertext, ciphertextMetadata, initializationVector } = answered;
  const parts = { authenticationTag, ciphertext, ciphertextMetadata, initializationVector };
  return { requestMetadata, encryptionAlgorithm: "AES_GCM", ...parts, ...more };
}

describe("the external key store proxy", () => {
  let t: XksTest;
  let keyId: string;

  before(async () => {
    t = await XksTest.open();
    keyId = (await t.newKey()).keyId;
  });
  after(() => t.close());

  const encrypt = async (more: Json = {}) => {
    const { status, json } = await t.call(`keys/${keyId}/encrypt`, { ...encryptBody, ...more });
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  const decrypted = async (body: Json) => {
    const { status, json } = await t.call(`keys/${keyId}/decrypt`, body);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };

  it("tells of its health", async () => {
    const { status, json, headers } = await t.call("health", {
      requestMetadata: { kmsOperation: "KmsHealthCheck", kmsRequestId: "1" },
    });
    assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
    assert.deepEqual(json, {
      xksProxyFleetSize: 1,
      xksProxyVendor: "Coffer",
      xksProxyModel: "Coffer 0.0.0",
      ekmVendor: "Coffer",
      ekmFleetDetails: [{ id: "coffer-000000000000", model: "Coffer 0.0.0", healthStatus: "ACTIVE" }],
    });
    const nobody = await t.newUser("nobody", { Effect: "Deny", Action: "*", Resource: "*" });
    const body = { requestMetadata: { kmsOperation: "ConnectCustomKeyStore", kmsRequestId: "2" } };
    assert.equal((await t.call("health", body, { as: nobody })).status, 200);
  });

  it("tells what a key is", async () => {
    const metadata = { ...requestMetadata, kmsOperation: "CreateKey" };
    const { json } = await t.call(`keys/${keyId}/metadata`, { requestMetadata: metadata });
    assert.deepEqual(json, { keySpec: "AES_256", keyUsage: ["ENCRYPT", "DECRYPT"], keyStatus: "ENABLED" });
  });

  it("encrypts and decrypts, with and without associated data", async () => {
    for (const more of [{}, { additionalAuthenticatedData: aad }]) {
      const answered = await encrypt(more);
      assert.deepEqual(Object.keys(answered).sort(), [
        "authenticationTag",
        "ciphertext",
        "ciphertextMetadata",
        "initializationVector",
      ]);
      assert.equal(Buffer.from(String(answered["ciphertext"]), "base64").length, "Hello World!".length);
      assert.deepEqual(await decrypted(decryptBody(answered, more)), { plaintext });
    }
  });

  it("answers the integrity value that the KMS computes itself", async () => {
    for (const more of [{}, { additionalAuthenticatedData: aad }]) {
      const answered = await encrypt({ ...more, ciphertextDataIntegrityValueAlgorithm: "SHA_256" });
      const hash = createHash("sha256");
      if ("additionalAuthenticatedData" in more) hash.update(Buffer.from(aad, "base64"));
      for (const member of ["ciphertextMetadata", "initializationVector", "ciphertext", "authenticationTag"]) {
        hash.update(Buffer.from(String(answered[member]), "base64"));
      }
      assert.equal(answered["ciphertextDataIntegrityValue"], hash.digest("base64"));
    }
  });

  it("has one answer to every ciphertext that does not decrypt", async () => {
    const answered = await encrypt({ additionalAuthenticatedData: aad });
    const other = await encrypt();
    const other2 = (await t.newKey()).keyId;
    const wrong: Json[] = [
      decryptBody(answered),
      decryptBody(answered, { additionalAuthenticatedData: base64("project=blue") }),
      decryptBody(answered, { additionalAuthenticatedData: aad, ciphertextMetadata: other["ciphertextMetadata"] }),
      decryptBody(answered, { additionalAuthenticatedData: aad, ciphertextMetadata: base64("version=1") }),
      decryptBody(answered, { additionalAuthenticatedData: aad, ciphertextMetadata: undefined }),
      decryptBody(answered, { additionalAuthenticatedData: aad, authenticationTag: other["authenticationTag"] }),
      decryptBody(answered, { additionalAuthenticatedData: aad, initializationVector: base64(Buffer.alloc(16)) }),
    ];
    for (const body of wrong) {
      const json = await t.fails(400, "InvalidCiphertextException", `keys/${keyId}/decrypt`, body);
      assert.deepEqual(json, { errorName: "InvalidCiphertextException" });
    }
    const right = decryptBody(answered, { additionalAuthenticatedData: aad });
    await t.fails(400, "InvalidCiphertextException", `keys/${other2}/decrypt`, right);
    assert.deepEqual(await decrypted(right), { plaintext });
  });

  it("takes as much as the API asks for, and no more", async () => {
    const bytes = (count: number) => base64(Buffer.alloc(count, 7));
    const { plaintextBytes, aadBytes } = xksLimits;
    const most = { plaintext: bytes(plaintextBytes.value), additionalAuthenticatedData: bytes(aadBytes.value) };
    const answered = await encrypt(most);
    const { additionalAuthenticatedData } = most;
    assert.deepEqual(await decrypted(decryptBody(answered, { additionalAuthenticatedData })), {
      plaintext: most.plaintext,
    });
    const path = `keys/${keyId}/encrypt`;
    const more = { ...encryptBody, plaintext: bytes(plaintextBytes.value + 1) };
    await t.fails(501, "UnsupportedOperationException", path, more);
    const moreAad = { ...encryptBody, additionalAuthenticatedData: bytes(aadBytes.value + 1) };
    await t.fails(501, "UnsupportedOperationException", path, moreAad);
    const ciphertext = bytes(plaintextBytes.value + 1);
    const moreCiphertext = decryptBody(answered, { ciphertext });
    await t.fails(501, "UnsupportedOperationException", `keys/${keyId}/decrypt`, moreCiphertext);
  });

  it("goes on decrypting what older versions of a key encrypted, until the key forbids it", async () => {
    const { keyId: rotated } = await t.newKey();
    const { json } = await t.call(`keys/${rotated}/encrypt`, encryptBody);
    await execute(t.test.core, rotateKeyOnDemand, { keyId: rotated, limited: true }, t.test.request());
    const newer = (await t.call(`keys/${rotated}/encrypt`, encryptBody)).json;
    for (const body of [decryptBody(json), decryptBody(newer)]) {
      assert.deepEqual((await t.call(`keys/${rotated}/decrypt`, body)).json, { plaintext });
    }
    await execute(
      t.test.core,
      configureKey,
      { keyId: rotated, transit: { minDecryptionVersion: 2 } },
      t.test.request(),
    );
    await t.fails(400, "InvalidCiphertextException", `keys/${rotated}/decrypt`, decryptBody(json));
    assert.equal((await t.call(`keys/${rotated}/decrypt`, decryptBody(newer))).status, 200);
  });

  it("refuses a key that is disabled or on its way out, and says so beforehand", async () => {
    const { keyId: disabled } = await t.newKey();
    const { json } = await t.call(`keys/${disabled}/encrypt`, encryptBody);
    const refused = async () => {
      await t.fails(400, "InvalidStateException", `keys/${disabled}/encrypt`, encryptBody);
      await t.fails(400, "InvalidStateException", `keys/${disabled}/decrypt`, decryptBody(json));
      const metadata = (await t.call(`keys/${disabled}/metadata`, { requestMetadata })).json;
      assert.equal(metadata["keyStatus"], "DISABLED");
    };
    await execute(t.test.core, disableKey, { keyId: disabled }, t.test.request());
    await refused();
    await execute(t.test.core, scheduleKeyDeletion, { keyId: disabled }, t.test.request());
    await refused();
  });

  it("knows keys by key id alone: an alias may come to mean another one", async () => {
    await execute(t.test.core, createAlias, { aliasName: "alias/nile", targetKeyId: keyId }, t.test.request());
    for (const id of ["nile", "non_existing_key", "00000000-0000-0000-0000-000000000000", "constructor", ".", ".."]) {
      await t.fails(404, "KeyNotFoundException", `keys/${id}/metadata`, { requestMetadata });
      await t.fails(404, "KeyNotFoundException", `keys/${id}/encrypt`, encryptBody);
    }
  });

  it("refuses paths that are not of the API", async () => {
    const body = { requestMetadata };
    const most = "x".repeat(xksLimits.externalKeyIdChars.value);
    await t.fails(404, "KeyNotFoundException", `keys/${most}/metadata`, body);
    for (const path of [
      `keys/${most}x/metadata`,
      "",
      "keys",
      `keys/${keyId}`,
      `keys/${keyId}/`,
      `keys/${keyId}/delete`,
      `keys/${keyId}/constructor`,
      `keys/alias%2Fnile/metadata`,
      `keys/${keyId}/metadata/`,
      "health/",
      `/kms/xks/v1/keys/${keyId}/metadata`,
      `/tests/invalid/kms/xks/v1/keys/${keyId}/metadata`,
      `${uriPath}x/keys/${keyId}/metadata`,
    ]) {
      await t.fails(404, "InvalidUriPathException", path, body);
    }
    for (const path of ["health", `keys/${keyId}/encrypt`]) {
      const { status, headers } = await t.call(path, "", { method: "GET" });
      assert.deepEqual([status, headers["allow"]], [405, "POST"]);
    }
  });

  it("refuses bodies that are not of the API, and passes over members that it does not know", async () => {
    const path = `keys/${keyId}/encrypt`;
    const without = (name: string) => ({ ...encryptBody, [name]: undefined });
    const withMetadata = (changes: Json) => ({ ...encryptBody, requestMetadata: { ...requestMetadata, ...changes } });
    const wrong: unknown[] = [
      "",
      "{",
      "[]",
      "null",
      '{"plaintext":"","plaintext":""}',
      Buffer.from([0xff]),
      {},
      { requestMetadata: {} },
      without("requestMetadata"),
      without("plaintext"),
      without("encryptionAlgorithm"),
      { ...encryptBody, requestMetadata: [] },
      { ...encryptBody, plaintext: 7 },
      { ...encryptBody, plaintext: "SGVsbG8" },
      { ...encryptBody, plaintext: "SGVs bG8=" },
      { ...encryptBody, plaintext: "SGVsbG8_" },
      { ...encryptBody, encryptionAlgorithm: ["AES_GCM"] },
      { ...encryptBody, additionalAuthenticatedData: {} },
      withMetadata({ kmsKeyArn: undefined }),
      withMetadata({ awsPrincipalArn: undefined }),
      withMetadata({ kmsOperation: undefined }),
      withMetadata({ kmsRequestId: undefined }),
      withMetadata({ kmsRequestId: 1 }),
      withMetadata({ kmsViaService: "x".repeat(xksLimits.metadataChars.value + 1) }),
    ];
    for (const body of wrong) await t.fails(400, "ValidationException", path, body);
    for (const changes of [{ encryptionAlgorithm: "AES_CBC" }, { ciphertextDataIntegrityValueAlgorithm: "MD5" }]) {
      await t.fails(501, "UnsupportedOperationException", path, { ...encryptBody, ...changes });
    }
    await t.fails(400, "ValidationException", "health", { requestMetadata: {} });
    await t.fails(400, "ValidationException", "health", {});
    const unknown = { ...withMetadata({ kmsOperation: "BulkEncrypt", sourceIdentity: "x" }), hint: 1 };
    assert.equal((await t.call(path, unknown)).status, 200);
    const longest = withMetadata({ awsPrincipalArn: "x".repeat(xksLimits.metadataChars.value) });
    assert.equal((await t.call(path, longest)).status, 200);
  });

  it("believes only what is signed with a secret that it knows, for this service, just now", async () => {
    const path = `keys/${keyId}/encrypt`;
    const refused = (options: Parameters<XksTest["call"]>[2]) =>
      t.fails(401, "AuthenticationFailedException", path, encryptBody, options);
    const now = t.test.clock.nowMs();
    const { value: skew } = xksLimits.clockSkewMs;
    await refused({ as: { ...t.root, secretAccessKey: "x".repeat(43) } });
    await refused({ as: { ...t.root, accessKeyId: "AKIAAAAAAAAAAAAAAAAA" } });
    await refused({ as: { ...t.root, sessionToken: "token" } });
    await refused({ scope: { service: "kms" } });
    await refused({ scope: { timestampMs: now - skew - 1000 } });
    await refused({ scope: { timestampMs: now + skew + 1000 } });
    await refused({
      tamper: (request) => ({ ...request, body: Buffer.from(JSON.stringify(encryptBody).replace("Alice", "Mallo")) }),
    });
    await refused({ tamper: (request) => ({ ...request, headers: new Map([["host", "xks.example.com"]]) }) });
    for (const timestampMs of [now - skew, now + skew]) {
      assert.equal((await t.call(path, encryptBody, { scope: { timestampMs } })).status, 200);
    }
    const other = (await t.newKey()).keyId;
    const swapped = `${uriPath}/keys/${other}/encrypt`;
    await refused({ tamper: (request) => ({ ...request, path: swapped }) });
  });

  it("lets the policies of principal and key decide, with conditions on what the KMS tells", async () => {
    const { keyId: guarded } = await t.newKey();
    const alice = { StringEquals: { "xks:AwsPrincipalArn": requestMetadata.awsPrincipalArn } };
    const kms = await t.newUser("kms", { Effect: "Allow", Action: ["kms:Encrypt"], Resource: "*", Condition: alice });
    const path = `keys/${guarded}/encrypt`;
    assert.equal((await t.call(path, encryptBody, { as: kms })).status, 200);
    const bob = { ...requestMetadata, awsPrincipalArn: "arn:aws:iam::123456789012:user/Bob" };
    await t.fails(403, "AccessDeniedException", path, { ...encryptBody, requestMetadata: bob }, { as: kms });
    const { json } = await t.call(path, encryptBody, { as: kms });
    await t.fails(403, "AccessDeniedException", `keys/${guarded}/decrypt`, decryptBody(json), { as: kms });
    await t.fails(403, "AccessDeniedException", `keys/${guarded}/metadata`, { requestMetadata }, { as: kms });
    const allow = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "kms:*",
      Resource: "*",
    };
    const via = { StringEquals: { "xks:KmsViaService": "ebs" } };
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*", Condition: via };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] });
    await execute(t.test.core, putKeyPolicy, { keyId: guarded, policy }, t.test.request());
    await t.fails(403, "AccessDeniedException", path, encryptBody);
    const direct = { ...encryptBody, requestMetadata: { ...requestMetadata, kmsViaService: undefined } };
    assert.equal((await t.call(path, direct)).status, 200);
  });

  it("records each call with what the KMS tells of it, refused ones too, and no plaintext", async () => {
    await encrypt({ additionalAuthenticatedData: aad });
    const event = await t.lastEvent();
    assert.equal(event["eventSource"], "kms-xks-proxy.coffer");
    assert.equal(event["eventName"], "XksEncrypt");
    assert.deepEqual(event["requestParameters"], { externalKeyId: keyId, requestMetadata });
    const { authorization, ...additional } = event["additionalEventData"] as Record<string, unknown>;
    assert.deepEqual(additional, { wire: "xks", path: `${uriPath}/keys/${keyId}/encrypt` });
    assert.ok(Array.isArray(authorization));
    assert.equal(event["responseElements"], null);
    const { userAgentChars, pathChars } = xksLimits;
    await t.fails(404, "InvalidUriPathException", "x".repeat(500), {}, { userAgent: "u".repeat(500) });
    const long = await t.lastEvent();
    assert.equal(long["userAgent"], "u".repeat(userAgentChars.value));
    assert.equal(`${uriPath}/`.padEnd(pathChars.value, "x"), Object(long["additionalEventData"]).path);
    const count = (await t.test.auditEvents()).length;
    const steps: (() => Promise<unknown>)[] = [
      () => t.fails(404, "InvalidUriPathException", "nowhere", {}),
      () => t.fails(401, "AuthenticationFailedException", "health", {}, { scope: { service: "kms" } }),
      () => t.fails(400, "ValidationException", "health", {}),
      () => t.fails(404, "KeyNotFoundException", "keys/none/encrypt", encryptBody),
    ];
    for (const step of steps) await step();
    const events = (await t.test.auditEvents()).slice(count);
    assert.deepEqual(
      events.map(({ eventName, errorCode }) => [eventName, errorCode]),
      [
        ["RefusedRequest", "NotFoundException"],
        ["XksGetHealthStatus", "UnrecognizedClientException"],
        ["XksGetHealthStatus", "ValidationException"],
        ["XksEncrypt", "NotFoundException"],
      ],
    );
    assert.ok(!JSON.stringify(await t.test.auditEvents()).includes(plaintext));
  });
});

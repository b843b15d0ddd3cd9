import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import {
  createKey,
  type ExternalKeyCall,
  ExternalKeyError,
  type ExternalKeyFailure,
  type ExternalKeys,
  execute,
  limits,
  type WireHandler,
} from "@coffer/service";
import {
  LoopbackProxy,
  loopbackCertificate,
  loopbackIdentity,
  ManualClock,
  openTestCore,
  type TestCore,
} from "@coffer/testkit";
import { createXksWire } from "@coffer/wire-xks";
import { createXksClient } from "../src/index.ts";

const uriPath = "/tests/kms/xks/v1";
const aad = Buffer.from("associated data");
const plaintext = Buffer.from("Hello World!");
const metadata = {
  awsPrincipalArn: "arn:aws:iam::111122223333:user/Alice",
  kmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
  kmsOperation: "Encrypt",
  kmsRequestId: "4112f4d6-db54-4af4-ae30-c55a22a8dfae",
};

async function failsWith(failure: ExternalKeyFailure, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof ExternalKeyError, String(error));
    assert.equal(error.failure, failure, String(error.cause));
    return true;
  });
}

describe("the client of external key store proxies, with Coffer's own", () => {
  let test: TestCore;
  let proxy: LoopbackProxy;
  let client: ExternalKeys;
  let keyId: string;
  let call: ExternalKeyCall;

  before(async () => {
    test = await openTestCore();
    proxy = await LoopbackProxy.start(createXksWire(test.core, { version: "0.0.0", uriPath }));
    client = createXksClient({ clock: test.clock, roots: loopbackCertificate });
    keyId = (await execute(test.core, createKey, {}, test.request())).key.keyId;
    const secret = SecretBytes.takeFrom(Buffer.from(test.root.secretAccessKey));
    const { accessKeyId } = test.root;
    call = { proxy: { uriEndpoint: proxy.endpoint, uriPath, accessKeyId, secret, region: "eu-west-1" }, metadata };
  });
  after(async () => {
    client.close();
    await proxy.close();
    assert.deepEqual(test.bugs, []);
    await test.close();
  });

  it("makes every call of the API", async () => {
    await client.checkHealth(call);
    const facts = { keySpec: "AES_256", keyUsage: ["ENCRYPT", "DECRYPT"], enabled: true };
    assert.deepEqual(await client.describeKey(call, keyId), facts);
    for (const bound of [aad, Buffer.alloc(0)]) {
      const parts = await client.encrypt(call, keyId, plaintext, bound);
      assert.deepEqual(await client.decrypt(call, keyId, parts, bound), plaintext);
      await failsWith("invalidCiphertext", client.decrypt(call, keyId, parts, Buffer.from("other")));
    }
    const most = [Buffer.alloc(4300, 1), Buffer.alloc(8192, 2)] as const;
    const parts = await client.encrypt(call, keyId, ...most);
    assert.deepEqual(await client.decrypt(call, keyId, parts, most[1]), most[0]);
  });

  it("is refused by name", async () => {
    await failsWith("keyNotFound", client.describeKey(call, "none"));
    const secret = SecretBytes.takeFrom(Buffer.from("x".repeat(43)));
    const stranger = { ...call, proxy: { ...call.proxy, secret } };
    await failsWith("authenticationFailed", client.checkHealth(stranger));
    const elsewhere = { ...call, proxy: { ...call.proxy, uriPath: "/kms/xks/v1" } };
    await failsWith("invalidUriPath", client.checkHealth(elsewhere));
  });
});

describe("the client of external key store proxies, with one that misbehaves", () => {
  let clock: ManualClock;
  let proxy: LoopbackProxy;
  let client: ExternalKeys;
  let call: ExternalKeyCall;

  beforeEach(async () => {
    clock = new ManualClock();
    proxy = await LoopbackProxy.start(() => Promise.resolve(undefined));
    client = createXksClient({ clock, roots: loopbackCertificate });
    const secret = SecretBytes.takeFrom(Buffer.from("x".repeat(43)));
    call = {
      proxy: { uriEndpoint: proxy.endpoint, uriPath, accessKeyId: "A".repeat(20), secret, region: "eu-west-1" },
      metadata,
    };
  });
  afterEach(async () => {
    client.close();
    await proxy.close();
  });

  const answers = (status: number, body: unknown): WireHandler => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return () => Promise.resolve({ status, headers: { "content-type": "application/json" }, body: text });
  };

  it("tells every error of the API apart", async () => {
    const table: [number, string, ExternalKeyFailure][] = [
      [400, "ValidationException", "validation"],
      [400, "InvalidStateException", "invalidState"],
      [400, "InvalidCiphertextException", "invalidCiphertext"],
      [400, "InvalidKeyUsageException", "invalidKeyUsage"],
      [401, "AuthenticationFailedException", "authenticationFailed"],
      [403, "AccessDeniedException", "accessDenied"],
      [404, "KeyNotFoundException", "keyNotFound"],
      [404, "InvalidUriPathException", "invalidUriPath"],
      [429, "ThrottlingException", "throttled"],
      [501, "UnsupportedOperationException", "unsupported"],
      [503, "DependencyTimeoutException", "dependencyTimeout"],
      [500, "InternalException", "internal"],
      [400, "constructor", "malformed"],
    ];
    for (const [status, errorName, failure] of table) {
      proxy.handler = answers(status, { errorName, errorMessage: "why" });
      await failsWith(failure, client.checkHealth(call));
    }
  });

  it("refuses answers that are not of the API", async () => {
    for (const [status, body] of [
      [200, ""],
      [200, "[]"],
      [200, "null"],
      [200, '{"xksProxyFleetSize":1,"xksProxyFleetSize":1}'],
      [500, "<html>"],
      [500, {}],
      [302, {}],
      [204, ""],
    ] as const) {
      proxy.handler = answers(status, body);
      await failsWith("malformed", client.checkHealth(call));
    }
  });

  it("holds a health to be good only when something is able to serve", async () => {
    const health = (changes: object, ...fleet: unknown[]) => ({
      xksProxyFleetSize: 1,
      xksProxyVendor: "v",
      xksProxyModel: "m",
      ekmVendor: "v",
      ekmFleetDetails: fleet.map((healthStatus) => ({ id: "1", model: "m", healthStatus })),
      ...changes,
    });
    for (const good of [health({}, "ACTIVE"), health({}, "DEGRADED"), health({ more: 1 }, "UNAVAILABLE", "ACTIVE")]) {
      proxy.handler = answers(200, good);
      await client.checkHealth(call);
    }
    proxy.handler = answers(200, health({}, "UNAVAILABLE", "UNAVAILABLE"));
    await failsWith("internal", client.checkHealth(call));
    for (const bad of [
      health({}),
      health({}, "FINE"),
      health({}, 1),
      health({}, ...Array.from({ length: 11 }, () => "ACTIVE")),
      health({ xksProxyFleetSize: 0 }, "ACTIVE"),
      health({ xksProxyFleetSize: "1" }, "ACTIVE"),
      health({ ekmVendor: undefined }, "ACTIVE"),
    ]) {
      proxy.handler = answers(200, bad);
      await failsWith("malformed", client.checkHealth(call));
    }
  });

  it("refuses ciphertexts whose parts do not fit, or are not what the integrity value says", async () => {
    const base64 = (bytes: number) => Buffer.alloc(bytes, 1).toString("base64");
    const good = { ciphertext: base64(12), initializationVector: base64(12), authenticationTag: base64(16) };
    // SHA-256 of "associated data" and 40 bytes of 1, by Python's hashlib.
    const ciphertextDataIntegrityValue = "D8mOH/xpGR9Vp2gI0ptBEuxQjLoYt1oFsJPtRGfu144=";
    for (const changes of [
      {},
      { ciphertextDataIntegrityValue: base64(32) },
      { ciphertextDataIntegrityValue: "" },
      { ciphertextDataIntegrityValue, ciphertext: base64(11) },
      { ciphertextDataIntegrityValue, initializationVector: base64(13) },
      { ciphertextDataIntegrityValue, authenticationTag: base64(15) },
      { ciphertextDataIntegrityValue, ciphertextMetadata: base64(21) },
      { ciphertextDataIntegrityValue, ciphertextMetadata: base64(1) },
      { ciphertextDataIntegrityValue, ciphertext: "AQEBAQEBAQEBAQEB====" },
    ]) {
      proxy.handler = answers(200, { ...good, ...changes });
      await failsWith("malformed", client.encrypt(call, "key", plaintext, aad));
    }
    proxy.handler = answers(200, { ...good, ciphertextDataIntegrityValue });
    assert.equal((await client.encrypt(call, "key", plaintext, aad)).ciphertext.byteLength, 12);
    const parts = { ciphertext: plaintext, metadata: aad, iv: aad, tag: aad };
    for (const body of [{}, { plaintext: base64(11) }, { plaintext: base64(13) }, { plaintext: 1 }]) {
      proxy.handler = answers(200, body);
      await failsWith("malformed", client.decrypt(call, "key", parts, aad));
    }
  });

  it("refuses what is not known of a key", async () => {
    const facts = { keySpec: "AES_256", keyUsage: ["ENCRYPT"], keyStatus: "DISABLED" };
    proxy.handler = answers(200, facts);
    assert.deepEqual(await client.describeKey(call, "key"), {
      keySpec: "AES_256",
      keyUsage: ["ENCRYPT"],
      enabled: false,
    });
    const usages = Array.from({ length: 11 }, () => "SIGN");
    for (const changes of [
      { keyStatus: "OFF" },
      { keySpec: 1 },
      { keyUsage: "ENCRYPT" },
      { keyUsage: [1] },
      { keyUsage: usages },
    ]) {
      proxy.handler = answers(200, { ...facts, ...changes });
      await failsWith("malformed", client.describeKey(call, "key"));
    }
  });

  it("waits no longer than the API allows, for an answer or for its end", async () => {
    const arrived = Promise.withResolvers<void>();
    proxy.handler = () => {
      arrived.resolve();
      return Promise.resolve(undefined);
    };
    const asked = client.checkHealth(call);
    await arrived.promise;
    clock.advance(limits.xksTimeoutMs.value - 1);
    assert.equal(await Promise.race([asked.catch(() => "failed"), Promise.resolve("waiting")]), "waiting");
    clock.advance(1);
    await failsWith("timeout", asked);
    // Connecting counts as well: this server takes connections and says nothing.
    const { promise: connected, resolve: onConnect } = Promise.withResolvers<void>();
    const mute = createServer(() => onConnect()).listen(0, "127.0.0.1");
    await new Promise((listening) => mute.once("listening", listening));
    const { port } = mute.address() as { port: number };
    const silent = client.checkHealth({ ...call, proxy: { ...call.proxy, uriEndpoint: `https://localhost:${port}` } });
    await connected;
    clock.advance(limits.xksTimeoutMs.value);
    await failsWith("timeout", silent);
    mute.close();
  });

  it("reads an answer no further than its limit", async () => {
    const most = limits.xksAnswerBytes.value;
    const errorName = { errorName: "ThrottlingException" };
    proxy.handler = answers(429, JSON.stringify(errorName).padEnd(most, " "));
    await failsWith("throttled", client.checkHealth(call));
    proxy.handler = answers(429, JSON.stringify(errorName).padEnd(most + 1, " "));
    await failsWith("malformed", client.checkHealth(call));
  });

  it("believes a proxy only by a certificate of its name that a trusted root signed", async () => {
    proxy.handler = answers(429, { errorName: "ThrottlingException" });
    const trusting = createXksClient({ clock });
    await failsWith("tls", trusting.checkHealth(call));
    trusting.close();
    const { proxy: to } = call;
    const unnamed = await LoopbackProxy.start(proxy.handler, { host: "127.0.0.2" });
    await failsWith(
      "tls",
      client.checkHealth({ ...call, proxy: { ...to, uriEndpoint: `https://127.0.0.2:${unnamed.port}` } }),
    );
    await unnamed.close();
    const port = proxy.port;
    await proxy.close();
    await failsWith(
      "unreachable",
      client.checkHealth({ ...call, proxy: { ...to, uriEndpoint: `https://localhost:${port}` } }),
    );
    proxy = await LoopbackProxy.start(() => Promise.resolve(undefined));
  });

  it("shows its own certificate to a proxy that asks for it", async () => {
    const asking = await LoopbackProxy.start(answers(429, { errorName: "ThrottlingException" }), {
      asksForCertificate: true,
    });
    const to = { ...call, proxy: { ...call.proxy, uriEndpoint: asking.endpoint } };
    const known = createXksClient({ clock, roots: loopbackCertificate, clientCertificate: loopbackIdentity });
    await failsWith("throttled", known.checkHealth(to));
    assert.deepEqual(asking.clients, ["localhost"]);
    known.close();
    await asking.close();
  });

  it("tries once more when a kept connection was closed, and only then", async () => {
    proxy.handler = answers(429, { errorName: "ThrottlingException" });
    await failsWith("throttled", client.checkHealth(call));
    let calls = 0;
    proxy.handler = async (request) => {
      calls += 1;
      if (calls === 1) proxy.cut();
      return answers(429, { errorName: "ThrottlingException" })(request);
    };
    await failsWith("throttled", client.checkHealth(call));
    assert.equal(calls, 2);
    proxy.handler = async () => {
      calls += 1;
      proxy.cut();
      return undefined;
    };
    calls = 0;
    await failsWith("unreachable", client.checkHealth(call));
    assert.equal(calls, 2);
    calls = 0;
    await failsWith("unreachable", client.checkHealth(call));
    assert.equal(calls, 1);
  });
});

import assert from "node:assert/strict";
import { awsLimits } from "@coffer/wire-aws";
import { restLimits } from "@coffer/wire-rest";
import { vaultLimits } from "@coffer/wire-vault";
import type { xksLimits } from "@coffer/wire-xks";
import type { LimitName } from "../../src/http/limits.ts";
import { defaultLimits } from "../../src/http/limits.ts";
import { RawClient } from "../../src/http/raw-client.ts";
import type { BadInputServer } from "./bad-input-fixture.ts";
import { bounded, elsewhere, type LimitCase, letters } from "./limit-cases.ts";
import { assertRefusal } from "./refusals.ts";
import { succeeded, Wires } from "./wires.ts";

const refused = /^InvalidSignatureException/;

/** The newest audit record. */
async function lastRecord({ wires }: BadInputServer) {
  const { last } = succeeded(await wires.rest("GET", "/audit/events?limit=1"));
  const { events } = succeeded(await wires.rest("GET", `/audit/events?after=${last - 1}&limit=1`));
  return events[0];
}

/** One case for each limit of the AWS wire. */
export const awsLimitCases: Readonly<Record<keyof typeof awsLimits, LimitCase>> = {
  async kmsClockSkewMs({ wires }) {
    // Five seconds of grace: the clocks are the same, but a slow machine must not fail this.
    const skewed = (ms: number) => wires.aws("ListKeys", {}, { timestampMs: Date.now() + ms });
    const max = awsLimits.kmsClockSkewMs.value;
    for (const sign of [-1, 1]) {
      assert.ok((await skewed(sign * (max - 5000))).ok);
      assertRefusal("aws", await skewed(sign * (max + 5000)), 400, refused);
    }
  },
  stsClockSkewMs: elsewhere("packages/wire-aws/test/sts.test.ts", "stsClockSkewMs"),
  signingKeys: elsewhere("packages/sigv4/src/signing-key.test.ts", "createSigningKeyCache"),
  async regionChars({ wires }) {
    const max = awsLimits.regionChars.value;
    const inRegion = (chars: number) =>
      new Wires(wires.client, { ...wires.access, region: `us-${letters(chars - "us--1".length)}-1` }).aws(
        "ListKeys",
        {},
      );
    assert.ok((await inRegion(max)).ok);
    assertRefusal("aws", await inRegion(max + 1), 400, refused);
  },
  async userAgentChars(server) {
    const { client, access } = server.wires;
    const wires = new Wires(client, access);
    wires.userAgent = letters(awsLimits.userAgentChars.value + 10);
    succeeded(await wires.aws("ListKeys", {}));
    assert.equal((await lastRecord(server)).userAgent, letters(awsLimits.userAgentChars.value));
  },
  async targetChars(server) {
    await server.wires.aws(letters(awsLimits.targetChars.value + 10), {});
    const record = JSON.stringify(await lastRecord(server));
    assert.ok(record.includes("UnknownOperation"));
    assert.ok(!record.includes(letters(awsLimits.targetChars.value + 1)));
  },
  async formBytes({ wires }) {
    const post = (bytes: number) =>
      wires.client.send({
        method: "POST",
        path: "/",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "Action=GetCallerIdentity&Version=2011-06-15&x=".padEnd(bytes, "x"),
      });
    const max = awsLimits.formBytes.value;
    assert.match((await post(max)).text, /MissingAuthenticationToken/);
    assert.match((await post(max + 1)).text, /<Code>ValidationError<.*\n.*131072 bytes/);
  },
  formDepth: elsewhere("packages/wire-aws/src/query/read-form.test.ts", "awsLimits.formDepth.value"),
  async validationErrors({ wires }) {
    const Tags = Array.from({ length: awsLimits.validationErrors.value + 5 }, () => ({ TagKey: "", TagValue: "" }));
    const reply = await wires.aws("CreateKey", { Tags });
    assertRefusal("aws", reply, 400, /^ValidationException: 10 validation errors detected: /);
  },
  async echoedChars({ wires }) {
    const max = awsLimits.echoedChars.value;
    const reply = await wires.aws("DescribeKey", { KeyId: letters(max + 100) });
    assert.ok(reply.text.includes(`'${letters(max)}...'`));
    assert.ok(!reply.text.includes(letters(max + 1)));
  },
};

/** A limit of a secret's custom metadata. */
function customMetadata(most: number, make: (size: number) => object, words: RegExp): LimitCase {
  return bounded(
    "vault",
    most,
    async (wires, size) => {
      await wires.vault("POST", "sys/mounts/described", { type: "kv-v2" });
      return wires.vault("POST", "described/metadata/secret", { custom_metadata: make(size) });
    },
    words,
  );
}

/** One case for each limit of the Vault wire. */
export const vaultLimitCases: Readonly<Record<keyof typeof vaultLimits, LimitCase>> = {
  async pathChars({ wires }) {
    const get = (chars: number) => wires.vault("GET", "nowhere/".padEnd(chars - "/v1/".length, "x"));
    const max = vaultLimits.pathChars.value;
    assertRefusal("vault", await get(max), 404, /no handler for route/);
    assertRefusal("vault", await get(max + 1), 400, "the path has more than 1024 characters");
  },
  bodyMembers: bounded(
    "vault",
    vaultLimits.bodyMembers.value,
    (wires, count) => {
      const others = Array.from({ length: count - 1 }, (_, at) => [`p${at}`, at]);
      return wires.vault("POST", "transit/encrypt/canary", { plaintext: "", ...Object.fromEntries(others) });
    },
    /at most 64 parameters are allowed/,
  ),
  secretMembers: bounded(
    "vault",
    vaultLimits.secretMembers.value,
    async (wires, count) => {
      await wires.vault("POST", "sys/mounts/wide", { type: "kv" });
      return wires.vault("POST", "wide/secret", Object.fromEntries(Array.from({ length: count }, (_, at) => [at, 1])));
    },
    /at most 10000 parameters are allowed/,
  ),
  customMetadataKeys: customMetadata(
    vaultLimits.customMetadataKeys.value,
    (count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"])),
    /payload must contain at most 64 keys, provided 65/,
  ),
  customMetadataKeyBytes: customMetadata(
    vaultLimits.customMetadataKeyBytes.value,
    (size) => ({ [letters(size)]: "v" }),
    /length of key "x+" is 129 but must be 0 < len\(key\) <= 128/,
  ),
  customMetadataValueBytes: customMetadata(
    vaultLimits.customMetadataValueBytes.value,
    (size) => ({ k: letters(size) }),
    /length of value for key "k" is 513 but must be 0 < len\(value\) <= 512/,
  ),
  keyNameChars: bounded(
    "vault",
    vaultLimits.keyNameChars.value,
    (wires, size) => wires.vault("POST", `transit/keys/${letters(size)}`, {}),
    "a key name has at most 128 characters",
  ),
  referenceChars: bounded(
    "vault",
    vaultLimits.referenceChars.value,
    (wires, size) =>
      wires.vault("POST", "transit/encrypt/canary", { batch_input: [{ plaintext: "", reference: letters(size) }] }),
    /'\[0\].reference' has more than 1024 characters/,
  ),
  async ignoredNames({ wires }) {
    const others = Array.from({ length: vaultLimits.ignoredNames.value + 5 }, (_, at) => [`p${at}`, at]);
    const body = { plaintext: "", ...Object.fromEntries(others) };
    const [warning] = succeeded(await wires.vault("POST", "transit/encrypt/canary", body)).warnings;
    assert.equal(warning.match(/p\d+/g).length, vaultLimits.ignoredNames.value);
  },
  capabilityPaths: bounded(
    "vault",
    vaultLimits.capabilityPaths.value,
    (wires, count) => wires.vault("POST", "sys/capabilities-self", { paths: Array(count).fill("a") }),
    "at most 100 paths may be supplied",
  ),
};

/** One case for each limit of the REST wire. */
export const restLimitCases: Readonly<Record<keyof typeof restLimits, LimitCase>> = {
  async pathChars({ wires }) {
    const get = (chars: number) => wires.rest("GET", `/${letters(chars - 1)}`);
    const max = restLimits.pathChars.value;
    assertRefusal("rest", await get(max), 404, "NotFound");
    assertRefusal("rest", await get(max + 1), 400, /more than 2048 characters/);
  },
  keyIdChars: bounded(
    "rest",
    restLimits.keyIdChars.value,
    (wires, size) => wires.rest("POST", "/keys", { key_id: "rest".padEnd(size, "x") }),
    "InvalidInput",
  ),
  async keyReferenceChars({ wires }) {
    const encrypt = (chars: number) =>
      wires.rest("POST", "/encrypt", { key_id: `arn:${letters(chars - "arn:".length)}`, plaintext: "x" });
    const max = restLimits.keyReferenceChars.value;
    assert.doesNotMatch((await encrypt(max)).text, /more than 512 characters/);
    assertRefusal("rest", await encrypt(max + 1), 400, /key_id has more than 512 characters/);
  },
  policyNameChars: elsewhere("apps/server/test/robustness/limit-cases-core.ts", "identityPolicyNameChars: bounded("),
  tokenNameChars: bounded(
    "rest",
    restLimits.tokenNameChars.value,
    (wires, size) => wires.rest("POST", "/admin/tokens", { principal: "root", name: letters(size) }),
    "InvalidInput",
  ),
  tokenLifetimeSeconds: elsewhere("apps/server/test/robustness/limit-cases-core.ts", "tokenLifetimeDays: bounded("),
  contextPairs: bounded(
    "rest",
    restLimits.contextPairs.value,
    (wires, count) => {
      const context = Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, ""]));
      return wires.rest("POST", "/encrypt", { key_id: "canary", plaintext: "x", context });
    },
    /context has 257 members; at most 256 are allowed/,
  ),
  async shownNameChars({ wires }) {
    const name = letters(restLimits.shownNameChars.value + 10);
    const reply = await wires.rest("POST", "/keys", { key_id: "x", [name]: 1 });
    assertRefusal("rest", reply, 400, /is unknown/);
    assert.ok(reply.text.includes(`${letters(restLimits.shownNameChars.value)}...`));
    assert.ok(!reply.json.detail.includes(name));
  },
};

const badHttp = "apps/server/test/robustness/bad-http.test.ts";
const listeners = "apps/server/src/http/listeners.test.ts";
const adapter = "apps/server/src/http/http-adapter.test.ts";

/** The status that a raw request gets. */
async function statusOf({ server }: BadInputServer, text: string): Promise<number> {
  const client = await RawClient.connect(server.url);
  try {
    return (await client.exchange(text)).status;
  } finally {
    await client.close();
  }
}

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${["Host: x", ...headers].map((line) => `${line}\r\n`).join("")}\r\n`;

/** One case for each limit of the HTTP adapter. */
export const httpLimitCases: Readonly<Record<LimitName, LimitCase>> = {
  async maxBodyBytes({ wires }) {
    const max = defaultLimits.maxBodyBytes;
    const send = (bytes: number) =>
      wires.rest("POST", "/encrypt", '{"key_id":"canary","plaintext":"x"}'.padEnd(bytes, " "));
    assert.ok((await send(max)).ok);
    assert.equal((await send(max + 1)).status, 413);
  },
  async maxHeaderBytes(server) {
    const max = defaultLimits.maxHeaderBytes;
    assert.equal(await statusOf(server, get("/health", `X: ${letters(max - 200)}`)), 200);
    assert.equal(await statusOf(server, get("/health", `X: ${letters(max)}`)), 431);
  },
  async maxHeaders(server) {
    const others = Array.from({ length: defaultLimits.maxHeaders - 1 }, (_, at) => `X-${at}: 1`);
    assert.equal(await statusOf(server, get("/health", ...others)), 200);
    assert.equal(await statusOf(server, get("/health", ...others, "X-More: 1")), 431);
  },
  async maxUrlBytes(server) {
    const path = (bytes: number) => "/health?x=".padEnd(bytes, "x");
    assert.equal(await statusOf(server, get(path(defaultLimits.maxUrlBytes))), 200);
    assert.equal(await statusOf(server, get(path(defaultLimits.maxUrlBytes + 1))), 414);
  },
  headersTimeoutMs: elsewhere(listeners, "headersTimeoutMs"),
  requestTimeoutMs: elsewhere(badHttp, "--request-timeout-ms="),
  keepAliveTimeoutMs: elsewhere(badHttp, "--keep-alive-timeout-ms="),
  idleTimeoutMs: elsewhere(listeners, "idleTimeoutMs"),
  maxConnections: elsewhere(badHttp, "--max-connections="),
  drainTimeoutMs: elsewhere("apps/server/test/robustness/drain.test.ts", "--drain-timeout-ms="),
  lingerBytes: elsewhere(adapter, "lingerBytes"),
  lingerTimeoutMs: elsewhere(adapter, "lingerTimeoutMs"),
};

const proxyTest = "packages/wire-xks/test/proxy.test.ts";

/** One case for each limit of the external key store proxy, which the server of these tests has switched off. */
export const xksLimitCases: Readonly<Record<keyof typeof xksLimits, LimitCase>> = {
  plaintextBytes: elsewhere(proxyTest, "plaintextBytes.value + 1"),
  aadBytes: elsewhere(proxyTest, "aadBytes.value + 1"),
  externalKeyIdChars: elsewhere(proxyTest, "externalKeyIdChars"),
  metadataChars: elsewhere(proxyTest, "metadataChars.value + 1"),
  clockSkewMs: elsewhere(proxyTest, "clockSkewMs"),
  signingKeys: elsewhere("packages/sigv4/src/signing-key.test.ts", "createSigningKeyCache"),
  userAgentChars: elsewhere(proxyTest, "userAgentChars"),
  pathChars: elsewhere(proxyTest, "pathChars"),
};

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createPrincipal, createToken, execute, putIdentityPolicy } from "@coffer/service";
import { wireRequest } from "@coffer/testkit";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

const denied = "1 error occurred:\n\t* permission denied\n\n";
const unknownToken = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";

describe("Vault requests", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openVaultTest();
    await call("POST", "transit/keys/k");
  });
  afterEach(() => vault.close());

  async function lastEvent() {
    return (await vault.test.auditEvents()).at(-1)!;
  }

  it("takes the token from either header, the first one of several", async () => {
    const { token } = vault.test.root;
    const good: Record<string, string | string[]>[] = [
      { "X-Vault-Token": token },
      { Authorization: `Bearer ${token}` },
      { "X-Vault-Token": [token, "wrong"] },
      { "X-Vault-Token": token, Authorization: "Bearer wrong" },
      { "X-Vault-Token": token, "X-Vault-Request": "true", "X-Vault-Namespace": "" },
      { "X-Vault-Token": token, "X-Vault-Namespace": "root/" },
      { "X-Vault-Token": token, "X-Vault-Wrap-TTL": "0s" },
    ];
    for (const headers of good) {
      assert.equal((await call("GET", "transit/keys/k", undefined, headers)).status, 200, Object.keys(headers).join());
    }
  });

  it("refuses a missing and a wrong token in Vault's words, with an audit record each", async () => {
    const { token } = vault.test.root;
    const bad: [Record<string, string | string[]>, string][] = [
      [{}, "permission denied"],
      [{ "X-Vault-Token": "" }, "permission denied"],
      [{ Authorization: "Basic abc" }, "permission denied"],
      [{ "X-Vault-Token": "hvs.wrong" }, unknownToken],
      [{ "X-Vault-Token": ["wrong", token] }, unknownToken],
      [{ Authorization: "Bearer nope" }, unknownToken],
    ];
    for (const [headers, message] of bad) {
      const before = (await vault.test.auditEvents()).length;
      const answer = await call("POST", "transit/encrypt/k", { plaintext: "" }, headers);
      assert.deepEqual([answer.status, answer.json], [403, { errors: [message] }]);
      assert.equal((await vault.test.auditEvents()).length, before + 1);
      assert.equal((await lastEvent())["errorCode"], "UnrecognizedClientException");
    }
    const anonymous = await openVaultTest({ dev: true });
    assert.equal((await anonymous.call("GET", "transit/keys/k", undefined, {})).status, 403);
    await anonymous.close();
  });

  it("refuses what it cannot do instead of doing something else", async () => {
    const { token } = vault.test.root;
    const namespace = { "X-Vault-Token": token, "X-Vault-Namespace": "team/" };
    const answer = await call("GET", "transit/keys/k", undefined, namespace);
    assert.equal(answer.status, 400);
    assert.match(answer.json.errors[0], /^namespaces are not supported: leave out the X-Vault-Namespace header/);
    const jwt = { "X-Vault-Token": token, "X-Vault-Wrap-TTL": "60s", "X-Vault-Wrap-Format": "jwt" };
    const wrap = await call("GET", "transit/keys/k", undefined, jwt);
    assert.equal(wrap.status, 400);
    assert.match(wrap.json.errors[0], /^wrapping tokens are not given as JWTs/);
  });

  it("leaves one audit record for each request, with its request id", async () => {
    const requests: [string, string, unknown][] = [
      ["GET", "transit/keys/k", undefined],
      ["POST", "transit/encrypt/k", { plaintext: "!" }],
      ["POST", "transit/encrypt/k", "{"],
      ["POST", "nowhere/x", {}],
      ["GET", "transit/nothing", undefined],
      ["PATCH", "transit/keys/k", {}],
      ["GET", "transit/%00", undefined],
      ["GET", "auth/token/lookup-self", undefined],
      ["POST", "auth/token/renew-self", undefined],
      ["POST", "sys/capabilities-self", { paths: "x" }],
      ["GET", "sys/internal/ui/mounts/nowhere", undefined],
      ["GET", "sys/key-status", undefined],
      ["PUT", "sys/step-down", undefined],
    ];
    for (const [method, path, body] of requests) {
      const before = (await vault.test.auditEvents()).length;
      const request = wireRequest({
        method,
        path: `/v1/${path}`,
        headers: { "X-Vault-Token": vault.test.root.token, "User-Agent": "test/1 ".repeat(100) },
        body,
      });
      await vault.wire(request);
      const events = await vault.test.auditEvents();
      assert.equal(events.length, before + 1, `${method} ${path}`);
      const event = events.at(-1)!;
      assert.equal(event["requestID"], request.requestId);
      assert.equal(String(event["userAgent"]).length, 256);
    }
    assert.deepEqual(vault.test.bugs, []);
  });

  it("answers unknown paths and methods as Vault does", async () => {
    const unsupported = "1 error occurred:\n\t* unsupported path\n\n";
    const operation = "1 error occurred:\n\t* unsupported operation\n\n";
    const cases: [string, string, number, string][] = [
      ["GET", "secret/data/x", 404, 'no handler for route "secret/data/x". route entry not found.'],
      ["POST", "auth/approle/login", 404, 'no handler for route "auth/approle/login". route entry not found.'],
      ["GET", "transit/nothing", 404, unsupported],
      ["GET", "transit", 404, unsupported],
      ["GET", "transit/keys/k/", 404, unsupported],
      ["GET", "transit/keys/-k", 404, unsupported],
      ["GET", "transit/keys/k.", 404, unsupported],
      ["GET", "transit/keys/k%20k", 404, unsupported],
      ["GET", "sys/nothing", 404, unsupported],
      ["GET", "auth/token/none", 404, unsupported],
      ["GET", "transit/constructor/k", 404, unsupported],
      ["GET", "transit/encrypt/k", 405, operation],
      ["DELETE", "transit/encrypt/k", 405, operation],
      ["PATCH", "transit/keys/k", 405, operation],
      ["HEAD", "transit/keys/k", 405, operation],
      ["OPTIONS", "transit/keys/k", 405, operation],
      ["POST", "transit/keys/k/", 400, "cannot write to a path ending in '/'"],
      ["POST", "transit/__proto__/k", 404, unsupported],
    ];
    for (const [method, path, status, message] of cases) {
      const answer = await call(method, path);
      assert.deepEqual([answer.status, answer.json], [status, { errors: [message] }], `${method} ${path}`);
    }
  });

  it("reads a path once: tricks reach nothing else", async () => {
    assert.equal((await call("GET", "transit%2Fkeys%2fk")).status, 200);
    assert.equal((await call("GET", "%74ransit/keys/k")).status, 200);
    const tricks: [string, RegExp][] = [
      ["transit//keys/k", /empty segments/],
      ["transit/keys/../keys/k", /'\.\.'/],
      ["transit/keys/%2e%2e/keys/k", /'\.\.'/],
      ["transit/keys/x%2f..%2fk", /'\.\.'/],
      ["transit/./keys/k", /'\.\.'/],
      ["transit/keys/k%00", /control characters/],
      ["transit/keys/k%0a", /control characters/],
      ["transit/keys/%zz", /malformed percent escape/],
      [`transit/keys/${"k".repeat(1024)}`, /^the path has more than 1024 characters$/],
    ];
    for (const [path, message] of tricks) {
      const answer = await call("GET", path);
      assert.equal(answer.status, 400, path);
      assert.match(answer.json.errors[0], message);
    }
    assert.equal((await call("GET", "transit/keys/%252e%252e")).status, 404);
    assert.equal((await call("GET", "transit/keys/..%5ck")).status, 400);
  });

  it("reads bodies strictly", async () => {
    const path = "transit/encrypt/k";
    const bad: [unknown, RegExp][] = [
      ["{", /^failed to parse JSON input: invalid JSON at offset/],
      ["[]", /^failed to parse JSON input: the body must be a JSON object/],
      ['"text"', /^failed to parse JSON input: the body must be a JSON object/],
      ['{"plaintext":"","plaintext":"eA=="}', /^failed to parse JSON input: duplicate key/],
      [`{"a":${"[".repeat(32)}${"]".repeat(32)}}`, /^failed to parse JSON input: nested too deeply/],
      [Buffer.from([0x7b, 0xff, 0x7d]), /^failed to parse JSON input: the body is not valid UTF-8/],
      [
        Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`p${index}`, ""])),
        /^failed to parse JSON input: at most 64 parameters/,
      ],
    ];
    for (const [body, message] of bad) {
      const answer = await call("POST", path, body);
      assert.equal(answer.status, 400);
      assert.match(answer.json.errors[0], message);
    }
    const prototype = await call("POST", path, '{"plaintext":"","__proto__":{"type":"x"},"constructor":1}');
    assert.equal(prototype.status, 200);
    assert.match(prototype.json.warnings[0], /\[__proto__ constructor\]/);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, ""]));
    const warned = await call("POST", path, { ...many, plaintext: "" });
    assert.equal(warned.json.warnings[0].match(/p\d+/g).length, 16);
    assert.match((await call("POST", path, "")).json.errors[0], /^missing plaintext to encrypt$/);
    assert.match((await call("POST", path, "null")).json.errors[0], /^missing plaintext to encrypt$/);
  });

  it("enforces the policies of a token's principal", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    await call("POST", "transit/keys/mine");
    await call("POST", "transit/keys/theirs");
    const { principal } = await execute(core, createPrincipal, { kind: "user", name: "u" }, request);
    const { token } = await execute(core, createToken, { principalArn: principal.arn }, request);
    const asUser = { "X-Vault-Token": token };
    const encrypt = (key: string) => call("POST", `transit/encrypt/${key}`, { plaintext: base64("x") }, asUser);
    assert.deepEqual((await encrypt("mine")).json, { errors: [denied] });
    const document = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["kms:Encrypt", "kms:DescribeKey"],
          Resource: "*",
          Condition: { StringEquals: { "kms:RequestAlias": "alias/mine" } },
        },
      ],
    });
    await execute(core, putIdentityPolicy, { principalArn: principal.arn, policyName: "p", document }, request);
    const sealed = await encrypt("mine");
    assert.equal(sealed.status, 200, sealed.text);
    assert.equal((await call("GET", "transit/keys/mine", undefined, asUser)).status, 200);
    const refused: [string, string, unknown][] = [
      ["POST", "transit/encrypt/theirs", { plaintext: "" }],
      ["POST", "transit/encrypt/new", { plaintext: "" }],
      ["POST", "transit/decrypt/mine", { ciphertext: sealed.json.data.ciphertext }],
      ["POST", "transit/rewrap/mine", { ciphertext: sealed.json.data.ciphertext }],
      ["POST", "transit/datakey/plaintext/mine", {}],
      ["POST", "transit/datakey/wrapped/mine", {}],
      ["POST", "transit/keys/new", {}],
      ["POST", "transit/keys/mine/rotate", {}],
      ["POST", "transit/keys/mine/config", { deletion_allowed: true }],
      ["DELETE", "transit/keys/mine", undefined],
      ["LIST", "transit/keys", undefined],
      ["POST", "transit/random", {}],
      ["GET", "sys/mounts", undefined],
      ["GET", "sys/mounts/transit", undefined],
      ["POST", "sys/mounts/x", { type: "transit" }],
      ["DELETE", "sys/mounts/transit", undefined],
    ];
    for (const [method, path, body] of refused) {
      const answer = await call(method, path, body, asUser);
      assert.deepEqual([answer.status, answer.json], [403, { errors: [denied] }], `${method} ${path}`);
      assert.equal((await lastEvent())["errorCode"], "AccessDenied");
    }
    assert.equal((await call("GET", "sys/internal/ui/mounts/transit", undefined, asUser)).status, 200);
    assert.equal((await call("GET", "transit/keys/new")).status, 404);
    const capabilities = await call("POST", "sys/capabilities-self", { paths: "x" }, asUser);
    assert.deepEqual(capabilities.json.data, { x: ["deny"], capabilities: ["deny"] });
    const event = (await vault.test.auditEvents()).find(
      ({ requestID }) => requestID === sealed.json.request_id,
    ) as Record<string, { wire: string; path: string }>;
    assert.deepEqual(event["additionalEventData"]!.wire, "vault");
    assert.equal(event["additionalEventData"]!.path, "/v1/transit/encrypt/mine");
  });

  it("keeps plaintext, ciphertext and tokens out of the audit trail", async () => {
    const secret = base64("a very secret plaintext");
    await call("POST", "transit/encrypt/k", { plaintext: secret, reference: "r", batch_input: null });
    await call("POST", "transit/encrypt/k", { plaintext: `${secret}!` });
    await call("POST", "transit/encrypt/k", { batch_input: [{ plaintext: secret }] });
    await call("POST", "transit/decrypt/k", { ciphertext: `vault:v1:${secret}` });
    const lines = JSON.stringify(await vault.test.auditEvents());
    assert.ok(!lines.includes(secret));
    assert.ok(!lines.includes("secret plaintext"));
    assert.ok(!lines.includes(vault.test.root.token));
  });

  it("answers a bug with an error id and nothing else", async () => {
    const { core } = vault.test;
    const { mounts } = core;
    Object.defineProperty(core, "mounts", { value: { all: () => Promise.reject(new Error("secret detail")) } });
    const answer = await call("GET", "sys/mounts");
    assert.equal(answer.status, 500);
    assert.equal(answer.json.errors[0], "1 error occurred:\n\t* internal error\n\n");
    assert.match(answer.json.errors[1], /^error id [0-9a-f-]{36}$/);
    assert.ok(!answer.text.includes("secret detail"));
    assert.equal(vault.test.bugs.length, 1);
    Object.defineProperty(core, "mounts", { value: mounts });
  });
});

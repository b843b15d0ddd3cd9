import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ServiceError } from "@coffer/service";
import { wireRequest } from "@coffer/testkit";
import { openRestTest, type RestTest } from "./rest-client.ts";

describe("REST requests", () => {
  let rest: RestTest;
  const call: RestTest["call"] = (...args) => rest.call(...args);

  beforeEach(async () => {
    rest = await openRestTest();
    await call("POST", "/keys", { key_id: "k" });
  });
  afterEach(() => rest.close());

  it("answers JSON that nobody caches, with the request's id", async () => {
    const request = wireRequest({ path: "/keys/k", headers: { Authorization: `Bearer ${rest.test.root.token}` } });
    const answer = await rest.wire(request);
    assert.deepEqual(answer.headers, {
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Request-Id": request.requestId,
    });
  });

  it("refuses with problem details", async () => {
    const request = wireRequest({
      method: "POST",
      path: "/encrypt",
      headers: { Authorization: `Bearer ${rest.test.root.token}` },
      body: { key_id: "k", plaintext: 5 },
    });
    const { status, headers, body } = await rest.wire(request);
    assert.equal(status, 400);
    assert.equal(headers["Content-Type"], "application/problem+json");
    assert.equal(headers["Cache-Control"], "no-store");
    assert.equal(headers["X-Request-Id"], request.requestId);
    assert.deepEqual(JSON.parse(String(body)), {
      type: "urn:coffer:error:InvalidInput",
      title: "Invalid request",
      status: 400,
      detail: "plaintext must be a text.",
      member: "plaintext",
      request_id: request.requestId,
    });
  });

  it("takes the token from either header, the first one of several", async () => {
    const { token } = rest.test.root;
    for (const headers of [
      { Authorization: `Bearer ${token}` },
      { authorization: `bearer ${token}` },
      { Authorization: [`Bearer ${token}`, "Bearer wrong"] },
      { "X-Vault-Token": token },
      { "X-Vault-Token": [token, "wrong"] },
    ]) {
      assert.equal((await call("GET", "/keys/k", undefined, headers)).status, 200);
    }
  });

  it("refuses a missing, wrong and other credential with 401, in dev mode too", async () => {
    const dev = await openRestTest({ dev: true });
    const cases: [Record<string, string>, RegExp][] = [
      [{ Authorization: "Bearer wrong" }, /unknown, revoked or expired/],
      [{ "X-Vault-Token": "wrong" }, /unknown, revoked or expired/],
      [{ Authorization: "Basic abc" }, /has no bearer token/],
      [{ Authorization: "AWS4-HMAC-SHA256 Credential=x" }, /has no bearer token/],
      [{ Authorization: "Bearer" }, /has no bearer token/],
    ];
    for (const [headers, detail] of cases) {
      for (const opened of [rest, dev]) {
        const before = (await opened.test.auditEvents()).length;
        const answer = await opened.call("GET", "/keys", undefined, headers);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers["WWW-Authenticate"], "Bearer");
        assert.equal(answer.json.type, "urn:coffer:error:Unauthenticated");
        assert.match(answer.json.detail, detail);
        const events = await opened.test.auditEvents();
        assert.equal(events.length, before + 1);
        assert.equal(events.at(-1)!["errorCode"], "UnrecognizedClientException");
      }
    }
    const missing = await call("GET", "/keys", undefined, {});
    assert.equal(missing.status, 401);
    assert.match(missing.json.detail, /Send the header Authorization: Bearer TOKEN/);
    assert.equal((await dev.call("GET", "/keys", undefined, {})).status, 200);
    assert.equal((await dev.call("POST", "/keys", { key_id: "k" }, {})).status, 201);
    await dev.close();
  });

  it("reads JSON whatever the content type says", async () => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", "x"]) {
      const headers = { Authorization: `Bearer ${rest.test.root.token}`, "Content-Type": type };
      const answer = await call("POST", "/encrypt", '{"key_id":"k","plaintext":"x"}', headers);
      assert.equal(answer.status, 200, type);
    }
  });

  it("reads bodies strictly, and says what to send instead", async () => {
    const bad: [unknown, RegExp][] = [
      [
        "key_id=k&plaintext=x",
        /^The body is refused: invalid JSON at offset 0\. Send JSON such as \{"key_id":"orders"/,
      ],
      ["", /^The body is missing\. Send JSON such as/],
      ["[]", /^body must be a JSON object/],
      ["null", /^body must be a JSON object/],
      ['{"key_id":"k","key_id":"k","plaintext":"x"}', /^The body is refused: duplicate key at offset 14/],
      [`{"key_id":"k","plaintext":"x","context":${"[".repeat(33)}${"]".repeat(33)}}`, /nested too deeply/],
      [Buffer.from([0x7b, 0xff, 0x7d]), /^The body is not valid UTF-8/],
      ['{"key_id":"k","plaintext":"x","__proto__":{}}', /^The member "__proto__" is unknown/],
      ['{"key_id":"k","plaintext":"x","toString":1}', /^The member "toString" is unknown/],
      [`{"key_id":"k","plaintext":"x","${"n".repeat(100)}":1}`, /^The member "n{64}\.\.\." is unknown/],
    ];
    for (const [body, detail] of bad) {
      const answer = await call("POST", "/encrypt", body);
      assert.equal(answer.status, 400);
      assert.match(answer.json.detail, detail);
    }
    const own = await call("GET", "/keys", '{"a":1}');
    assert.match(own.json.detail, /"a" is unknown\. It takes none/);
  });

  it("answers unknown paths, methods and tricks", async () => {
    const cases: [string, string, number, RegExp][] = [
      ["GET", "/nowhere", 404, /^There is no path \/nowhere\. GET \/openapi\.json describes all paths/],
      ["GET", "/keys/", 404, /There is no path \/keys\//],
      ["GET", "/keys/k/nothing", 404, /There is no path/],
      ["GET", "/constructor", 404, /There is no path/],
      ["GET", "/__proto__", 404, /There is no path/],
      ["GET", "/keys//k", 400, /empty segments/],
      ["GET", "/keys/../keys/k", 400, /'\.\.'/],
      ["GET", "/keys/%2e%2e", 400, /'\.\.'/],
      ["GET", "/keys/a%2f..%2fk", 400, /'\.\.'/],
      ["GET", "/keys/k%00", 400, /control characters/],
      ["GET", "/keys/%zz", 400, /malformed percent escape/],
      ["GET", "/keys/%252e%252e", 400, /is no key name/],
      ["GET", `/keys/${"k".repeat(2048)}`, 400, /^The path has more than 2048 characters/],
      ["GET", `/keys/${"k".repeat(513)}`, 400, /^keyID has more than 512 characters/],
    ];
    for (const [method, path, status, detail] of cases) {
      const before = (await rest.test.auditEvents()).length;
      const answer = await call(method, path);
      assert.equal(answer.status, status, path);
      assert.match(answer.json.detail, detail);
      assert.equal((await rest.test.auditEvents()).length, before + 1);
    }
    const methods: [string, string, string][] = [
      ["PATCH", "/keys", "POST, GET, HEAD"],
      ["PUT", "/keys/k", "GET, HEAD, DELETE"],
      ["GET", "/encrypt", "POST"],
      ["HEAD", "/encrypt", "POST"],
      ["OPTIONS", "/keys", "POST, GET, HEAD"],
      ["LIST", "/keys", "POST, GET, HEAD"],
      ["POST", "/health", "GET, HEAD"],
      ["DELETE", "/openapi.json", "GET, HEAD"],
    ];
    for (const [method, path, allow] of methods) {
      const before = (await rest.test.auditEvents()).length;
      const answer = await call(method, path);
      assert.deepEqual([answer.status, answer.headers["Allow"]], [405, allow], `${method} ${path}`);
      assert.equal((await rest.test.auditEvents()).length, before + 1);
    }
  });

  it("takes HEAD for GET", async () => {
    const headers = { Authorization: `Bearer ${rest.test.root.token}` };
    const head = await rest.wire(wireRequest({ method: "HEAD", path: "/keys/k", headers }));
    const get = await rest.wire(wireRequest({ method: "GET", path: "/keys/k", headers }));
    assert.deepEqual([head.status, head.body], [200, get.body]);
    assert.equal((await call("HEAD", "/keys/none")).status, 404);
    assert.equal((await call("HEAD", "/health", undefined, {})).status, 200);
  });

  it("tells its health to anybody, without an audit record", async () => {
    const before = (await rest.test.auditEvents()).length;
    rest.test.clock.advance(5_000);
    const health = await call("GET", "/health", undefined, {});
    assert.equal(health.status, 200);
    assert.deepEqual(health.json, {
      status: "ok",
      version: "1.2.3",
      seal: { sealed: false, initialized: true },
      audit: { ok: true },
      store: { ok: true },
      uptime_seconds: 5,
    });
    assert.equal((await rest.test.auditEvents()).length, before);
  });

  it("is unhealthy while the audit trail is not well, and refuses while it cannot be written", async () => {
    const { core } = rest.test;
    const { audit } = core;
    const ill = { ok: false, writable: false, reason: "The disk is full." };
    Object.defineProperty(core, "audit", {
      value: { health: () => ill, append: (event: string) => audit.append(event) },
    });
    const health = await call("GET", "/health", undefined, {});
    assert.deepEqual([health.status, health.json.status], [503, "unhealthy"]);
    assert.deepEqual(health.json.audit, { ok: false, reason: "The disk is full." });
    const refused = await call("GET", "/keys/k");
    assert.deepEqual([refused.status, refused.json.type], [503, "urn:coffer:error:AuditUnavailable"]);
    assert.match(refused.json.detail, /nothing is done: The disk is full\./);
    Object.defineProperty(core, "audit", { value: audit });
  });

  it("is unhealthy while the database fails, and answers what needs it so", async () => {
    const { core } = rest.test;
    const { commit, store } = core;
    const reason = "The disk that holds the database is full.";
    Object.defineProperty(store, "health", { value: () => ({ ok: false, reason }), configurable: true });
    Object.defineProperty(core, "commit", {
      value: () => Promise.reject(ServiceError.of("StoreUnavailable", { reason })),
    });
    const health = await call("GET", "/health", undefined, {});
    assert.deepEqual([health.status, health.json.status, health.json.audit.ok], [503, "unhealthy", true]);
    assert.deepEqual(health.json.store, { ok: false, reason });
    const refused = await call("POST", "/keys", { key_id: "not-made" });
    assert.deepEqual([refused.status, refused.json.type], [503, "urn:coffer:error:StoreUnavailable"]);
    Reflect.deleteProperty(store, "health");
    Object.defineProperty(core, "commit", { value: commit });
  });

  it("answers a refusal that cannot be recorded as such", async () => {
    const { core } = rest.test;
    const { audit } = core;
    Object.defineProperty(core, "audit", {
      value: { health: () => audit.health(), append: () => Promise.reject(new Error("disk")) },
    });
    const answer = await call("PUT", "/keys");
    assert.equal(answer.status, 500);
    assert.equal(answer.headers["Allow"], undefined);
    assert.ok(!answer.text.includes("disk"));
    Object.defineProperty(core, "audit", { value: audit });
  });

  it("shows the audit trail as it is stored, behind a sequence number", async () => {
    const all = (await call("GET", "/audit/events")).json;
    assert.ok(all.last >= 1);
    assert.equal(all.events.length, all.last);
    assert.equal(all.events[0].eventName, "CreateKey");
    const rest_ = (await call("GET", `/audit/events?after=${all.last}&limit=1`)).json;
    assert.equal(rest_.events.length, 1);
    assert.equal(rest_.events[0].eventName, "LookupEvents");
    assert.equal((await call("GET", "/audit/events?after=-1")).status, 400);
    assert.equal((await call("GET", "/audit/events?limit=1001")).status, 400);
    assert.equal((await call("GET", "/audit/events", undefined, {})).status, 401);
  });

  it("keeps plaintext, data keys and tokens out of the audit trail", async () => {
    const secret = "a very secret plaintext";
    const encoded = Buffer.from(secret).toString("base64");
    const { ciphertext } = (await call("POST", "/encrypt", { key_id: "k", plaintext: secret })).json;
    await call("POST", "/encrypt", { key_id: "k", plaintext: `${encoded}!`, encoding: "base64" });
    await call("POST", "/encrypt", { key_id: "k", plaintext: secret, encoding: secret });
    await call("POST", "/decrypt", { key_id: "k", ciphertext });
    const { plaintext } = (await call("POST", "/datakey", { key_id: "k" })).json;
    await call("POST", "/encrypt", `{"key_id":"k","plaintext":"${secret}"`);
    const made = await call("POST", "/admin/tokens", { principal: "root" });
    const accessKey = await call("POST", "/admin/access-keys", { principal: "root" });
    const lines = JSON.stringify(await rest.test.auditEvents());
    for (const hidden of [secret, encoded, plaintext, rest.test.root.token, made.json.token]) {
      assert.ok(!lines.includes(hidden));
    }
    assert.ok(!lines.includes(accessKey.json.secret_access_key));
  });

  it("answers a bug with an error id and nothing else", async () => {
    const { core } = rest.test;
    const { store } = core;
    Object.defineProperty(core, "store", {
      value: { listKeys: () => Promise.reject(new Error("secret detail")) },
    });
    const answer = await call("GET", "/keys");
    assert.equal(answer.status, 500);
    assert.match(answer.json.detail, /error id [0-9a-f-]{36}/);
    assert.ok(!answer.text.includes("secret detail"));
    assert.equal(rest.test.bugs.length, 1);
    Object.defineProperty(core, "store", { value: store });
  });
});

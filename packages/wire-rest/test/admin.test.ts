import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openRestTest, type RestTest } from "./rest-client.ts";

describe("REST administration", () => {
  let rest: RestTest;
  const call: RestTest["call"] = (...args) => rest.call(...args);

  beforeEach(async () => {
    rest = await openRestTest();
  });
  afterEach(async () => {
    await rest.close();
    assert.deepEqual(rest.test.bugs, []);
  });

  const arn = "arn:aws:iam::000000000000:user/alice";

  async function refused(method: string, path: string, body: unknown, status: number, code: string, detail: RegExp) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.type, `urn:coffer:error:${code}`);
    assert.match(answer.json.detail, detail);
  }

  /** A user with a token; calls with it. */
  async function makeUser(name: string) {
    await call("POST", "/admin/principals", { kind: "user", name });
    const { token, accessor } = (await call("POST", "/admin/tokens", { principal: `user/${name}` })).json;
    const headers = { Authorization: `Bearer ${token}` };
    return { accessor, call: (method: string, path: string, body?: unknown) => call(method, path, body, headers) };
  }

  it("makes, lists and deletes users and roles", async () => {
    const made = await call("POST", "/admin/principals", { kind: "user", name: "alice" });
    assert.equal(made.status, 201);
    const user = { kind: "user", name: "alice", arn, created_at: "2026-01-01T00:00:00.000Z" };
    assert.deepEqual(made.json, user);
    await call("POST", "/admin/principals", { kind: "role", name: "app" });
    const page = (await call("GET", "/admin/principals?limit=1")).json;
    assert.equal(page.principals.length, 1);
    const rest_ = (await call("GET", `/admin/principals?marker=${page.next}`)).json;
    assert.deepEqual([...page.principals, ...rest_.principals].map(({ name }) => name).sort(), ["alice", "app"]);
    assert.equal(rest_.next, undefined);
    await refused(
      "POST",
      "/admin/principals",
      { kind: "user", name: "alice" },
      409,
      "AlreadyExists",
      /already a principal/,
    );
    await refused(
      "POST",
      "/admin/principals",
      { kind: "group", name: "x" },
      400,
      "InvalidInput",
      /^kind must be one of/,
    );
    await refused(
      "POST",
      "/admin/principals",
      { kind: "user", name: "a b" },
      400,
      "InvalidInput",
      /^A name has 1 to 64/,
    );
    await refused(
      "POST",
      "/admin/principals",
      { kind: "user", name: "a".repeat(65) },
      400,
      "InvalidInput",
      /more than 64/,
    );
    const gone = await call("DELETE", "/admin/principals/user/alice");
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    await refused(
      "DELETE",
      "/admin/principals/user/alice",
      undefined,
      404,
      "NotFound",
      /GET \/admin\/principals lists/,
    );
    await refused("DELETE", "/admin/principals/group/x", undefined, 400, "InvalidInput", /^kind must be one of/);
  });

  it("makes tokens that work, expire, are listed without secrets, and are revoked", async () => {
    const alice = await makeUser("alice");
    const named = await call("POST", "/admin/tokens", { principal: arn, lifetime_seconds: 60, name: "laptop" });
    assert.equal(named.status, 201);
    const { token, accessor, ...facts } = named.json;
    assert.deepEqual(facts, { principal: arn, name: "laptop", expires_at: "2026-01-01T00:01:00.000Z" });
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await call("GET", "/keys", undefined, headers)).status, 403);
    const listed = await call("GET", "/admin/credentials?principal=user/alice");
    assert.deepEqual(listed.json.tokens.map((row: { name: string }) => row.name).sort(), ["laptop", "token"]);
    assert.ok(!listed.text.includes(token));
    rest.test.clock.advance(60_000);
    assert.equal((await call("GET", "/keys", undefined, headers)).status, 401);
    assert.equal((await alice.call("GET", "/keys")).status, 403);
    const path = `/admin/tokens/${alice.accessor}?principal=user/alice`;
    assert.equal((await call("DELETE", path)).status, 204);
    assert.equal((await alice.call("GET", "/keys")).status, 401);
    await refused("DELETE", path, undefined, 404, "NotFound", /There is no token with accessor/);
    await refused(
      "DELETE",
      `/admin/tokens/${accessor}`,
      undefined,
      400,
      "InvalidInput",
      /parameter principal is missing/,
    );
    await refused("POST", "/admin/tokens", { principal: "user/none" }, 404, "NotFound", /There is no principal/);
    for (const lifetime_seconds of [0, 315_360_001, 1.5]) {
      await refused(
        "POST",
        "/admin/tokens",
        { principal: arn, lifetime_seconds },
        400,
        "InvalidInput",
        /^lifetime_seconds/,
      );
    }
    const root = await call("POST", "/admin/tokens", { principal: "root" });
    const asRoot = { Authorization: `Bearer ${root.json.token}` };
    assert.equal((await call("GET", "/keys", undefined, asRoot)).status, 200);
  });

  it("makes and deletes access keys", async () => {
    await makeUser("alice");
    const made = await call("POST", "/admin/access-keys", { principal: "user/alice" });
    assert.equal(made.status, 201);
    assert.match(made.json.access_key_id, /^AKIA[A-Z2-7]{16}$/);
    assert.equal(made.json.secret_access_key.length, 40);
    const found = await rest.test.core.identities.findAccessKey(made.json.access_key_id);
    assert.equal(found?.principal.arn, arn);
    await call("POST", "/admin/access-keys", { principal: "user/alice" });
    await refused(
      "POST",
      "/admin/access-keys",
      { principal: "user/alice" },
      400,
      "LimitExceeded",
      /at most 2 access keys/,
    );
    const listed = await call("GET", "/admin/credentials?principal=user/alice");
    assert.equal(listed.json.access_keys.length, 2);
    assert.match(listed.json.access_keys[0].access_key_id, /^AKIA/);
    assert.ok(!listed.text.includes(made.json.secret_access_key));
    assert.equal((await call("DELETE", `/admin/access-keys/${made.json.access_key_id}`)).status, 204);
    assert.equal(await rest.test.core.identities.findAccessKey(made.json.access_key_id), undefined);
    await refused(
      "DELETE",
      "/admin/access-keys/AKIANONE",
      undefined,
      404,
      "NotFound",
      /There is no access key AKIANONE/,
    );
  });

  const badPrincipals = ["alice", "user/", "user/a b", "group/x", "arn:aws:iam::1:user/x", "user/a/../b", "root/x", ""];
  for (const principal of badPrincipals) {
    it(`refuses the principal ${JSON.stringify(principal)}`, async () => {
      for (const [method, path, body] of [
        ["POST", "/admin/tokens", { principal }],
        ["GET", `/admin/policies?principal=${encodeURIComponent(principal)}`, undefined],
      ] as const) {
        const answer = await call(method, path, body);
        assert.equal(answer.status, 400, answer.text);
        assert.match(answer.json.detail, /no principal|at least 1 characters/);
      }
    });
  }

  it("enforces policies: nothing without one, only what one allows, nothing once it is gone", async () => {
    await call("POST", "/keys", { key_id: "mine" });
    await call("POST", "/keys", { key_id: "theirs" });
    const alice = await makeUser("alice");
    const encrypt = (key_id: string) => alice.call("POST", "/encrypt", { key_id, plaintext: "x" });
    const denied = await encrypt("mine");
    assert.deepEqual([denied.status, denied.json.type], [403, "urn:coffer:error:AccessDenied"]);
    assert.match(
      denied.json.detail,
      /^No policy allows arn:aws:iam::000000000000:user\/alice the action kms:Encrypt on/,
    );
    const mine = (await call("GET", "/keys/mine")).json.arn;
    const document = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: ["kms:Encrypt", "kms:Decrypt"], Resource: mine }],
    };
    const put = await call("PUT", "/admin/policies/use-mine?principal=user/alice", document);
    assert.deepEqual([put.status, put.text], [204, ""]);
    const sealed = await encrypt("mine");
    assert.equal(sealed.status, 200);
    assert.equal((await encrypt("theirs")).status, 403);
    const { ciphertext } = sealed.json;
    assert.equal((await alice.call("POST", "/decrypt", { key_id: "mine", ciphertext })).json.plaintext, "x");
    const refusals: [string, string, unknown?][] = [
      ["GET", "/keys"],
      ["GET", "/keys/mine"],
      ["POST", "/keys", { key_id: "new" }],
      ["DELETE", "/keys/mine"],
      ["POST", "/keys/mine/rotate"],
      ["POST", "/keys/mine/restore"],
      ["POST", "/datakey", { key_id: "mine" }],
      ["GET", "/audit/events"],
      ["GET", "/admin/principals"],
      ["POST", "/admin/principals", { kind: "user", name: "eve" }],
      ["DELETE", "/admin/principals/user/alice"],
      ["POST", "/admin/access-keys", { principal: "user/alice" }],
      ["DELETE", "/admin/access-keys/AKIAX"],
      ["POST", "/admin/tokens", { principal: "root" }],
      ["DELETE", "/admin/tokens/x?principal=root"],
      ["GET", "/admin/credentials?principal=root"],
      ["PUT", "/admin/policies/all?principal=user/alice", document],
      ["DELETE", "/admin/policies/use-mine?principal=user/alice"],
      ["GET", "/admin/policies?principal=user/alice"],
      ["PUT", "/admin/key-policies/mine", document],
      ["GET", "/admin/key-policies/mine"],
      ["POST", "/admin/keyring/rotate"],
    ];
    for (const [method, path, body] of refusals) {
      const answer = await alice.call(method, path, body);
      assert.deepEqual([answer.status, answer.json.type], [403, "urn:coffer:error:AccessDenied"], `${method} ${path}`);
      assert.equal((await rest.test.auditEvents()).at(-1)!["errorCode"], "AccessDenied");
    }
    assert.equal((await call("DELETE", "/admin/policies/use-mine?principal=user/alice")).status, 204);
    assert.equal((await encrypt("mine")).status, 403);
    await refused(
      "DELETE",
      "/admin/policies/use-mine?principal=user/alice",
      undefined,
      404,
      "NotFound",
      /no policy use-mine/,
    );
  });

  it("shows an explicit deny as one", async () => {
    await call("POST", "/keys", { key_id: "k" });
    const alice = await makeUser("alice");
    const statement = { Effect: "Deny", Action: "kms:Encrypt", Resource: "*" };
    await call("PUT", "/admin/policies/no?principal=user/alice", { Version: "2012-10-17", Statement: [statement] });
    const answer = await alice.call("POST", "/encrypt", { key_id: "k", plaintext: "x" });
    assert.match(answer.json.detail, /^A policy denies .* Only a change of that policy helps/);
  });

  it("keeps policies as they were put, and refuses what is none", async () => {
    await makeUser("alice");
    const document = '{ "Version": "2012-10-17", "Statement": [] }';
    const path = "/admin/policies/p?principal=user/alice";
    const statements = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "kms:*", Resource: "*" }] };
    assert.equal((await call("PUT", path, statements)).status, 204);
    const listed = await call("GET", "/admin/policies?principal=user/alice");
    assert.deepEqual(listed.json, { principal: arn, policies: [{ name: "p", document: statements }] });
    await refused(
      "PUT",
      path,
      '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}',
      400,
      "PolicyMalformed",
      /./,
    );
    await refused("PUT", path, '{"Version":"2012-10-17","Version":"x"}', 400, "InvalidInput", /duplicate key/);
    await refused("PUT", path, "", 400, "InvalidInput", /^The body is missing\. Send JSON such as \{"Version"/);
    const long = { ...statements, Id: "x".repeat(6200) };
    await refused("PUT", path, long, 400, "LimitExceeded", /at most 6144 bytes/);
    await refused(
      "PUT",
      "/admin/policies/a%20b?principal=user/alice",
      statements,
      400,
      "InvalidInput",
      /^name is not well-formed/,
    );
    await refused(
      "PUT",
      `/admin/policies/${"n".repeat(129)}?principal=user/alice`,
      statements,
      400,
      "InvalidInput",
      /128/,
    );
    await refused("PUT", "/admin/policies/p?principal=user/none", statements, 404, "NotFound", /There is no principal/);
    for (let index = 1; index < 10; index += 1) {
      assert.equal((await call("PUT", `/admin/policies/p${index}?principal=user/alice`, statements)).status, 204);
    }
    await refused("PUT", "/admin/policies/p10?principal=user/alice", statements, 400, "LimitExceeded", /at most 10/);
    assert.ok(document.length > 0);
  });

  it("puts and shows key policies, and does not let a caller lock itself out", async () => {
    await call("POST", "/keys", { key_id: "k" });
    const before = await call("GET", "/admin/key-policies/k");
    assert.equal(before.json.Statement[0].Action, "kms:*");
    assert.equal((await call("PUT", "/admin/key-policies/k", before.text)).status, 204);
    const root = { AWS: "arn:aws:iam::000000000000:root" };
    const allow = { Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" };
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:Encrypt", Resource: "*" };
    const policy = { Version: "2012-10-17", Statement: [allow, deny] };
    assert.equal((await call("PUT", "/admin/key-policies/k", policy)).status, 204);
    assert.deepEqual((await call("GET", "/admin/key-policies/k")).json, policy);
    assert.equal((await call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).status, 403);
    const locked = { Version: "2012-10-17", Statement: [{ ...allow, Action: "kms:Encrypt" }] };
    await refused("PUT", "/admin/key-policies/k", locked, 400, "PolicyMalformed", /will not allow you to update/);
    await refused("GET", "/admin/key-policies/none", undefined, 404, "NotFound", /There is no key none/);
  });

  it("rotates the keyring while everything goes on decrypting", async () => {
    await call("POST", "/keys", { key_id: "k" });
    const { ciphertext } = (await call("POST", "/encrypt", { key_id: "k", plaintext: "x" })).json;
    const rotated = await call("POST", "/admin/keyring/rotate");
    assert.equal(rotated.status, 200);
    assert.equal(rotated.json.wrapping_key_id, rest.test.core.keyring.currentWrappingKeyId);
    assert.ok(rotated.json.rewrapped >= 2);
    assert.equal((await call("POST", "/decrypt", { key_id: "k", ciphertext })).json.plaintext, "x");
  });
});

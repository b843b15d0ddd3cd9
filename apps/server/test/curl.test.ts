import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import { runProgram } from "./run-program.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const program = component("curl");

interface CurlAnswer {
  readonly status: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

async function curl(...args: readonly string[]): Promise<CurlAnswer> {
  assert.ok(program.available);
  const told = ["--silent", "--show-error", "--write-out", "\n%{http_code} %{content_type}"];
  const { status, stdout, stderr } = await runProgram(program.path, [...told, ...args]);
  assert.equal(status, 0, stderr);
  const end = stdout.lastIndexOf("\n");
  const body = stdout.slice(0, end).trim();
  const [code, type = ""] = stdout.slice(end + 1).split(" ");
  return { status: Number(code), type, body: body === "" ? undefined : JSON.parse(body) };
}

describe("curl", { skip: program.available ? false : program.reason }, () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ dev: true });
  });
  after(() => server?.kill());

  const at = (path: string) => `${server.url}${path}`;

  async function makeKey(name: string): Promise<void> {
    assert.equal((await curl(at("/keys"), "-d", JSON.stringify({ key_id: name }))).status, 201);
  }

  it("makes a key, encrypts and decrypts", async () => {
    const made = await curl(at("/keys"), "-d", '{"key_id":"orders"}');
    assert.deepEqual([made.status, made.type], [201, "application/json"]);
    assert.deepEqual(made.body, { id: "orders", algorithm: "AES-256-GCM" });
    const sealed = await curl(at("/encrypt"), "-d", '{"key_id":"orders","plaintext":"4111 1111 1111 1111"}');
    assert.equal(sealed.status, 200);
    assert.equal(sealed.body.key_id, "orders");
    const { ciphertext } = sealed.body;
    assert.ok(!Buffer.from(ciphertext, "base64").includes("4111"));
    const opened = await curl(at("/decrypt"), "-d", JSON.stringify({ key_id: "orders", ciphertext }));
    assert.deepEqual([opened.status, opened.body.plaintext], [200, "4111 1111 1111 1111"]);
  });

  it("binds a context", async () => {
    await makeKey("bound");
    const context = { customer: "42" };
    const plaintext = "пароль";
    const sealed = await curl(at("/encrypt"), "-d", JSON.stringify({ key_id: "bound", plaintext, context }));
    const { ciphertext } = sealed.body;
    const opened = await curl(at("/decrypt"), "-d", JSON.stringify({ key_id: "bound", ciphertext, context }));
    assert.equal(opened.body.plaintext, plaintext);
    for (const wrong of [undefined, { customer: "43" }]) {
      const body = JSON.stringify({ key_id: "bound", ciphertext, context: wrong });
      const refused = await curl(at("/decrypt"), "-d", body);
      assert.deepEqual([refused.status, refused.type], [400, "application/problem+json"]);
    }
  });

  it("makes data keys, whose ciphertext decrypts to the same bytes", async () => {
    await makeKey("files");
    const made = await curl(at("/datakey"), "-d", '{"key_id":"files"}');
    assert.equal(made.status, 200);
    assert.equal(Buffer.from(made.body.plaintext, "base64").length, 32);
    const body = JSON.stringify({ key_id: "files", ciphertext: made.body.ciphertext, encoding: "base64" });
    assert.equal((await curl(at("/decrypt"), "-d", body)).body.plaintext, made.body.plaintext);
  });

  it("lists, shows, rotates, deletes and restores", async () => {
    await makeKey("life");
    const sealed = await curl(at("/encrypt"), "-d", '{"key_id":"life","plaintext":"old"}');
    const decrypt = () =>
      curl(at("/decrypt"), "-d", JSON.stringify({ key_id: "life", ciphertext: sealed.body.ciphertext }));
    const { keys } = (await curl(at("/keys"))).body;
    const listed = keys.find(({ id }: { id: string }) => id === "life");
    assert.deepEqual([listed.algorithm, listed.state, listed.version], ["AES-256-GCM", "enabled", 1]);
    assert.ok(!Number.isNaN(Date.parse(listed.created_at)));
    assert.equal((await curl("-X", "POST", at("/keys/life/rotate"))).status, 200);
    assert.equal((await curl(at("/keys/life"))).body.version, 2);
    assert.equal((await decrypt()).body.plaintext, "old");
    const deleted = await curl("-X", "DELETE", at("/keys/life"));
    assert.deepEqual([deleted.status, deleted.body.state], [200, "pending_deletion"]);
    assert.equal((await decrypt()).status, 409);
    const restored = await curl("-X", "POST", at("/keys/life/restore"));
    assert.deepEqual([restored.status, restored.body.state], [200, "enabled"]);
    assert.equal((await decrypt()).body.plaintext, "old");
  });

  it("takes a body whatever content type curl gives it and however it sends it", async () => {
    for (const [index, header] of [
      [],
      ["-H", "Content-Type: application/json"],
      ["-H", "Content-Type: application/json; charset=utf-8"],
      ["-H", "Content-Type:"],
    ].entries()) {
      const answer = await curl(at("/keys"), ...header, "-d", JSON.stringify({ key_id: `typed-${index}` }));
      assert.equal(answer.status, 201, `${header.join(" ")}: ${JSON.stringify(answer.body)}`);
    }
    for (const [index, option] of [
      ["-H", "Expect: 100-continue"],
      ["-H", "Transfer-Encoding: chunked"],
      ["--http1.0"],
    ].entries()) {
      const answer = await curl(...option, at("/keys"), "-d", JSON.stringify({ key_id: `sent-${index}` }));
      assert.equal(answer.status, 201, option.join(" "));
    }
    const json = await curl("--json", '{"key_id":"typed-json"}', at("/keys"));
    assert.equal(json.status, 201);
  });

  it("answers problems with what to do", async () => {
    await makeKey("there");
    for (const [args, status] of [
      [["/keys", "-d", '{"key_id":"there"}'], 409],
      [["/keys", "-d", "{"], 400],
      [["/keys", "-d", '{"key_id":"x","surprise":1}'], 400],
      [["/encrypt", "-d", '{"key_id":"not-there","plaintext":"x"}'], 404],
      [["/decrypt", "-d", '{"key_id":"there","ciphertext":"AAAA"}'], 400],
      [["/nowhere"], 404],
      [["/keys", "-X", "PATCH"], 405],
    ] as const) {
      const [path, ...rest] = args;
      const answer = await curl(at(path), ...rest);
      assert.deepEqual([answer.status, answer.type], [status, "application/problem+json"], args.join(" "));
      assert.equal(answer.body.status, status);
      assert.match(answer.body.type, /^urn:coffer:error:/);
      assert.ok(answer.body.detail.length > 0);
      assert.match(answer.body.request_id, /^[0-9a-f-]{36}$/);
    }
  });

  it("answers health and OpenAPI to anybody", async () => {
    const health = await curl(at("/health"));
    assert.deepEqual([health.status, health.body.status], [200, "ok"]);
    const { body } = await curl(at("/openapi.json"));
    assert.equal(body.openapi, "3.1.0");
    assert.ok("/encrypt" in body.paths);
  });

  it("needs a token when the server is no dev server", async (t) => {
    const real = await ServerUnderTest.start();
    t.after(() => real.kill());
    const body = ["-d", '{"key_id":"mine"}'];
    const keys = `${real.url}/keys`;
    for (const header of [[], ["-H", "Authorization: Bearer hvs.wrong"], ["-H", "Authorization: Basic eDp5"]]) {
      const refused = await curl(keys, ...body, ...header);
      assert.deepEqual([refused.status, refused.type], [401, "application/problem+json"], header.join(" "));
    }
    const bearer = ["-H", `Authorization: Bearer ${real.credentials.token}`];
    assert.equal((await curl(keys, ...body, ...bearer)).status, 201);
    assert.deepEqual(
      (await curl(keys, ...bearer)).body.keys.map(({ id }: { id: string }) => id),
      ["mine"],
    );
  });
});

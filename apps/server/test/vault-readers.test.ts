import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ServerUnderTest } from "./server-under-test.ts";

/** An answer of the Vault API. */
interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

describe("programs that read secrets", () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
  });
  after(() => server?.kill());

  async function send(method: string, path: string, token?: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${server.vaultUrl}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": token ?? server.credentials.token, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? undefined : JSON.parse(text) };
  }

  async function done(method: string, path: string, body: unknown): Promise<Answer> {
    const answer = await send(method, path, undefined, body);
    assert.ok(answer.status < 300, `${path}: ${JSON.stringify(answer.json)}`);
    return answer;
  }

  /** A token of an AppRole with one policy. */
  async function logIn(name: string, policy: string): Promise<string> {
    await send("POST", "sys/auth/approle", undefined, { type: "approle" });
    await done("PUT", `sys/policies/acl/${name}`, { policy });
    await done("POST", `auth/approle/role/${name}`, { token_policies: [name] });
    const { role_id } = (await send("GET", `auth/approle/role/${name}/role-id`)).json.data;
    const { secret_id } = (await done("POST", `auth/approle/role/${name}/secret-id`, {})).json.data;
    return (await done("POST", "auth/approle/login", { role_id, secret_id })).json.auth.client_token;
  }

  // The requests of plugin/hashicorp_key_management in MariaDB's source, and what it looks for in the answers.
  it("MariaDB's HashiCorp key management plugin: the version of the storage, then keys by number and version", async () => {
    await done("POST", "sys/mounts/mariadb", { type: "kv", options: { version: "2" } });
    await done("POST", "mariadb/config", { max_versions: 1000 });
    const keys = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
    for (const data of keys) await done("POST", "mariadb/data/1", { data: { data } });
    const token = await logIn(
      "mariadb",
      'path "mariadb/data/*" { capabilities = ["read"] }\npath "sys/mounts/mariadb/tune" { capabilities = ["read"] }',
    );
    const tune = await send("GET", "sys/mounts/mariadb/tune", token);
    // `options` is looked for beside `data`, not in it.
    assert.equal(tune.json.options.version, "2");
    const latest = await send("GET", "mariadb/data/1", token);
    assert.equal(latest.json.data.metadata.version, 2);
    assert.equal(latest.json.data.data.data, keys[1]);
    const first = await send("GET", "mariadb/data/1?version=1", token);
    assert.deepEqual([first.json.data.metadata.version, first.json.data.data.data], [1, keys[0]]);
    // A key that is not there is no failure for it, but one that it must be able to tell: 404.
    assert.equal((await send("GET", "mariadb/data/2", token)).status, 404);
    assert.equal((await send("GET", "mariadb/data/1?version=3", token)).status, 404);
    assert.equal((await send("POST", "mariadb/data/1", token, { data: { data: "x" } })).status, 403);
    assert.equal((await send("GET", "sys/mounts/transit/tune", token)).status, 403);
  });

  // The requests of the Vault provider of External Secrets: get, find by name and tag, push, delete.
  it("External Secrets: a secret, its metadata, all below a folder, what it pushes and deletes", async () => {
    await done("POST", "sys/mounts/team/apps", { type: "kv-v2" });
    await done("POST", "team/apps/data/web/db", { data: { user: "app", nested: { port: 5432 } } });
    await done("POST", "team/apps/data/web/deep/cache", { data: { url: "redis://" } });
    const token = await logIn(
      "external-secrets",
      `path "team/apps/data/*" { capabilities = ["create", "read", "update", "delete"] }
       path "team/apps/metadata/*" { capabilities = ["create", "read", "update", "delete", "list"] }`,
    );
    const { data } = (await send("GET", "team/apps/data/web/db", token)).json;
    assert.deepEqual(data.data, { user: "app", nested: { port: 5432 } });

    // Finding walks the folders, each with a slash at its end.
    const walk = async (folder: string): Promise<string[]> => {
      const { json } = await send("GET", `team/apps/metadata/${folder}?list=true`, token);
      const found: string[] = [];
      for (const name of json.data.keys as string[]) {
        found.push(...(name.endsWith("/") ? await walk(folder + name) : [folder + name]));
      }
      return found;
    };
    assert.deepEqual(await walk("web/"), ["web/db", "web/deep/cache"]);
    assert.deepEqual(await walk(""), ["web/db", "web/deep/cache"]);

    // A push reads, labels, and writes with a check-and-set on the version that the metadata tells.
    assert.equal((await send("GET", "team/apps/data/pushed", token)).status, 404);
    const label = { custom_metadata: { "managed-by": "external-secrets" } };
    assert.equal((await send("PUT", "team/apps/metadata/pushed", token, label)).status, 204);
    const push = (cas: number) =>
      send("PUT", "team/apps/data/pushed", token, { data: { key: String(cas) }, options: { cas } });
    assert.equal((await push(0)).status, 200);
    const metadata = (await send("GET", "team/apps/metadata/pushed", token)).json.data;
    assert.deepEqual(metadata.custom_metadata, label.custom_metadata);
    assert.equal((await push(metadata.current_version)).json.data.version, 2);
    assert.equal((await push(metadata.current_version)).status, 400);
    assert.equal((await send("DELETE", "team/apps/data/pushed", token)).status, 204);
    // A deleted secret is a 404 with data that is null: "no such secret" for it.
    const gone = await send("GET", "team/apps/data/pushed", token);
    assert.deepEqual([gone.status, gone.json.data.data], [404, null]);
    assert.equal((await send("DELETE", "team/apps/metadata/pushed", token)).status, 204);
    assert.equal((await send("GET", "team/apps/metadata/pushed", token)).status, 404);
  });

  it("a store of External Secrets of KV version 1: paths right below the mount, labels among the members", async () => {
    await done("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
    const token = await logIn("old-store", 'path "old/*" { capabilities = ["create", "read", "update", "list"] }');
    const secret = { user: "app", custom_metadata: { "managed-by": "external-secrets" } };
    assert.equal((await send("PUT", "old/web/db", token, secret)).status, 204);
    assert.deepEqual((await send("GET", "old/web/db", token)).json.data, secret);
    assert.deepEqual((await send("GET", "old/web/?list=true", token)).json.data.keys, ["db"]);
  });
});

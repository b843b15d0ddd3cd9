import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ServerUnderTest } from "./server-under-test.ts";

/**
 * What Terraform's Vault provider asks for, in its order (hashicorp/terraform-provider-vault 0040c8a, vault/resource_*.go and
 * internal/provider/meta.go), as it sends it: JSON bodies by PUT, `X-Vault-Request` with every request. The provider itself is
 * not run.
 */
describe("the calls of Terraform's Vault provider", () => {
  let server: ServerUnderTest;
  let token: string;
  let childAccessor: string;

  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    token = server.credentials.token;
  });
  after(() => server?.kill());

  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; json: any }> {
    const answer = await fetch(`${server.vaultUrl}/v1/${path}`, {
      method,
      headers: { "X-Vault-Token": token, "X-Vault-Request": "true" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === "" ? undefined : JSON.parse(text) };
  }
  const done = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await call(method, path, body);
    assert.ok(status === 200 || status === 204, `${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };

  it("looks its token up, makes a child of it for the run, and reads a semantic version", async () => {
    const own = await done("GET", "auth/token/lookup-self");
    assert.deepEqual(own.data.policies, ["root"]);
    const { auth } = await done("POST", "auth/token/create", {
      display_name: "terraform",
      ttl: "1200s",
      explicit_max_ttl: "1200s",
      renewable: false,
    });
    assert.equal(auth.renewable, false);
    assert.equal(auth.lease_duration, 1200);
    token = auth.client_token;
    childAccessor = auth.accessor;
    const { version } = await done("GET", "sys/seal-status");
    assert.match(version, /^\d+\.\d+\.\d+/);
  });

  it("makes, reads, tunes and removes a mount", async () => {
    const config = { default_lease_ttl: "0s", max_lease_ttl: "0s", force_no_cache: false };
    await done("POST", "sys/mounts/tf-transit", {
      type: "transit",
      description: "keys",
      config,
      options: {},
      local: false,
    });
    const { data } = await done("GET", "sys/mounts");
    assert.equal(data["tf-transit/"].type, "transit");
    await done("POST", "sys/mounts/tf-transit/tune", { default_lease_ttl: "3600s", description: "the keys" });
    assert.equal((await done("GET", "sys/mounts/tf-transit/tune")).data.default_lease_ttl, 3600);
    assert.equal((await done("GET", "sys/mounts")).data["tf-transit/"].description, "the keys");
  });

  it("makes, configures, reads and removes a key", async () => {
    await done("PUT", "tf-transit/keys/orders", { type: "ecdsa-p256", exportable: false, auto_rotate_period: 0 });
    await done("PUT", "tf-transit/keys/orders/config", { deletion_allowed: true, min_decryption_version: 1 });
    const { data } = await done("GET", "tf-transit/keys/orders");
    assert.equal(data.type, "ecdsa-p256");
    assert.equal(data.deletion_allowed, true);
    assert.match(data.keys["1"].public_key, /^-----BEGIN PUBLIC KEY-----/);
    await done("DELETE", "tf-transit/keys/orders");
    assert.equal((await call("GET", "tf-transit/keys/orders")).status, 404);
    await done("DELETE", "sys/mounts/tf-transit");
  });

  it("writes and reads policies and secrets", async () => {
    const policy = 'path "kv/data/app/*" { capabilities = ["read"] }';
    await done("PUT", "sys/policies/acl/tf-app", { policy });
    assert.equal((await done("GET", "sys/policies/acl/tf-app")).data.policy, policy);
    await done("POST", "sys/mounts/kv", { type: "kv", options: { version: "2" } });
    await done("PUT", "kv/data/app/db", { data: { password: "x" }, options: { cas: 0 } });
    assert.deepEqual((await done("GET", "kv/data/app/db")).data.data, { password: "x" });
    await done("PUT", "kv/metadata/app/db", { max_versions: 5, custom_metadata: { team: "a" } });
    assert.equal((await done("GET", "kv/metadata/app/db")).data.max_versions, 5);
    await done("DELETE", "kv/metadata/app/db");
    await done("DELETE", "sys/policies/acl/tf-app");
  });

  it("sets up AppRole and reads its ids", async () => {
    await done("POST", "sys/auth/approle", { type: "approle", description: "", config: {}, local: false });
    assert.equal((await done("GET", "sys/auth")).data["approle/"].type, "approle");
    await done("PUT", "auth/approle/role/shop", { token_policies: ["default"], token_ttl: 600, bind_secret_id: true });
    await done("PUT", "auth/approle/role/shop/role-id", { role_id: "shop-role" });
    assert.equal((await done("GET", "auth/approle/role/shop/role-id")).data.role_id, "shop-role");
    const { data } = await done("PUT", "auth/approle/role/shop/secret-id", { metadata: "{}" });
    await done("PUT", "auth/approle/role/shop/secret-id-accessor/lookup", {
      secret_id_accessor: data.secret_id_accessor,
    });
    await done("DELETE", "sys/auth/approle");
  });

  it("gives its token up, which is gone then", async () => {
    await done("PUT", "auth/token/revoke-self", {});
    assert.equal((await call("GET", "auth/token/lookup-self")).status, 403);
    token = server.credentials.token;
    const gone = await call("POST", "auth/token/lookup-accessor", { accessor: childAccessor });
    assert.match(gone.json.errors[0], /invalid accessor/);
  });
});

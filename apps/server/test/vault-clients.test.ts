import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { component } from "@coffer/testkit";
import vault from "node-vault";
import { PythonClients, PythonError, type VaultClientParts, vaultParts } from "./python-clients.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const python = component("python-venv");

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("node-vault", () => {
  let server: ServerUnderTest;
  let client: vault.client;
  before(async () => {
    server = await ServerUnderTest.start({ listeners: 2 });
    client = vault({ endpoint: server.vaultUrl, token: server.credentials.token });
    await client.mount({ mount_point: "transit", type: "transit" });
  });
  after(() => server?.kill());

  async function refused(call: Promise<unknown>, statusCode: number, message: RegExp): Promise<void> {
    await assert.rejects(call, (error) => {
      const { response, message: text } = error as vault.ApiResponseError;
      assert.equal(response?.statusCode, statusCode, text);
      assert.match(text, message);
      return true;
    });
  }

  it("sees the server's state and mounts", async () => {
    const health = await client.health();
    assert.deepEqual([health.initialized, health.sealed, health.standby], [true, false, false]);
    const status = await client.status();
    assert.deepEqual([status.initialized, status.sealed], [true, false]);
    const mounts = await client.mounts();
    assert.equal(mounts.data["transit/"].type, "transit");
    const self = await client.tokenLookupSelf();
    assert.deepEqual([self.data.display_name, self.data.policies], ["root", ["root"]]);
  });

  it("makes, reads, lists and deletes keys", async () => {
    await client.transitCreateKey({ name: "n1" });
    await client.write("transit/keys/n2", { type: "aes256-gcm96" });
    const { data } = await client.transitReadKey({ name: "n1" });
    assert.deepEqual([data.name, data.type, data.latest_version], ["n1", "aes256-gcm96", 1]);
    assert.deepEqual((await client.transitListKeys()).data.keys, ["n1", "n2"]);
    await refused(client.transitDeleteKey({ name: "n2" }), 400, /deletion is not allowed for this key/);
    await client.write("transit/keys/n2/config", { deletion_allowed: true });
    await client.transitDeleteKey({ name: "n2" });
    assert.deepEqual((await client.list("transit/keys")).data.keys, ["n1"]);
    await refused(client.transitReadKey({ name: "n2" }), 404, /Status 404/);
  });

  it("encrypts, decrypts and rewraps over a rotation", async () => {
    const name = "rotated";
    await client.transitCreateKey({ name });
    const old = await client.encryptData({ name, plaintext: base64("hello") });
    assert.match(old.data.ciphertext, /^vault:v1:/);
    await client.write(`transit/keys/${name}/rotate`, {});
    const rewrapped = await client.rewrapData({ name, ciphertext: old.data.ciphertext });
    assert.match(rewrapped.data.ciphertext, /^vault:v2:/);
    for (const { ciphertext } of [old.data, rewrapped.data]) {
      assert.equal((await client.decryptData({ name, ciphertext })).data.plaintext, base64("hello"));
    }
    await client.write(`transit/keys/${name}/config`, { min_decryption_version: 2 });
    await refused(client.decryptData({ name, ciphertext: old.data.ciphertext }), 400, /too old/);
  });

  it("works through a batch", async () => {
    const name = "batch";
    const texts = ["a", "b", "c"].map(base64);
    const sent = await client.encryptData({ name, batch_input: texts.map((plaintext) => ({ plaintext })) });
    const opened = await client.decryptData({ name, batch_input: sent.data.batch_results });
    assert.deepEqual(
      opened.data.batch_results.map(({ plaintext }: { plaintext: string }) => plaintext),
      texts,
    );
  });

  it("gets Vault's errors", async () => {
    const stranger = vault({ endpoint: server.vaultUrl, token: "hvs.unknown" });
    await refused(stranger.transitListKeys(), 403, /permission denied/);
    await refused(client.read("nowhere/keys/k"), 404, /no handler for route "nowhere\/keys\/k"/);
    await refused(
      client.decryptData({ name: "n1", ciphertext: "vault:v1:AAAA" }),
      400,
      /message authentication failed/,
    );
    await refused(
      client.encryptData({ name: "n1", plaintext: "not base64" }),
      400,
      /illegal base64 data at input byte 3/,
    );
    await refused(client.mount({ mount_point: "pki", type: "pki" }), 400, /plugin not found in the catalog: pki/);
  });
});

describe("hvac", { skip: python.available ? false : python.reason }, () => {
  let server: ServerUnderTest;
  let clients: PythonClients;
  let root: VaultClientParts;
  before(async () => {
    assert.ok(python.available);
    server = await ServerUnderTest.start({ listeners: 2 });
    clients = new PythonClients(python.path);
    root = vaultParts(server);
    await clients.vault(root, "sys.enable_secrets_engine", { backend_type: "transit" });
  });
  after(async () => {
    clients?.close();
    await server?.kill();
  });

  const sys = (method: string, input = {}) => clients.vault(root, `sys.${method}`, input);
  const transit = (method: string, input = {}) => clients.vault(root, `secrets.transit.${method}`, input);

  async function raises(call: Promise<unknown>, className: string, message: RegExp): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof PythonError, String(error));
      assert.equal(error.className, className, error.message);
      assert.match((error.errors ?? []).join("\n"), message);
      return true;
    });
  }

  it("is authenticated, and sees that the server is open", async () => {
    assert.equal(await clients.vault(root, "is_authenticated"), true);
    assert.equal(await clients.vault(vaultParts(server, "hvs.wrong"), "is_authenticated"), false);
    assert.equal(await sys("is_initialized"), true);
    assert.equal(await sys("is_sealed"), false);
    const { data } = await clients.vault(root, "auth.token.lookup_self");
    assert.deepEqual([data.ttl, data.renewable, data.orphan], [0, false, true]);
  });

  it("enables, lists and disables mounts; each has keys of its own", async () => {
    await sys("enable_secrets_engine", { backend_type: "transit", path: "team/one", description: "of team one" });
    const { data } = await sys("list_mounted_secrets_engines");
    assert.deepEqual([data["transit/"].type, data["team/one/"].description], ["transit", "of team one"]);
    await transit("create_key", { name: "k", mount_point: "team/one" });
    await raises(transit("read_key", { name: "k" }), "InvalidPath", /^$/);
    const { keys } = (await transit("list_keys", { mount_point: "team/one" })).data;
    assert.deepEqual(keys, ["k"]);
    const again = sys("enable_secrets_engine", { backend_type: "transit" });
    await raises(again, "InvalidRequest", /path is already in use at transit\//);
    const { default_lease_ttl: ttl } = (await sys("read_mount_configuration", { path: "transit" })).data;
    assert.equal(ttl, 2_764_800);
    await sys("disable_secrets_engine", { path: "team/one" });
    const gone = transit("read_key", { name: "k", mount_point: "team/one" });
    await raises(gone, "InvalidPath", /no handler for route/);
  });

  it("makes, reads, configures, rotates and deletes a key", async () => {
    await transit("create_key", { name: "life", exportable: true });
    await transit("rotate_key", { name: "life" });
    await transit("update_key_configuration", {
      name: "life",
      min_decryption_version: 1,
      min_encryption_version: 2,
      deletion_allowed: true,
    });
    const { data } = await transit("read_key", { name: "life" });
    assert.deepEqual(
      [data.latest_version, data.min_decryption_version, data.min_encryption_version, data.exportable],
      [2, 1, 2, true],
    );
    assert.deepEqual(Object.keys(data.keys), ["1", "2"]);
    assert.equal(data.deletion_allowed, true);
    assert.ok((await transit("list_keys")).data.keys.includes("life"));
    await transit("delete_key", { name: "life" });
    await raises(transit("read_key", { name: "life" }), "InvalidPath", /^$/);
    await raises(transit("rotate_key", { name: "never" }), "InvalidRequest", /key not found/);
  });

  it("encrypts, decrypts and rewraps", async () => {
    const name = "crypto";
    await transit("create_key", { name });
    const { ciphertext } = (await transit("encrypt_data", { name, plaintext: base64("hello") })).data;
    assert.equal((await transit("decrypt_data", { name, ciphertext })).data.plaintext, base64("hello"));
    await transit("rotate_key", { name });
    const rewrapped = (await transit("rewrap_data", { name, ciphertext })).data.ciphertext;
    assert.match(rewrapped, /^vault:v2:/);
    assert.equal((await transit("decrypt_data", { name, ciphertext: rewrapped })).data.plaintext, base64("hello"));
    const pinned = await transit("encrypt_data", { name, plaintext: base64("old"), key_version: 1 });
    assert.match(pinned.data.ciphertext, /^vault:v1:/);
  });

  it("works through batches, and tells which item failed", async () => {
    const name = "batches";
    await transit("create_key", { name });
    const items = ["a", "b", ""].map((text) => ({ plaintext: base64(text) }));
    const { batch_results: sealed } = (await transit("encrypt_data", { name, batch_input: items, plaintext: "" })).data;
    const opened = (await transit("decrypt_data", { name, ciphertext: "", batch_input: sealed })).data;
    assert.deepEqual(
      opened.batch_results.map(({ plaintext }: { plaintext: string }) => plaintext),
      items.map(({ plaintext }) => plaintext),
    );
    const mixed = [sealed[0], { ciphertext: "vault:v1:AAAA" }];
    const failed = transit("decrypt_data", { name, ciphertext: "", batch_input: mixed });
    await assert.rejects(failed, (error) => error instanceof PythonError && error.className === "InvalidRequest");
    const rewrapped = (await transit("rewrap_data", { name, ciphertext: "", batch_input: mixed })).data.batch_results;
    assert.match(rewrapped[0].ciphertext, /^vault:v1:/);
    assert.match(rewrapped[1].error, /message authentication failed/);
  });

  it("makes data keys and random bytes", async () => {
    const name = "data-keys";
    await transit("create_key", { name });
    for (const bits of [128, 256, 512]) {
      const { data } = await transit("generate_data_key", { name, key_type: "plaintext", bits });
      assert.equal(Buffer.from(data.plaintext, "base64").length, bits / 8);
      const opened = await transit("decrypt_data", { name, ciphertext: data.ciphertext });
      assert.equal(opened.data.plaintext, data.plaintext);
    }
    const wrapped = (await transit("generate_data_key", { name, key_type: "wrapped" })).data;
    assert.equal("plaintext" in wrapped, false);
    const { plaintext } = (await transit("decrypt_data", { name, ciphertext: wrapped.ciphertext })).data;
    assert.equal(Buffer.from(plaintext, "base64").length, 32);
    const hex = await transit("generate_random_bytes", { n_bytes: 24, output_format: "hex" });
    assert.match(hex.data.random_bytes, /^[0-9a-f]{48}$/);
  });

  it("raises hvac's own exceptions", async () => {
    const stranger = clients.vault(vaultParts(server, "hvs.wrong"), "secrets.transit.list_keys");
    await raises(stranger, "Forbidden", /permission denied/);
    await transit("create_key", { name: "errors" });
    const { ciphertext } = (await transit("encrypt_data", { name: "errors", plaintext: base64("x") })).data;
    const other = ciphertext.slice(0, -4) + (ciphertext.endsWith("AAAA") ? "BBBB" : "AAAA");
    const wrong = transit("decrypt_data", { name: "errors", ciphertext: other });
    await raises(wrong, "InvalidRequest", /^cipher: message authentication failed$/);
    const missing = transit("decrypt_data", { name: "not-there", ciphertext });
    await raises(missing, "InvalidRequest", /encryption key not found/);
    const exported = transit("export_key", { name: "errors", key_type: "encryption-key" });
    await raises(exported, "InvalidRequest", /not exportable/);
    const derived = transit("create_key", { name: "rsa", key_type: "rsa-2048", derived: true });
    await raises(derived, "InvalidRequest", /not supported for keys of type rsa-2048/);
    const unmounted = clients.vault(root, "secrets.transit.list_keys", { mount_point: "nowhere" });
    await raises(unmounted, "InvalidPath", /no handler for route/);
  });
});

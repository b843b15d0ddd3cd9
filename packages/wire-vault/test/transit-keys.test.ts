import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import {
  cancelKeyDeletion,
  createKey,
  dayMs,
  decrypt,
  describeKey,
  enableKey,
  encrypt,
  execute,
  putKeyPolicy,
  scheduleKeyDeletion,
} from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

describe("Transit: keys", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);

  beforeEach(async () => {
    vault = await openVaultTest();
  });
  afterEach(async () => {
    await vault.close();
    assert.deepEqual(vault.test.bugs, []);
  });

  async function refused(method: string, path: string, body: unknown, message: string | RegExp, status = 400) {
    const answer = await call(method, path, body);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.errors.length, 1);
    if (typeof message === "string") assert.equal(answer.json.errors[0], message);
    else assert.match(answer.json.errors[0], message);
  }

  it("creates a key, shows every field that Vault shows, and says so when it is there already", async () => {
    const created = await call("POST", "transit/keys/k", { type: "aes256-gcm96" });
    assert.equal(created.status, 200);
    assert.deepEqual(created.json.data, {
      allow_plaintext_backup: false,
      auto_rotate_period: 0,
      deletion_allowed: false,
      derived: false,
      exportable: false,
      imported_key: false,
      keys: { "1": 1_767_225_600 },
      latest_version: 1,
      min_available_version: 0,
      min_decryption_version: 1,
      min_encryption_version: 0,
      name: "k",
      soft_deleted: false,
      supports_decryption: true,
      supports_derivation: true,
      supports_encryption: true,
      supports_signing: false,
      type: "aes256-gcm96",
    });
    assert.equal(created.json.warnings, null);
    assert.deepEqual((await call("GET", "transit/keys/k")).json.data, created.json.data);
    const again = await call("PUT", "transit/keys/k", null);
    assert.equal(again.status, 200);
    assert.deepEqual(again.json.data, created.json.data);
    assert.deepEqual(again.json.warnings, ["key k already existed"]);
  });

  it("takes attributes as text, as the CLI sends them, and names what it does not know", async () => {
    const { json } = await call("POST", "transit/keys/k", {
      exportable: "true",
      allow_plaintext_backup: "1",
      derived: "false",
      auto_rotate_period: "30d",
      zebra: 1,
      apple: 2,
    });
    assert.equal(json.data.exportable, true);
    assert.equal(json.data.allow_plaintext_backup, true);
    assert.equal(json.data.auto_rotate_period, 2_592_000);
    assert.deepEqual(json.warnings, ["Endpoint ignored these unrecognized parameters: [apple zebra]"]);
  });

  it("refuses what this release does not have, each by name", async () => {
    await refused(
      "POST",
      "transit/keys/k",
      { type: "aes256-cmac" },
      /^key type aes256-cmac is not supported by Coffer/,
    );
    await refused("POST", "transit/keys/k", { type: "ml-dsa", parameter_set: "45" }, /^invalid parameter_set 45 for/);
    await refused("POST", "transit/keys/k", { type: "hmac", key_size: 31 }, "invalid key_size 31");
    await refused("POST", "transit/keys/k", { type: "hmac", key_size: 513 }, "invalid key_size 513");
    await refused("POST", "transit/keys/k", { type: "what" }, "unknown key type what");
    const derived = { derived: true, type: "rsa-2048" };
    await refused(
      "POST",
      "transit/keys/k",
      derived,
      /^key derivation and convergent encryption not supported for keys/,
    );
    const convergent = "convergent encryption requires derivation to be enabled";
    await refused("POST", "transit/keys/k", { convergent_encryption: true }, convergent);
    await refused("POST", "transit/keys/k", { key_size: 32 }, "key_size is not valid for algorithm aes256-gcm96");
    const hour = "auto rotate period must be 0 to disable or at least an hour";
    await refused("POST", "transit/keys/k", { auto_rotate_period: "59m" }, hour);
    const type = /^Field validation failed: error converting input for field "derived"/;
    await refused("POST", "transit/keys/k", { derived: "maybe" }, type);
    await refused("POST", `transit/keys/${"n".repeat(129)}`, {}, "a key name has at most 128 characters");
    assert.equal((await call("POST", `transit/keys/${"n".repeat(128)}`, {})).status, 200);
  });

  it("lists keys by name, with LIST and with GET, in parts when asked", async () => {
    const empty = await call("LIST", "transit/keys");
    assert.deepEqual([empty.status, empty.json], [404, { errors: [] }]);
    for (const name of ["b", "a.1", "c-2"]) await call("POST", `transit/keys/${name}`);
    for (const [method, path] of [
      ["LIST", "transit/keys"],
      ["LIST", "transit/keys/"],
      ["GET", "transit/keys?list=true"],
      ["GET", "transit/keys/?list=1"],
    ] as const) {
      assert.deepEqual((await call(method, path)).json.data, { keys: ["a.1", "b", "c-2"] }, `${method} ${path}`);
    }
    assert.deepEqual((await call("LIST", "transit/keys?limit=1&after=a.1")).json.data, { keys: ["b"] });
    await refused("GET", "transit/keys?list=maybe", undefined, "the query parameter list must be true or false");
    assert.equal((await call("GET", "transit/keys")).status, 405);
    assert.equal((await call("LIST", "transit/keys/b")).status, 404);
  });

  it("configures a key within Vault's bounds", async () => {
    await call("POST", "transit/keys/k");
    await call("POST", "transit/keys/k/rotate");
    const { json } = await call("POST", "transit/keys/k/config", {
      min_decryption_version: "2",
      min_encryption_version: 2,
      deletion_allowed: "true",
      exportable: true,
      allow_plaintext_backup: true,
      auto_rotate_period: 3600,
    });
    assert.deepEqual(
      [json.data.min_decryption_version, json.data.min_encryption_version, json.data.auto_rotate_period],
      [2, 2, 3600],
    );
    assert.deepEqual(
      [json.data.deletion_allowed, json.data.exportable, json.data.allow_plaintext_backup],
      [true, true, true],
    );
    assert.deepEqual(json.data.keys, { "2": 1_767_225_600 });
    const unset = await call("POST", "transit/keys/k/config", {
      exportable: false,
      allow_plaintext_backup: false,
      deletion_allowed: false,
      auto_rotate_period: 0,
      min_decryption_version: 0,
    });
    assert.deepEqual(
      [unset.json.data.exportable, unset.json.data.allow_plaintext_backup, unset.json.data.deletion_allowed],
      [true, true, false],
    );
    assert.equal(unset.json.data.auto_rotate_period, 0);
    assert.equal(unset.json.data.min_decryption_version, 1);
    assert.match(unset.json.warnings[0], /numbering starts at 1/);
    const path = "transit/keys/k/config";
    const latest = "latest key version is 2";
    await refused("POST", path, { min_decryption_version: 3 }, `cannot set min decryption version of 3, ${latest}`);
    await refused("POST", path, { min_encryption_version: 3 }, `cannot set min encryption version of 3, ${latest}`);
    await refused("POST", path, { min_decryption_version: -1 }, "min decryption version cannot be negative");
    await refused("POST", path, { min_encryption_version: -1 }, "min encryption version cannot be negative");
    await refused(
      "POST",
      path,
      { min_encryption_version: 1, min_decryption_version: 2 },
      "cannot set min encryption/decryption values; min encryption version of 1 must be greater than or equal to min decryption version of 2",
    );
    await refused("POST", path, { auto_rotate_period: "-1h" }, /cannot provide negative value '-3600'$/);
    await refused("POST", "transit/keys/none/config", {}, "no existing key named none could be found");
    await refused("POST", "transit/keys/none/rotate", {}, "key not found");
  });

  it("rotates on its own after the period", async () => {
    await call("POST", "transit/keys/k", { auto_rotate_period: "1h" });
    vault.test.clock.advance(3_600_000);
    await vault.test.lifecycle.runDue();
    assert.equal((await call("GET", "transit/keys/k")).json.data.latest_version, 2);
  });

  it("deletes only what may be deleted; until its destruction the key can be restored, and its name is taken", async () => {
    await call("POST", "transit/keys/k");
    const sealed = await call("POST", "transit/encrypt/k", { plaintext: base64("x") });
    const { ciphertext } = sealed.json.data;
    const denied = "error deleting policy k: deletion is not allowed for this key";
    await refused("DELETE", "transit/keys/k", undefined, denied);
    await call("POST", "transit/keys/k/config", { deletion_allowed: true });
    const gone = await call("DELETE", "transit/keys/k");
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    const read = await call("GET", "transit/keys/k");
    assert.deepEqual([read.status, read.json], [404, { errors: [] }]);
    assert.equal((await call("LIST", "transit/keys")).status, 404);
    await refused("POST", "transit/keys/k", {}, /^the key "k" is scheduled for deletion: restore it/);
    await refused("POST", "transit/keys/k/rotate", {}, "key not found");
    await refused("POST", "transit/keys/k/config", {}, "no existing key named k could be found");
    const missing = "error deleting policy k: could not delete key; not found";
    await refused("DELETE", "transit/keys/k", undefined, missing);
    await refused("DELETE", "transit/keys/never", undefined, missing.replace(" k:", " never:"));
    const request = vault.test.request();
    await execute(vault.test.core, cancelKeyDeletion, { keyId: "alias/k" }, request);
    await execute(vault.test.core, enableKey, { keyId: "alias/k" }, request);
    const opened = await call("POST", "transit/decrypt/k", { ciphertext });
    assert.equal(opened.json.data.plaintext, base64("x"));
    await call("DELETE", "transit/keys/k");
    vault.test.clock.advance(30 * dayMs);
    await vault.test.lifecycle.runDue();
    assert.equal((await call("POST", "transit/keys/k")).status, 200);
    const text = "cipher: message authentication failed";
    await refused("POST", "transit/decrypt/k", { ciphertext }, text);
  });

  it("shares its keys with KMS: aliases are names, and names are aliases", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    await call("POST", "transit/keys/shared");
    const { ciphertext } = await execute(
      core,
      encrypt,
      { keyId: "alias/shared", plaintext: Buffer.from("x") },
      request,
    );
    assert.equal((await execute(core, decrypt, { ciphertext }, request)).plaintext.toString(), "x");
    await execute(core, createKey, { aliases: ["alias/from-kms"] }, request);
    assert.equal((await call("GET", "transit/keys/from-kms")).json.data.type, "aes256-gcm96");
    await call("POST", "sys/mounts/team/one", { type: "transit" });
    await call("POST", "team/one/keys/k");
    const described = await execute(core, describeKey, { keyId: "alias/team/one/k" }, request);
    assert.equal(described.key.state, "active");
    assert.equal((await call("GET", "transit/keys/k")).status, 404);
    assert.deepEqual((await call("LIST", "transit/keys")).json.data.keys, ["from-kms", "shared"]);
    assert.deepEqual((await call("LIST", "team/one/keys")).json.data.keys, ["k"]);
  });

  it("cannot be led to a service's key", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    const { key } = await execute(core, createKey, {}, request);
    const row = { account: key.account, region: key.region, name: "alias/aws/s3", keyId: key.keyId };
    const times = { createdAtMs: 0, updatedAtMs: 0, revision: 1 };
    await core.commit([{ op: "insert", table: "aliases", row: { ...row, ...times } }]);
    for (const path of ["transit/keys/aws%2Fs3", "transit/keys/aws/s3", "aws/keys/s3", "transit/keys/..%2Faws%2Fs3"]) {
      assert.notEqual((await call("GET", path)).status, 200, path);
    }
    await refused("POST", "sys/mounts/aws", { type: "transit" }, 'cannot mount "aws/"');
    await refused("POST", "sys/mounts/aws/x", { type: "transit" }, 'cannot mount "aws/x/"');
  });

  it("answers a change with 204 when its caller may not read the key", async () => {
    const { core } = vault.test;
    const request = vault.test.request();
    await call("POST", "transit/keys/k");
    const deny = { Effect: "Deny", Principal: "*", Action: "kms:DescribeKey", Resource: "*" };
    const allow = {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::000000000000:root" },
      Action: "kms:*",
      Resource: "*",
    };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [allow, deny] });
    await execute(core, putKeyPolicy, { keyId: "alias/k", policy }, request);
    assert.equal((await call("POST", "transit/keys/k/rotate")).status, 204);
    assert.equal((await call("POST", "transit/keys/k/config", { deletion_allowed: true })).status, 204);
    assert.equal((await call("GET", "transit/keys/k")).status, 403);
  });

  it("does not read a key that KMS scheduled for deletion", async () => {
    await call("POST", "transit/keys/k");
    await execute(vault.test.core, scheduleKeyDeletion, { keyId: "alias/k" }, vault.test.request());
    assert.equal((await call("GET", "transit/keys/k")).status, 404);
  });
});

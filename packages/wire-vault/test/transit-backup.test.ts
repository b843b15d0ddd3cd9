import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  cancelKeyDeletion,
  decrypt,
  describeKey,
  encrypt,
  execute,
  issueVaultToken,
  putKeyPolicy,
  scheduleKeyDeletion,
} from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

const open = { exportable: true, allow_plaintext_backup: true };

describe("Transit: export, backup, restore", () => {
  let vault: VaultTest;
  const call: VaultTest["call"] = (...args) => vault.call(...args);
  const path = (name: string) => `transit/${name}`;

  before(async () => {
    vault = await openVaultTest();
  });
  beforeEach(() => {
    assert.deepEqual(vault.test.bugs, []);
  });
  after(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function make(name: string, options: object = open) {
    const made = await call("POST", path(`keys/${name}`), options);
    assert.equal(made.status, 200, made.text);
  }

  async function ask(method: string, name: string, body?: object) {
    const answer = await call(method, path(name), body);
    assert.ok(answer.status < 300, answer.text);
    return answer.json?.data;
  }

  async function deny(name: string, action: string) {
    const statement = (Effect: string, Action: string) => ({ Effect, Principal: "*", Action, Resource: "*" });
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [statement("Allow", "kms:*"), statement("Deny", action)],
    });
    await execute(vault.test.core, putKeyPolicy, { keyId: `alias/${name}`, policy }, vault.test.request());
  }

  it("is no export unless the key allows it, nor a backup unless it allows both", async () => {
    await make("closed", {});
    const exported = await call("GET", path("export/encryption-key/closed"));
    assert.deepEqual([exported.status, exported.json.errors], [400, ["private key material is not exportable"]]);
    const backup = await call("GET", path("backup/closed"));
    assert.deepEqual([backup.status, backup.json.errors], [400, ["exporting is disallowed on the policy"]]);
    await ask("POST", "keys/closed/config", { exportable: true });
    const half = await call("GET", path("backup/closed"));
    assert.deepEqual([half.status, half.json.errors], [400, ["plaintext backup is disallowed on the policy"]]);
    assert.equal((await call("GET", path("export/encryption-key/closed"))).status, 200);
  });

  it("is bound by a key policy's Deny, for tokens of the Vault API too; public keys leave all the same", async () => {
    await make("denied", { ...open, type: "ed25519" });
    await make("target", { type: "rsa-2048" });
    await deny("denied", "kms:ExportKeyMaterial");
    await call("PUT", "sys/policies/acl/all", {
      policy: 'path "transit/*" { capabilities = ["create", "read", "update"] }',
    });
    const { core } = vault.test;
    const wanted = { displayName: "t", path: "auth/token/create", policies: ["all"], meta: null, renewable: true };
    const times = { ttl: 0, maxTtl: 0, explicitMaxTtl: 0, period: 0, numUses: 0 };
    const { token, writes } = issueVaultToken(core, { ...wanted, ...times }, core.clock.nowMs());
    await core.commit(writes);
    for (const headers of [undefined, { "X-Vault-Token": token }]) {
      for (const name of ["export/signing-key/denied", "export/hmac-key/denied", "backup/denied"]) {
        assert.equal((await call("GET", path(name), undefined, headers)).status, 403, name);
      }
      assert.equal((await call("GET", path("export/public-key/denied"), undefined, headers)).status, 200);
    }
  });

  it("leaves no material in the audit trail", async () => {
    await make("told");
    const { keys } = await ask("GET", "export/encryption-key/told");
    const { backup } = await ask("GET", "backup/told");
    await ask("POST", "restore/told-again", { backup });
    const lines = JSON.stringify(await vault.test.auditEvents());
    assert.ok(lines.includes("ExportKeyMaterial") && lines.includes("BackUpKey") && lines.includes("RestoreKeyBackup"));
    assert.ok(!lines.includes(keys["1"]) && !lines.includes(backup.slice(0, 100)));
  });

  it("restores to a KMS key under the alias, with all that the key was", async () => {
    await make("first", { ...open, auto_rotate_period: "48h" });
    const { ciphertext } = await ask("POST", "encrypt/first", { plaintext: base64("x") });
    const mac = (await ask("POST", "hmac/first", { input: base64("x") })).hmac;
    await ask("POST", "keys/first/rotate");
    await ask("POST", "keys/first/config", { min_encryption_version: 2, min_decryption_version: 2 });
    const { backup } = await ask("GET", "backup/first");
    await ask("POST", "restore/second", { backup });
    const was = await ask("GET", "keys/first");
    const { restore_info, backup_info, ...is } = await ask("GET", "keys/second");
    assert.deepEqual([restore_info.version, backup_info], [2, was.backup_info]);
    delete was.backup_info;
    assert.deepEqual(is, { ...was, name: "second" });
    // The version below the lowest for decryption came with the rest.
    await ask("POST", "keys/second/config", { min_decryption_version: 1 });
    assert.equal((await ask("POST", "decrypt/second", { ciphertext })).plaintext, base64("x"));
    assert.equal((await ask("POST", "verify/second", { input: base64("x"), hmac: mac })).valid, true);
    const { core } = vault.test;
    const request = vault.test.request();
    const { ciphertext: blob } = await execute(
      core,
      encrypt,
      { keyId: "alias/second", plaintext: Buffer.from("y") },
      request,
    );
    const opened = await execute(core, decrypt, { ciphertext: blob }, request);
    assert.equal(Buffer.from(opened.plaintext).toString(), "y");
    const { key } = await execute(core, describeKey, { keyId: "alias/second" }, request);
    assert.deepEqual([key.origin, key.state, key.rotation.enabled], ["AWS_KMS", "active", true]);
  });

  it("takes the place of a key only by force, which takes the permission to delete that, and can be taken back", async () => {
    await make("kept");
    await make("source");
    const { backup } = await ask("GET", "backup/source");
    const { ciphertext } = await ask("POST", "encrypt/kept", { plaintext: base64("kept") });
    const refused = await call("POST", path("restore/kept"), { backup });
    assert.deepEqual([refused.status, refused.json.errors], [400, ['key "kept" already exists']]);
    const { core } = vault.test;
    const request = vault.test.request();
    const before = (await execute(core, describeKey, { keyId: "alias/kept" }, request)).key;
    await deny("kept", "kms:ScheduleKeyDeletion");
    assert.equal((await call("POST", path("restore/kept"), { backup, force: true })).status, 403);
    await deny("kept", "kms:Nothing");
    await ask("POST", "restore/kept", { backup, force: true });
    assert.equal((await call("POST", path("decrypt/kept"), { ciphertext })).status, 400);
    const old = (await execute(core, describeKey, { keyId: before.keyId }, request)).key;
    assert.equal(old.state, "pendingDestruction");
    await execute(core, cancelKeyDeletion, { keyId: before.keyId }, request);
    // A name whose key waits for its destruction is taken, but not by force.
    await execute(core, scheduleKeyDeletion, { keyId: "alias/kept" }, request);
    assert.match((await call("POST", path("restore/kept"), { backup })).json.errors[0], /scheduled for deletion/);
    await ask("POST", "restore/kept", { backup, force: true });
  });

  it("refuses backups that are none, or whose parts do not belong together, and never fails", async () => {
    await make("pair", { ...open, type: "ecdsa-p256" });
    const { backup } = await ask("GET", "backup/pair");
    const json = Buffer.from(backup, "base64").toString();
    await make("rsa", { ...open, type: "rsa-2048" });
    const rsaJson = Buffer.from((await ask("GET", "backup/rsa")).backup, "base64").toString();
    await make("ed", { ...open, type: "ed25519" });
    const ed = Buffer.from((await ask("GET", "backup/ed")).backup, "base64").toString();
    const bads = [
      "[]",
      "null",
      "7",
      '{"policy":null}',
      '{"policy":{"latest_version":1e999}}',
      '{"policy":{"latest_version":999999999}}',
      `${"[".repeat(100_000)}`,
      json.replace(/"ec_x":(\d)/g, '"ec_x":1$1'),
      json.replace(/"ec_d":\d+/g, '"ec_d":0'),
      json.replace(/"ec_d":\d+/g, `"ec_d":${"9".repeat(6000)}`),
      json.replace('"type":1', '"type":0'),
      json.replace('"type":1', '"type":99'),
      json.replace('"latest_version":1', '"latest_version":2'),
      rsaJson.replace(/"Primes":\[\d+/g, '"Primes":[3'),
      rsaJson.replace(/"D":(\d)/g, '"D":1$1'),
      rsaJson.replace('"type":3', '"type":4'),
      ed.replace(/"key":"./g, (start) => (start.endsWith("A") ? '"key":"B' : '"key":"A')),
      json.replace('"min_decryption_version":1', '"min_decryption_version":7'),
      json
        .replace('"convergent_encryption":false', '"convergent_encryption":true')
        .replace('"convergent_version":0,"type"', '"convergent_version":1,"type"'),
    ];
    for (const bad of bads) {
      const answer = await call("POST", path("restore/bad"), { backup: base64(bad) });
      assert.equal(answer.status, 400, `${bad.slice(0, 60)}: ${answer.text}`);
      assert.equal((await call("GET", path("keys/bad"))).status, 404);
    }
    const cut = await call("POST", path("restore/bad"), { backup: base64(json.slice(0, 40)) });
    assert.deepEqual(cut.json.errors, ["unexpected EOF"]);
    for (const [name, reason] of [
      ["a/b", "key names cannot be paths"],
      ["-", "invalid key name"],
    ]) {
      const answer = await call("POST", path(`restore/${name}`), { backup });
      assert.deepEqual([answer.status, answer.json.errors], [400, [reason]]);
    }
  });
});

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { decrypt, describeKey, enableKey, encrypt, execute, putKeyPolicy, shownState } from "@coffer/service";
import { base64, openVaultTest, type VaultTest } from "./vault-client.ts";

describe("Transit: trimming, soft deletion, settings of a mount", () => {
  let vault: VaultTest;

  before(async () => {
    vault = await openVaultTest();
  });
  after(async () => {
    assert.deepEqual(vault.test.bugs, []);
    await vault.close();
  });

  async function ask(method: string, path: string, body?: object) {
    const answer = await vault.call(method, `transit/${path}`, body);
    assert.ok(answer.status < 300, answer.text);
    return answer.json?.data;
  }

  async function refused(method: string, path: string, body?: object) {
    const { status, json } = await vault.call(method, `transit/${path}`, body);
    return [status, ...json.errors];
  }

  async function deny(name: string, action: string) {
    const statement = (Effect: string, Action: string) => ({ Effect, Principal: "*", Action, Resource: "*" });
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [statement("Allow", "kms:*"), statement("Deny", action)],
    });
    await execute(vault.test.core, putKeyPolicy, { keyId: `alias/${name}`, policy }, vault.test.request());
  }

  it("destroys the trimmed versions, and leaves the others", async () => {
    await ask("POST", "keys/trimmed");
    for (let version = 1; version < 4; version += 1) await ask("POST", "keys/trimmed/rotate");
    const { ciphertext } = await ask("POST", "encrypt/trimmed", { plaintext: base64("x"), key_version: 3 });
    await ask("POST", "keys/trimmed/config", { min_decryption_version: 3, min_encryption_version: 3 });
    await deny("trimmed", "kms:TrimKey");
    assert.equal((await vault.call("POST", "transit/keys/trimmed/trim", { min_available_version: 3 })).status, 403);
    await deny("trimmed", "kms:Nothing");
    await ask("POST", "keys/trimmed/trim", { min_available_version: 3 });
    const { core } = vault.test;
    const { key } = await execute(core, describeKey, { keyId: "alias/trimmed" }, vault.test.request());
    const rows = await core.store.listKeyVersions(key.region, key.keyId, 0, 10);
    assert.deepEqual(
      rows.map(({ version }) => version),
      [3, 4],
    );
    assert.equal((await ask("POST", "decrypt/trimmed", { ciphertext })).plaintext, base64("x"));
    assert.deepEqual(await refused("POST", "keys/trimmed/config", { min_encryption_version: 0 }), [
      400,
      "min encryption version should not be less than min available version",
    ]);
  });

  it("deletes softly for every API, until Transit or EnableKey takes it back", async () => {
    await ask("POST", "keys/soft", { auto_rotate_period: "24h", exportable: true, allow_plaintext_backup: true });
    const { core, request } = vault.test;
    const of = { keyId: "alias/soft" };
    const { ciphertext } = await execute(core, encrypt, { ...of, plaintext: Buffer.from("x") }, request());
    await ask("DELETE", "keys/soft/soft-delete");
    const again = await vault.call("DELETE", "transit/keys/soft/soft-delete");
    assert.deepEqual(again.json.warnings, ["key was already marked as soft deleted"]);
    assert.equal(shownState((await execute(core, describeKey, of, request())).key), "suspended");
    const words = [400, "refusing to use soft-deleted key"];
    assert.deepEqual(await refused("POST", "encrypt/soft", { plaintext: base64("x") }), words);
    assert.deepEqual(await refused("POST", "keys/soft/rotate"), words);
    assert.deepEqual(await refused("GET", "export/encryption-key/soft"), words);
    assert.deepEqual(await refused("GET", "backup/soft"), words);
    assert.deepEqual(await refused("GET", "export/certificate-chain/soft"), words);
    await assert.rejects(execute(core, decrypt, { ciphertext }, request()), /KeyStateInvalid/);
    vault.test.clock.advance(25 * 3_600_000);
    await vault.test.lifecycle.runDue();
    assert.equal((await ask("GET", "keys/soft")).latest_version, 1, "it does not rotate meanwhile");
    await ask("POST", "keys/soft/soft-delete-restore");
    const restored = await vault.call("POST", "transit/keys/soft/soft-delete-restore");
    assert.deepEqual(restored.json.warnings, ["key was already restored"]);
    await execute(core, decrypt, { ciphertext }, request());
    await ask("DELETE", "keys/soft/soft-delete");
    await execute(core, enableKey, of, request());
    await ask("POST", "encrypt/soft", { plaintext: base64("x") });
    assert.equal((await vault.call("DELETE", "transit/keys/none/soft-delete")).status, 204);
  });

  it("makes no key by encrypting where the mount says so, and forgets that with the mount", async () => {
    await ask("POST", "config/keys", { disable_upsert: true });
    const plaintext = base64("x");
    assert.deepEqual(await refused("POST", "encrypt/new", { plaintext }), [400, "encryption key not found"]);
    await ask("POST", "cache-config", { size: 20 });
    assert.deepEqual(await ask("GET", "config/keys"), { disable_upsert: true });
    await vault.call("DELETE", "sys/mounts/transit");
    await vault.call("POST", "sys/mounts/transit", { type: "transit" });
    assert.deepEqual(await ask("GET", "cache-config"), { size: 0 });
    await ask("POST", "encrypt/new", { plaintext });
  });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SecretBytes } from "@coffer/crypto";
import { createShamirSeal, openKeyFileSeal } from "@coffer/seal";
import { FaultyStore, openTestCore, type TestCore } from "@coffer/testkit";
import { InvariantError, ServiceError } from "../errors.ts";
import { openCore } from "../open-core.ts";
import { rotateKeyring } from "../operations/admin/rotate-keyring.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { rotateKeyOnDemand } from "../operations/rotation/rotate-key-on-demand.ts";
import { execute } from "../pipeline/execute.ts";
import { StoreConflict } from "../ports/store.ts";
import { Keyring } from "./keyring.ts";
import { rewrapSecrets } from "./rewrap.ts";
import { checkpointKeySetting, openSecretSetting, secretSettingWrite } from "./secret-setting.ts";

describe("keyring", () => {
  let test: TestCore;
  let faults: FaultyStore;

  beforeEach(async () => {
    test = await openTestCore({
      wrapStore: (store) => {
        faults = new FaultyStore(store);
        return faults.store;
      },
    });
  });
  afterEach(() => test.close());

  it("rotates online: every secret is rewrapped, everything goes on decrypting, older keys are destroyed", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    const { ciphertext } = await execute(
      test.core,
      encrypt,
      { keyId: key.keyId, plaintext: Buffer.from("x") },
      test.request(),
    );
    await execute(test.core, rotateKeyOnDemand, { keyId: key.keyId, limited: true }, test.request());
    const before = test.core.keyring.currentWrappingKeyId;
    const first = await execute(test.core, rotateKeyring, null, test.request());
    assert.notEqual(first.wrappingKeyId, before);
    assert.ok(first.rewrapped >= 3, `two versions and the root's access key, not ${first.rewrapped}`);
    assert.deepEqual(await test.core.store.listKeyVersionsWrappedBy(before, 10), []);
    assert.deepEqual(await test.core.store.listAccessKeysWrappedBy(before, 10), []);
    await execute(test.core, rotateKeyring, null, test.request());
    assert.ok(!test.core.keyring.wrappingKeyIds.includes(before));
    const opened = await execute(test.core, decrypt, { ciphertext }, test.request());
    assert.equal(opened.plaintext.toString(), "x");
    assert.ok((await test.core.identities.findAccessKey(test.root.accessKeyId))?.secret !== undefined);
  });

  it("opens again with the same seal, and with no other", async () => {
    const seal = await openKeyFileSeal({ path: join(test.directory, "seal", "keyfile"), create: false });
    const again = await Keyring.open(test.core.store, seal, test.clock);
    assert.equal(again.currentWrappingKeyId, test.core.keyring.currentWrappingKeyId);
    const other = await openKeyFileSeal({ path: join(test.directory, "other", "keyfile"), create: true });
    await assert.rejects(
      Keyring.open(test.core.store, other, test.clock),
      (error) => error instanceof ServiceError && error.code === "Sealed",
    );
  });

  it("binds each secret to its identity: swapped rows do not unwrap", async () => {
    const one = await execute(test.core, createKey, {}, test.request());
    const two = await execute(test.core, createKey, {}, test.request());
    const [a, b] = await Promise.all(
      [one, two].map(({ key }) =>
        test.core.store.get("keyVersions", { region: key.region, keyId: key.keyId, version: 1 }),
      ),
    );
    assert.ok(a !== undefined && b !== undefined);
    await test.core.commit([
      { op: "update", table: "keyVersions", row: { ...a, wrappedMaterial: b.wrappedMaterial, revision: 2 } },
    ]);
    await assert.rejects(
      execute(test.core, encrypt, { keyId: one.key.keyId, plaintext: Buffer.from("x") }, test.request()),
      (error) => error instanceof ServiceError && error.code === "Internal",
    );
    assert.equal(test.bugs.length, 1);
  });

  async function encryptWith(keyId: string): Promise<Buffer> {
    const { ciphertext } = await execute(test.core, encrypt, { keyId, plaintext: Buffer.from(keyId) }, test.request());
    return ciphertext;
  }

  async function decrypts(keyId: string, ciphertext: Buffer): Promise<void> {
    const { plaintext } = await execute(test.core, decrypt, { ciphertext }, test.request());
    assert.equal(plaintext.toString(), keyId);
  }

  it("makes the newest wrapping key the current one, whatever the clock says", async () => {
    for (let round = 0; round < 6; round += 1) {
      if (round === 3) test.clock.set(test.clock.nowMs() - 1_000_000);
      const before = test.core.keyring.wrappingKeyIds;
      const { wrappingKeyId } = await execute(test.core, rotateKeyring, null, test.request());
      assert.ok(!before.includes(wrappingKeyId));
      assert.equal(test.core.keyring.currentWrappingKeyId, wrappingKeyId);
      assert.deepEqual(test.core.keyring.wrappingKeyIds, [before.at(-1), wrappingKeyId]);
    }
  });

  it("loses nothing when keys are made and rotated while the keyring rotates, several times at once", async () => {
    const made: { keyId: string; ciphertext: Buffer }[] = [];
    async function make() {
      const { key } = await execute(test.core, createKey, {}, test.request());
      made.push({ keyId: key.keyId, ciphertext: await encryptWith(key.keyId) });
      await execute(test.core, rotateKeyOnDemand, { keyId: key.keyId, limited: true }, test.request());
    }
    const rotations = [1, 2, 3, 4].map(() => execute(test.core, rotateKeyring, null, test.request()));
    const makers = Array.from({ length: 20 }, make);
    await Promise.all([...rotations, ...makers, ...Array.from({ length: 20 }, make)]);
    const seal = await openKeyFileSeal({ path: join(test.directory, "seal", "keyfile"), create: false });
    const keyring = await Keyring.open(test.core.store, seal, test.clock);
    assert.equal(keyring.wrappingKeyIds.length, 2);
    // A core with nothing in memory: every secret has to unwrap.
    const { core } = openCore({
      ...test.core,
      keyring,
      dev: false,
      rootOfTrust: { shareSeal: createShamirSeal(), opensByItself: true },
      auditDeviceSinks: { open: () => assert.fail("there are no audit devices") },
      tellOperator: () => {},
    });
    for (const { keyId, ciphertext } of made) {
      const { plaintext } = await execute(core, decrypt, { ciphertext }, test.request());
      assert.equal(plaintext.toString(), keyId);
    }
    assert.equal(made.length, 40);
  });

  it("rewraps the instance's own secrets", async () => {
    const { core } = test;
    using secret = SecretBytes.random(32);
    await core.commit([secretSettingWrite(core.keyring, checkpointKeySetting, secret, "public")]);
    for (let round = 0; round < 3; round += 1) await execute(core, rotateKeyring, null, test.request());
    const opened = await openSecretSetting(core.store, core.keyring, checkpointKeySetting);
    assert.equal(opened?.publicPart, "public");
    assert.ok(opened.secret.equals(secret));
  });

  it("leaves a damaged row and its wrapping key alone, tells of it, and moves all others", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    const damaged = await execute(test.core, createKey, {}, test.request());
    const ciphertext = await encryptWith(key.keyId);
    const { region, keyId } = damaged.key;
    const row = await test.core.store.get("keyVersions", { region, keyId, version: 1 });
    assert.ok(row !== undefined);
    await test.core.commit([
      { op: "update", table: "keyVersions", row: { ...row, wrappedMaterial: new Uint8Array(120), revision: 2 } },
    ]);
    const first = test.core.keyring.currentWrappingKeyId;
    for (let round = 1; round <= 3; round += 1) {
      await execute(test.core, rotateKeyring, null, test.request());
      assert.equal(test.bugs.length, round);
      assert.match(String(test.bugs.at(-1)), new RegExp(`version 1 of key ${keyId} in ${region} does not unwrap`));
    }
    const left = await test.core.store.listKeyVersionsWrappedBy(first, 10);
    assert.deepEqual(
      left.map((version) => version.keyId),
      [keyId],
    );
    assert.equal(test.core.keyring.wrappingKeyIds.length, 3);
    await decrypts(key.keyId, ciphertext);
  });

  it("gives up on what always conflicts, and keeps the wrapping key of it", async () => {
    const { key } = await execute(test.core, createKey, {}, test.request());
    const ciphertext = await encryptWith(key.keyId);
    const first = test.core.keyring.currentWrappingKeyId;
    let conflicts = 0;
    faults.beforeCommit = (writes) => {
      if (!writes.some(({ table }) => table === "keyVersions")) return;
      conflicts += 1;
      throw new StoreConflict("stale", "keyVersions");
    };
    for (let round = 0; round < 2; round += 1) {
      assert.equal((await execute(test.core, rotateKeyring, null, test.request())).rewrapped, 0);
    }
    assert.ok(conflicts > 1 && conflicts < 100, `${conflicts} tries`);
    assert.ok(test.core.keyring.wrappingKeyIds.includes(first));
    faults.heal();
    await execute(test.core, rotateKeyring, null, test.request());
    assert.ok(!test.core.keyring.wrappingKeyIds.includes(first));
    await decrypts(key.keyId, ciphertext);
  });

  it("never replaces or destroys the current wrapping key", async () => {
    const { keyring } = test.core;
    await assert.rejects(keyring.destroy(keyring.currentWrappingKeyId), InvariantError);
    await assert.rejects(rewrapSecrets(test.core, keyring.currentWrappingKeyId), InvariantError);
  });
});

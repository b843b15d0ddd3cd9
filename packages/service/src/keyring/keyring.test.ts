import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openKeyFileSeal } from "@coffer/seal";
import { openTestCore, type TestCore } from "@coffer/testkit";
import { ServiceError } from "../errors.ts";
import { rotateKeyring } from "../operations/admin/rotate-keyring.ts";
import { decrypt } from "../operations/decrypt.ts";
import { encrypt } from "../operations/encrypt.ts";
import { createKey } from "../operations/keys/create-key.ts";
import { rotateKeyOnDemand } from "../operations/rotation/rotate-key-on-demand.ts";
import { execute } from "../pipeline/execute.ts";
import { Keyring } from "./keyring.ts";

describe("keyring", () => {
  let test: TestCore;

  beforeEach(async () => {
    test = await openTestCore();
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
});

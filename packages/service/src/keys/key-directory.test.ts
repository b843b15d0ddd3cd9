import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createAlias, deleteAlias, updateAlias } from "../operations/aliases/alias-operations.ts";
import { encrypt } from "../operations/encrypt.ts";
import { disableKey, enableKey } from "../operations/keys/change-state.ts";
import { describeKey } from "../operations/keys/describe-key.ts";
import { rotateKeyOnDemand } from "../operations/rotation/rotate-key-on-demand.ts";
import { StoreConflict } from "../ports/store.ts";
import { CoreTest } from "../testing/core-test.ts";

const plaintext = Buffer.from("x");

describe("key directory", () => {
  let t: CoreTest;
  let keyId: string;

  beforeEach(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey({ aliases: ["alias/a"] })).keyId;
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  it("answers from memory by id, ARN and alias, and touches no store on the way of a message", async () => {
    const names = [
      keyId,
      "alias/a",
      `arn:aws:kms:us-east-1:000000000000:key/${keyId}`,
      "arn:aws:kms:us-east-1:000000000000:alias/a",
    ];
    for (const name of names) await t.run(encrypt, { keyId: name, plaintext });
    const reads: string[] = [];
    t.store.afterRead = (method) => void reads.push(method);
    for (const name of names) await t.run(encrypt, { keyId: name, plaintext });
    assert.deepEqual(reads, []);
  });

  it("refuses what is no reference", async () => {
    const cases = [
      ["arn:aws:s3:::bucket", "InvalidInput"],
      ["arn:aws:kms:us-east-1:000000000000:key", "InvalidInput"],
      ["arn:aws:kms::000000000000:key/x", "InvalidInput"],
      ["arn:aws:kms:us-east-1:1:key/x", "InvalidInput"],
      ["", "NotFound"],
      ["nonsense", "NotFound"],
      ["../keys", "NotFound"],
      [keyId.toUpperCase(), "NotFound"],
      [`us-east-1/${keyId}`, "NotFound"],
      ["alias/", "NotFound"],
      ["alias/A", "NotFound"],
      ["alias/missing", "NotFound"],
      ["x".repeat(2049), "InvalidInput"],
    ] as const;
    for (const [reference, code] of cases) await t.fails(describeKey, { keyId: reference }, code);
  });

  it("reads its own writes, of keys and of aliases", async () => {
    const other = await t.newKey();
    for (let round = 0; round < 3; round += 1) {
      await t.run(encrypt, { keyId: "alias/a", plaintext });
      await t.run(disableKey, { keyId });
      await t.fails(encrypt, { keyId: "alias/a", plaintext }, "KeyDisabled");
      await t.run(updateAlias, { aliasName: "alias/a", targetKeyId: other.keyId });
      assert.ok((await t.run(encrypt, { keyId: "alias/a", plaintext })).keyArn.endsWith(other.keyId));
      await t.run(deleteAlias, { aliasName: "alias/a" });
      await t.fails(encrypt, { keyId: "alias/a", plaintext }, "NotFound");
      await t.run(enableKey, { keyId });
      await t.run(createAlias, { aliasName: "alias/a", targetKeyId: keyId });
      assert.ok((await t.run(encrypt, { keyId: "alias/a", plaintext })).keyArn.endsWith(keyId));
    }
  });

  it("keeps no key that was read before a change and arrives after it", async () => {
    await t.run(rotateKeyOnDemand, { keyId, limited: false });
    let changed: Promise<unknown> | undefined;
    t.store.afterRead = async (method, [table]) => {
      if (method !== "get" || table !== "keys" || changed !== undefined) return;
      changed = t.core.store
        .get("keys", { region: "us-east-1", keyId })
        .then((row) =>
          t.core.commit([{ op: "update", table: "keys", row: { ...row!, state: "suspended", revision: 3 } }]),
        );
      await changed;
    };
    // This one began before the change, and may still be done.
    await t.run(encrypt, { keyId, plaintext });
    assert.ok(changed !== undefined);
    await t.fails(encrypt, { keyId, plaintext }, "KeyDisabled");
  });

  it("keeps no alias that was read before a change and arrives after it", async () => {
    const other = await t.newKey();
    let changed: Promise<unknown> | undefined;
    t.store.afterRead = async (method, [table]) => {
      if (method !== "get" || table !== "aliases" || changed !== undefined) return;
      changed = t.run(updateAlias, { aliasName: "alias/a", targetKeyId: other.keyId });
      await changed;
    };
    await t.run(encrypt, { keyId: "alias/a", plaintext });
    assert.ok(changed !== undefined);
    assert.ok((await t.run(encrypt, { keyId: "alias/a", plaintext })).keyArn.endsWith(other.keyId));
  });

  it("trusts nothing in memory after a commit whose end is not known", async () => {
    await t.run(encrypt, { keyId, plaintext });
    t.store.afterCommit = () => {
      throw new Error("the connection broke");
    };
    await t.fails(disableKey, { keyId }, "Internal");
    t.store.heal();
    assert.equal(t.test.bugs.splice(0).length, 1);
    // The change is there all the same.
    await t.fails(encrypt, { keyId, plaintext }, "KeyDisabled");
  });

  it("runs a change again on the new state, also when the old one was in memory", async () => {
    await t.run(describeKey, { keyId });
    // As another node would: behind the directory's back.
    const row = await t.core.store.get("keys", { region: "us-east-1", keyId });
    await t.core.store.commit([{ op: "update", table: "keys", row: { ...row!, description: "theirs", revision: 2 } }]);
    await t.run(disableKey, { keyId });
    const { key } = await t.run(describeKey, { keyId });
    assert.deepEqual([key.description, key.state, key.revision], ["theirs", "suspended", 3]);
  });

  it("gives up with a conflict that may be tried again when a key never stops changing", async () => {
    let commits = 0;
    t.store.beforeCommit = () => {
      commits += 1;
      throw new StoreConflict("stale", "keys");
    };
    await t.fails(disableKey, { keyId }, "Conflict");
    assert.equal(commits, 8);
    assert.equal(t.core.turns.names, 0);
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CoreTest } from "../../testing/core-test.ts";
import { createAlias } from "../aliases/alias-operations.ts";
import { describeKey } from "../keys/describe-key.ts";
import { scheduleKeyDeletion } from "../keys/schedule-key-deletion.ts";
import { rotateKeyOnDemand } from "../rotation/rotate-key-on-demand.ts";
import { configureKey } from "./configure-key.ts";
import { transitDataKey, transitDecrypt, transitEncrypt, transitRewrap } from "./crypto-operations.ts";
import type { TransitFailure, TransitResult } from "./items.ts";
import { listNamedKeys } from "./list-named-keys.ts";
import { readKey } from "./read-key.ts";

const plaintext = Buffer.from("x");

function answerOf<T>(result: TransitResult<T> | undefined): T {
  assert.ok(result?.ok === true, JSON.stringify(result));
  return result.value;
}

describe("Transit", () => {
  let t: CoreTest;
  let keyId: string;

  beforeEach(async () => {
    t = await CoreTest.open();
    keyId = (await t.newKey()).keyId;
  });
  afterEach(async () => {
    assert.deepEqual(t.test.bugs, []);
    await t.close();
  });

  const rotate = () => t.run(rotateKeyOnDemand, { keyId, limited: false });
  async function encryptAt(keyVersion?: number): Promise<string | TransitFailure> {
    const { results } = await t.run(transitEncrypt, { keyId, items: [{ plaintext, keyVersion }] });
    return results[0]!.ok ? results[0]!.value.ciphertext : results[0]!.failure;
  }
  async function open(ciphertext: string, aad?: Buffer): Promise<string> {
    const [result] = (await t.run(transitDecrypt, { keyId, items: [{ ciphertext, aad }] })).results;
    return result!.ok ? result!.value.toString() : result!.failure;
  }

  it("does what it can of a batch, in order, each item with its own end", async () => {
    const aad = Buffer.from("aad");
    const made = await t.run(transitEncrypt, {
      keyId,
      items: [{ plaintext }, { plaintext, aad }, { plaintext, keyVersion: 7 }, { plaintext: Buffer.alloc(0) }],
    });
    assert.deepEqual(
      made.results.map((result) => (result.ok ? result.value.keyVersion : result.failure)),
      [1, 1, "versionTooHigh", 1],
    );
    const [plain, bound] = [answerOf(made.results[0]).ciphertext, answerOf(made.results[1]).ciphertext];
    assert.match(plain, /^vault:v1:[A-Za-z0-9+/]+=*$/);
    const opened = await t.run(transitDecrypt, {
      keyId,
      items: [
        { ciphertext: plain },
        { ciphertext: bound, aad },
        { ciphertext: bound },
        { ciphertext: plain, aad },
        { ciphertext: "vault:v2:AAAA" },
        { ciphertext: plain.replace("v1", "v2") },
        { ciphertext: `${plain.slice(0, -6)}AAAAAA` },
        { ciphertext: "" },
      ],
    });
    assert.deepEqual(
      opened.results.map((result) => (result.ok ? result.value.toString() : result.failure)),
      [
        "x",
        "x",
        "decryptionFailed",
        "decryptionFailed",
        "versionUnknown",
        "versionUnknown",
        "decryptionFailed",
        "ciphertextMalformed",
      ],
    );
    assert.deepEqual((await t.run(transitDecrypt, { keyId, items: [] })).results, []);
    const { requestParameters } = await t.lastEvent();
    assert.deepEqual(requestParameters, { keyId, items: 0 });
  });

  it("encrypts under the version that is asked for, within the key's bounds", async () => {
    await rotate();
    await rotate();
    for (const [version, expected] of [
      [undefined, /^vault:v3:/],
      [0, /^vault:v3:/],
      [1, /^vault:v1:/],
      [3, /^vault:v3:/],
      [4, /versionTooHigh/],
      [-1, /versionTooLow/],
      [1.5, /versionTooLow/],
      [Number.NaN, /versionTooLow/],
    ] as const) {
      assert.match(await encryptAt(version), expected, String(version));
    }
    await t.run(configureKey, { keyId, transit: { minEncryptionVersion: 2 } });
    assert.equal(await encryptAt(1), "versionTooLow");
    await t.run(configureKey, { keyId, transit: { minDecryptionVersion: 3, minEncryptionVersion: 0 } });
    assert.equal(await encryptAt(2), "versionTooLow");
    assert.match(await encryptAt(), /^vault:v3:/);
  });

  it("decrypts every version from the lowest allowed one on, and rewraps to the newest", async () => {
    const ciphertexts = [await encryptAt()];
    await rotate();
    ciphertexts.push(await encryptAt());
    await rotate();
    assert.deepEqual(await Promise.all(ciphertexts.map((ciphertext) => open(ciphertext))), ["x", "x"]);
    const { results } = await t.run(transitRewrap, {
      keyId,
      items: [{ ciphertext: ciphertexts[0]! }, { ciphertext: ciphertexts[0]!, keyVersion: 2 }, { ciphertext: "no" }],
    });
    assert.deepEqual(
      results.map((result) => (result.ok ? result.value.keyVersion : result.failure)),
      [3, 2, "ciphertextMalformed"],
    );
    assert.equal(await open(answerOf(results[0]).ciphertext), "x");
    await t.run(configureKey, { keyId, transit: { minDecryptionVersion: 2 } });
    assert.deepEqual(await Promise.all(ciphertexts.map((ciphertext) => open(ciphertext))), ["versionTooOld", "x"]);
  });

  it("refuses a configuration that contradicts itself or takes back what is out", async () => {
    await rotate();
    const refused = [
      { minDecryptionVersion: 3 },
      { minDecryptionVersion: 0 },
      { minDecryptionVersion: -1 },
      { minDecryptionVersion: 1.5 },
      { minEncryptionVersion: 3 },
      { minEncryptionVersion: -1 },
      { minDecryptionVersion: 2, minEncryptionVersion: 1 },
    ];
    for (const transit of refused) await t.fails(configureKey, { keyId, transit }, "InvalidInput");
    for (const autoRotatePeriodMs of [-1, 1, 3_599_999, 1e300, Number.NaN]) {
      await t.fails(configureKey, { keyId, transit: {}, autoRotatePeriodMs }, "InvalidInput");
    }
    await t.run(configureKey, { keyId, transit: { exportable: true, allowPlaintextBackup: true } });
    await t.fails(configureKey, { keyId, transit: { exportable: false } }, "InvalidInput");
    await t.fails(configureKey, { keyId, transit: { allowPlaintextBackup: false } }, "InvalidInput");
    const { key } = await t.run(configureKey, { keyId, transit: {}, autoRotatePeriodMs: 3_600_000 });
    assert.equal(key.rotation.nextAtMs, t.test.clock.nowMs() + 3_600_000);
    assert.equal(key.dueAtMs, key.rotation.nextAtMs);
    const off = (await t.run(configureKey, { keyId, transit: {}, autoRotatePeriodMs: 0 })).key;
    assert.deepEqual(off.rotation, { enabled: false, periodMs: 3_600_000 });
    assert.equal(off.dueAtMs, undefined);
  });

  it("makes data keys of a sensible length", async () => {
    const { plaintext: dataKey, result } = await t.run(transitDataKey, { keyId, dataKeyBytes: 32 });
    assert.equal(await open(answerOf(result).ciphertext), dataKey.toString());
    for (const dataKeyBytes of [0, -1, 1025, 0.5])
      await t.fails(transitDataKey, { keyId, dataKeyBytes }, "InvalidInput");
  });

  it("reads a key with its versions, the newest thousand at most", async () => {
    await rotate();
    t.test.clock.advance(1000);
    await rotate();
    await t.run(configureKey, { keyId, transit: { minDecryptionVersion: 2 } });
    const { versions } = await t.run(readKey, { keyId });
    const now = t.test.clock.nowMs();
    assert.deepEqual(versions, [
      { version: 2, createdAtMs: now - 1000, publicKey: undefined, certificateChain: undefined },
      { version: 3, createdAtMs: now, publicKey: undefined, certificateChain: undefined },
    ]);
  });

  it("lists the names of a mount: no deeper ones, none of keys on their way out, however many there are", async () => {
    const many = Array.from({ length: 45 }, (_, index) => `alias/m/${String(index).padStart(3, "0")}`);
    for (let start = 0; start < 5; start += 1) {
      await t.newKey({ aliases: many.map((name) => `${name}-${start}`) });
    }
    for (const aliasName of ["alias/a", "alias/b", "alias/m/", "alias/m/deep/er", "alias/mm"]) {
      await t.run(createAlias, { aliasName, targetKeyId: keyId });
    }
    const going = await t.newKey({ aliases: ["alias/going"] });
    await t.run(scheduleKeyDeletion, { keyId: going.keyId });
    const names = async (prefix: string) => (await t.run(listNamedKeys, { prefix })).names;
    assert.deepEqual(await names("alias/"), ["a", "b", "mm"]);
    const inMount = await names("alias/m/");
    assert.equal(inMount.length, 225);
    assert.deepEqual(inMount, inMount.toSorted());
    assert.deepEqual(await names("alias/none/"), []);
  });

  it("deletes only what may be deleted", async () => {
    await t.fails(scheduleKeyDeletion, { keyId, onlyIfAllowed: true }, "InvalidInput");
    await t.run(configureKey, { keyId, transit: { deletionAllowed: true } });
    await t.run(scheduleKeyDeletion, { keyId, onlyIfAllowed: true });
    assert.equal((await t.run(describeKey, { keyId })).key.state, "pendingDestruction");
  });
});

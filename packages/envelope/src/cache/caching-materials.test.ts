import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  cachingMaterials,
  decrypt,
  EnvelopeError,
  encrypt,
  encryptChunks,
  type Keyring,
  LocalCryptoMaterialsCache,
  type PlaintextDataKey,
  rawAesKeyring,
} from "../index.ts";

/** A keyring, and what it was asked; its calls wait until they are let go, where a test wants that. */
function countedKeyring() {
  const keyring = rawAesKeyring({ namespace: "tests", name: "one", wrappingKey: new Uint8Array(32).fill(7) });
  const dataKeys: PlaintextDataKey[] = [];
  const calls = { generate: 0, unwrap: 0, fail: false, held: undefined as Promise<void> | undefined };
  const counted: Keyring = {
    async generateDataKey(request) {
      calls.generate++;
      await calls.held;
      if (calls.fail) throw new EnvelopeError("ServiceUnavailable", "not now");
      const generated = await keyring.generateDataKey(request);
      dataKeys.push(generated.dataKey);
      return generated;
    },
    wrapDataKey: keyring.wrapDataKey,
    unwrapDataKey(encryptedDataKeys, request) {
      calls.unwrap++;
      return keyring.unwrapDataKey(encryptedDataKeys, request);
    },
  };
  return { keyring: counted, calls, dataKeys };
}

function clock() {
  let nowMs = 1_000_000;
  return { now: () => nowMs, advance: (milliseconds: number) => (nowMs += milliseconds) };
}

const plaintext = "a record";

describe("a data key cache", () => {
  it("makes one call for many messages, each of which decrypts, signed ones too", async () => {
    for (const sign of [false, true]) {
      const { keyring, calls } = countedKeyring();
      using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
      const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
      const messages = [];
      for (let count = 0; count < 5; count++)
        messages.push(await encrypt(plaintext, { materials, sign, context: { a: "b" } }));
      assert.equal(calls.generate, 1);
      for (const message of messages) {
        assert.equal(Buffer.from((await decrypt(message, { keyring })).plaintext).toString(), plaintext);
        await decrypt(message, { materials });
        await decrypt(message, { materials });
      }
      assert.equal(calls.unwrap, 5 + 1);
      const { hits, misses, entries } = cache.statistics;
      assert.deepEqual({ hits, misses, entries }, { hits: 4 + 9, misses: 2, entries: 2 });
    }
  });

  it("uses a data key for so many messages, so many bytes, so long, and no further", async () => {
    const limited = [
      { maxMessagesEncrypted: 2, expected: [1, 1, 2, 2, 3] },
      { maxBytesEncrypted: plaintext.length * 3, expected: [1, 1, 1, 2, 2] },
      { maxBytesEncrypted: 1, expected: [1, 2, 3, 4, 5] },
      { maxMessagesEncrypted: 1, expected: [1, 2, 3, 4, 5] },
    ];
    for (const { expected, ...limits } of limited) {
      const { keyring, calls, dataKeys } = countedKeyring();
      using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
      const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000, ...limits });
      for (const generated of expected) {
        await encrypt(plaintext, { materials });
        assert.equal(calls.generate, generated);
      }
      for (const key of dataKeys.slice(0, -1)) assert.ok(key.disposed);
    }
    const { keyring, calls, dataKeys } = countedKeyring();
    const { now, advance } = clock();
    using cache = new LocalCryptoMaterialsCache({ capacity: 10, now });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 1_000 });
    await encrypt(plaintext, { materials });
    advance(999);
    await encrypt(plaintext, { materials });
    assert.equal(calls.generate, 1);
    advance(1);
    await encrypt(plaintext, { materials });
    assert.equal(calls.generate, 2);
    assert.deepEqual(
      dataKeys.map((key) => key.disposed),
      [true, false],
    );
    assert.equal(cache.statistics.expirations, 1);
  });

  it("keeps contexts, suites, partitions and what readers bring apart", async () => {
    const { keyring, calls } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 100 });
    const of = (partition?: string) =>
      cachingMaterials({ keyring, cache, maxAgeMs: 60_000, ...(partition && { partition }) });
    const [shared, alsoShared, alone, alsoAlone] = [of("one"), of("one"), of(), of()];
    await encrypt(plaintext, { materials: shared });
    await encrypt(plaintext, { materials: alsoShared });
    assert.equal(calls.generate, 1);
    await encrypt(plaintext, { materials: shared, context: { a: "b" } });
    await encrypt(plaintext, { materials: shared, context: { a: "c" } });
    await encrypt(plaintext, { materials: shared, sign: true });
    await encrypt(plaintext, { materials: alone });
    await encrypt(plaintext, { materials: alsoAlone });
    assert.equal(calls.generate, 6);
    const message = await encrypt(plaintext, { keyring, context: { tenant: "1" }, requiredContextNames: ["tenant"] });
    await decrypt(message, { materials: shared, context: { tenant: "1" } });
    await assert.rejects(decrypt(message, { materials: shared, context: { tenant: "2" } }), { code: "KeyUnavailable" });
    await assert.rejects(decrypt(message, { materials: shared }), { code: "KeyUnavailable" });
  });

  it("makes one call for 3,000 messages that come together; when it fails, all fail and the next one tries again", async () => {
    const { keyring, calls } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    calls.held = promise;
    calls.fail = true;
    const failing = Promise.allSettled(Array.from({ length: 50 }, () => encrypt(plaintext, { materials })));
    // A platform whose hashes come later asks later.
    while (cache.statistics.misses + cache.statistics.coalesced < 50) await new Promise(setImmediate);
    resolve();
    assert.ok(
      (await failing).every((result) => result.status === "rejected" && result.reason.code === "ServiceUnavailable"),
    );
    assert.equal(calls.generate, 1);
    assert.equal(cache.statistics.entries, 0);
    calls.fail = false;
    const messages = await Promise.all(Array.from({ length: 3_000 }, () => encrypt(plaintext, { materials })));
    assert.equal(calls.generate, 2);
    assert.equal(new Set(messages.map((message) => Buffer.from(message).toString("base64"))).size, 3_000);
    const { misses, coalesced, hits } = cache.statistics;
    assert.deepEqual([misses, coalesced + hits], [2, 2_999 + 49]);
  });

  it("fills a key with zeros when it is crowded out, also when it is in use: after its last use", async () => {
    const { keyring, dataKeys } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 1 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
    const request = { suite: (await import("../suites.ts")).committingSuite, plaintextBytes: 1 };
    const first = await materials.forEncryption({ ...request, context: new Map([["a", "1"]]) });
    const bytes = dataKeys[0]!.use((inside) => inside);
    await encrypt(plaintext, { materials, context: { a: "2" } });
    assert.equal(cache.statistics.evictions, 1);
    assert.ok(bytes.some((byte) => byte !== 0));
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    assert.ok(bytes.every((byte) => byte === 0));
    const kept = dataKeys[1]!.use((inside) => inside);
    assert.ok(kept.some((byte) => byte !== 0));
    cache.clear();
    assert.ok(kept.every((byte) => byte === 0));
  });

  it("gives out no key whose age nobody knows, because the clock was set back", async () => {
    const { keyring, calls } = countedKeyring();
    const { now, advance } = clock();
    using cache = new LocalCryptoMaterialsCache({ capacity: 1, now });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
    await encrypt(plaintext, { materials });
    advance(-1);
    await encrypt(plaintext, { materials });
    assert.equal(calls.generate, 2);
  });

  it("does not crowd out others with a key that nobody could use again", async () => {
    const { keyring, calls } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 1 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000, maxBytesEncrypted: 10 });
    await encrypt("0", { materials });
    await encrypt("01234567890", { materials });
    await encrypt("0", { materials });
    assert.equal(calls.generate, 2);
    assert.equal(cache.statistics.evictions, 0);
  });

  it("fills a key with zeros when its time is over, also when nobody asks any more", async () => {
    const { keyring, dataKeys } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
    await encrypt(plaintext, { materials: cachingMaterials({ keyring, cache, maxAgeMs: 60_000 }) });
    await encrypt(plaintext, { materials: cachingMaterials({ keyring, cache, maxAgeMs: 20 }) });
    while (cache.statistics.entries > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(
      dataKeys.map((key) => key.disposed),
      [false, true],
    );
  });

  it("keeps nothing once it is disposed of, and still works", async () => {
    const { keyring, calls, dataKeys } = countedKeyring();
    const cache = new LocalCryptoMaterialsCache({ capacity: 1 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
    cache.dispose();
    for (let count = 0; count < 2; count++) await decrypt(await encrypt(plaintext, { materials }), { keyring });
    assert.equal(calls.generate, 2);
    assert.ok(dataKeys.every((key) => key.disposed));
  });

  it("does not keep keys for plaintext of unknown length", async () => {
    const { keyring, calls, dataKeys } = countedKeyring();
    using cache = new LocalCryptoMaterialsCache({ capacity: 10 });
    const materials = cachingMaterials({ keyring, cache, maxAgeMs: 60_000 });
    for (let count = 0; count < 2; count++) {
      for await (const _ of encryptChunks([Buffer.from(plaintext)], { materials }));
    }
    assert.equal(calls.generate, 2);
    assert.ok(dataKeys.every((key) => key.disposed));
  });

  it("refuses limits that are none", () => {
    const { keyring } = countedKeyring();
    const cache = new LocalCryptoMaterialsCache({ capacity: 1 });
    for (const bad of [0, -1, 0.5, Number.NaN, 2 ** 54]) {
      assert.throws(() => new LocalCryptoMaterialsCache({ capacity: bad }), { code: "InvalidInput" });
      assert.throws(() => cachingMaterials({ keyring, cache, maxAgeMs: bad }), { code: "InvalidInput" });
      assert.throws(() => cachingMaterials({ keyring, cache, maxAgeMs: 1, maxBytesEncrypted: bad }), {
        code: "InvalidInput",
      });
    }
    assert.throws(() => cachingMaterials({ keyring, cache, maxAgeMs: 1, maxMessagesEncrypted: 2 ** 32 + 1 }), {
      code: "InvalidInput",
    });
  });

  it("never gives a key out beyond its limits, whatever happens in whatever order", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("use" as const), id: fc.nat(3), bytes: fc.nat(40), hold: fc.boolean() }),
      fc.record({ kind: fc.constant("advance" as const), by: fc.nat(80) }),
      fc.record({ kind: fc.constant("clear" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { now, advance } = clock();
        using cache = new LocalCryptoMaterialsCache({ capacity: 2, now });
        const { keyring } = countedKeyring();
        const materials = cachingMaterials({
          keyring,
          cache,
          maxAgeMs: 100,
          maxBytesEncrypted: 100,
          maxMessagesEncrypted: 5,
        });
        const used = new Map<PlaintextDataKey, { messages: number; bytes: number; madeAtMs: number }>();
        const { committingSuite: suite } = await import("../suites.ts");
        for (const one of steps) {
          if (one.kind === "advance") advance(one.by);
          if (one.kind === "clear") cache.clear();
          if (one.kind !== "use") continue;
          const context = new Map([["id", String(one.id)]]);
          const lease = await materials.forEncryption({ suite, context, plaintextBytes: one.bytes });
          const known = used.get(lease.dataKey) ?? { messages: 0, bytes: 0, madeAtMs: now() };
          known.messages++;
          known.bytes += one.bytes;
          used.set(lease.dataKey, known);
          assert.ok(!lease.dataKey.disposed);
          assert.ok(known.messages <= 5 && known.bytes <= 100 && now() - known.madeAtMs < 100);
          if (!one.hold) lease[Symbol.dispose]();
        }
      }),
      { numRuns: 100 },
    );
  });
});

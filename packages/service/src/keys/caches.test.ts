import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BoundedCache } from "./bounded-cache.ts";
import { ReadThroughCache } from "./read-through-cache.ts";

describe("bounded cache", () => {
  it("never holds more than it may, never gives a wrong value, and keeps what is used", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("get", "set", "delete"), fc.nat(12), fc.nat(99)));
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), steps, (max, list) => {
        const cache = new BoundedCache<number, number>(max);
        const model = new Map<number, number>();
        for (const [step, key, value] of list) {
          if (step === "set") {
            cache.set(key, value);
            model.set(key, value);
            assert.equal(cache.get(key), value);
          } else if (step === "delete") {
            cache.delete(key);
            model.delete(key);
            assert.equal(cache.get(key), undefined);
          } else {
            const got = cache.get(key);
            if (got !== undefined) assert.equal(got, model.get(key));
          }
          assert.ok(cache.size <= max, `${cache.size} of ${max}`);
        }
      }),
    );
    const cache = new BoundedCache<string, number>(10);
    cache.set("hot", 1);
    for (let cold = 0; cold < 100; cold += 1) {
      assert.equal(cache.get("hot"), 1);
      cache.set(`cold ${cold}`, cold);
    }
    cache.clear();
    assert.equal(cache.size, 0);
  });
});

describe("read-through cache", () => {
  /** A read that a test ends. */
  function slowRead() {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    return { read: () => promise, resolve, reject };
  }

  it("reads once, then answers from memory; what there is not is asked for each time", async () => {
    const cache = new ReadThroughCache<string>(10);
    let reads = 0;
    const read = (value: string | undefined) => async () => {
      reads += 1;
      return value;
    };
    assert.equal(await cache.find("a", read(undefined)), undefined);
    assert.equal(await cache.find("a", read("1")), "1");
    assert.equal(await cache.find("a", read("2")), "1");
    assert.equal(cache.cached("a"), "1");
    assert.equal(reads, 2);
    cache.forget("a");
    assert.equal(cache.cached("a"), undefined);
    assert.equal(await cache.find("a", read("3")), "3");
  });

  it("does not keep what was read before it was forgotten", async () => {
    const cache = new ReadThroughCache<string>(10);
    const old = slowRead();
    const reading = cache.find("a", old.read);
    const other = slowRead();
    const readingOther = cache.find("b", other.read);
    cache.forget("a");
    old.resolve("old");
    other.resolve("kept");
    assert.equal(await reading, "old");
    assert.equal(await readingOther, "kept");
    assert.equal(cache.cached("a"), undefined);
    assert.equal(cache.cached("b"), "kept");
  });

  it("does not keep an old read that ends after a newer one", async () => {
    const cache = new ReadThroughCache<string>(10);
    const old = slowRead();
    const fresh = slowRead();
    const readingOld = cache.find("a", old.read);
    cache.forget("a");
    const readingFresh = cache.find("a", fresh.read);
    fresh.resolve("fresh");
    await readingFresh;
    old.resolve("old");
    await readingOld;
    assert.equal(cache.cached("a"), "fresh");
  });

  it("is none the worse for a read that fails", async () => {
    const cache = new ReadThroughCache<string>(10);
    const broken = slowRead();
    const reading = cache.find("a", broken.read);
    broken.reject(new Error("disk"));
    await assert.rejects(reading, /disk/);
    assert.equal(await cache.find("a", async () => "1"), "1");
    assert.equal(cache.cached("a"), "1");
  });
});

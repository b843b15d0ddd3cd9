import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ExpiringCache } from "./expiring-cache.ts";

/** A cache of numbers that tells what left it. */
function counted(maxEntries: number) {
  const disposed: number[] = [];
  let loads = 0;
  const cache = new ExpiringCache<number>({
    maxAgeMs: 1000,
    maxEntries,
    dispose: (value) => void disposed.push(value),
  });
  const get = (id: string) =>
    cache.use(
      id,
      async () => ++loads,
      (value) => value,
    );
  return { cache, disposed, get, loads: () => loads };
}

/** Lets promises that are there be seen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("those that want the same at once wait for one call", async () => {
  const { get, loads } = counted(10);
  assert.deepEqual(await Promise.all([get("a"), get("a"), get("a"), get("b")]), [1, 1, 1, 2]);
  assert.equal(await get("a"), 1);
  assert.equal(loads(), 2);
});

test("what failed is not kept, and all that wait are told", async () => {
  const { cache, get } = counted(10);
  const fails = () =>
    cache.use(
      "a",
      async () => {
        throw new Error("no");
      },
      (value) => value,
    );
  const outcomes = await Promise.allSettled([fails(), fails()]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await get("a"), 1);
});

test("what is old is asked for anew and disposed of, also when the clock was set back", async (t) => {
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  t.after(() => mock.timers.reset());
  const { get, disposed } = counted(10);
  await get("a");
  mock.timers.setTime(1_000_999);
  assert.equal(await get("a"), 1);
  mock.timers.setTime(1_001_000);
  assert.equal(await get("b"), 2);
  await settled();
  assert.deepEqual(disposed, [1]);
  mock.timers.setTime(1_000_500);
  assert.equal(await get("b"), 3);
});

test("the one used longest ago goes when there are too many", async () => {
  const { get, disposed } = counted(2);
  await get("a");
  await get("b");
  await get("a");
  await get("c");
  await settled();
  assert.deepEqual(disposed, [2]);
  assert.equal(await get("a"), 1);
});

test("a value in use is whole until its user is done", async () => {
  const { cache, disposed, get } = counted(1);
  const { promise, resolve: done } = Promise.withResolvers<void>();
  const using = cache.use(
    "a",
    async () => 7,
    () => promise,
  );
  await settled();
  await get("b");
  await settled();
  assert.deepEqual(disposed, []);
  done();
  await using;
  await settled();
  assert.deepEqual(disposed, [7]);
  cache[Symbol.dispose]();
  cache[Symbol.dispose]();
  await settled();
  assert.deepEqual(disposed, [7, 1]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { runFuzz } from "./fuzz-run.ts";
import { chooseSeed } from "./seeded-random.ts";

const runs = 2000;

test(`${runs} spoilt requests through three APIs: no 5xx, no insides, no hanging, nothing lost`, async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`TEST_SEED=${seed}`);
  const { byClass, silent } = await runFuzz(runs, seed);
  t.diagnostic(`answers: ${JSON.stringify(Object.fromEntries(byClass))}, connections without one: ${silent}`);
  // Else they would be spoilt too much to reach anything.
  assert.ok((byClass.get(2) ?? 0) > runs / 20);
  assert.ok((byClass.get(4) ?? 0) > runs / 4);
});

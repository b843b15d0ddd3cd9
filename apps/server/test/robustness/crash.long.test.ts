import { test } from "node:test";
import { CrashRounds } from "./crash-rounds.ts";
import { chooseSeed } from "./seeded-random.ts";

const rounds = 500;

test(`${rounds} times killed under load, nothing that was answered is lost`, async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`TEST_SEED=${seed}`);
  const run = new CrashRounds(seed);
  t.after(() => run.remove());
  await run.prepare();
  for (let round = 1; round <= rounds; round += 1) await run.run(round);
  await run.finish();
  t.diagnostic(`${run.answers} answered requests`);
});

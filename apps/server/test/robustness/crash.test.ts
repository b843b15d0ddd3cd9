import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ServerUnderTest } from "../server-under-test.ts";
import { CrashRounds, killDuringStart } from "./crash-rounds.ts";
import { chooseSeed, SeededRandom } from "./seeded-random.ts";

const rounds = 50;
const interruptedStarts = 5;

test(`${rounds} times killed under load through three APIs, nothing that was answered is lost`, async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`TEST_SEED=${seed}`);
  const run = new CrashRounds(seed);
  t.after(() => run.remove());
  await run.prepare();
  for (let round = 1; round <= rounds; round += 1) await run.run(round);
  await run.finish();
  t.diagnostic(`${run.answers} answered requests`);
  assert.ok(run.answers > rounds);
});

test("a first start that was killed is repeated by the next one, and the credentials shown last get in", async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`TEST_SEED=${seed}`);
  const random = new SeededRandom(seed);
  for (let start = 0; start < interruptedStarts; start += 1) {
    const folder = mkdtempSync(join(tmpdir(), "coffer-first-start-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const dataDir = join(folder, "data");
    const printed = [await killDuringStart(dataDir, 1 + random.integer(25))];
    await using server = await ServerUnderTest.start({ dataDir });
    // Once it answers, it has printed everything.
    assert.ok((await fetch(`${server.url}/health`)).ok);
    printed.push(...server.out);
    const token = /(?<=^ *token +)hvs\S+/m.exec(printed.reverse().join("\n"))?.[0];
    assert.ok(token !== undefined, "one of the two has shown a token");
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}/keys`, { method: "POST", headers, body: '{"key_id":"first"}' });
    assert.equal(answer.status, 201);
    assert.equal(await server.stop(), 0);
  }
});

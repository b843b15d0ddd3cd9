import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runProgram } from "../run-program.ts";
import { cofferPath, ServerUnderTest } from "../server-under-test.ts";
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

test("a first start that was killed can be repeated, and the account root gets in", async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`TEST_SEED=${seed}`);
  const random = new SeededRandom(seed);
  for (let start = 0; start < interruptedStarts; start += 1) {
    const folder = mkdtempSync(join(tmpdir(), "coffer-first-start-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const dataDir = join(folder, "data");
    await killDuringStart(dataDir, 1 + random.integer(25));
    await using server = await ServerUnderTest.start({ dataDir });
    assert.equal(await server.stop(), 0);
    const renewed = await runProgram(cofferPath, ["admin", "root-credential", `--data-dir=${dataDir}`]);
    assert.equal(renewed.status, 0, renewed.stderr);
    const token = /^token +(\S+)$/m.exec(renewed.stdout)?.[1] ?? "";
    await using again = await ServerUnderTest.start({ dataDir });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${again.url}/keys`, { method: "POST", headers, body: '{"key_id":"first"}' });
    assert.equal(answer.status, 201);
    assert.equal(await again.stop(), 0);
  }
});

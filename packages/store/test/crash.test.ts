import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { makeStore, openSqliteDatabase } from "../src/sqlite/open.ts";
import { setting } from "./crash-rows.ts";

const rounds = 10;
const numbersPerRound = 1_000_000;
const writer = join(import.meta.dirname, "crash-writer.ts");

/** Runs the writer until it has answered `answers` commits, kills it, and returns all that it had answered by then. */
async function writeAndKill(path: string, first: number, answers: number): Promise<readonly number[]> {
  const child = spawn(process.execPath, [writer, path, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const answered: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answered.push(Number(line));
    if (answered.length === answers) child.kill("SIGKILL");
  }
  const [, signal] = await exited;
  assert.equal(signal, "SIGKILL", "the writer ran until it was killed");
  return answered;
}

describe("a process killed while it commits", () => {
  it("loses nothing that it has answered, and leaves no commit half done", async (context) => {
    const directory = await mkdtemp(join(tmpdir(), "coffer-crash-"));
    context.after(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, "crash.db");
    const answered: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const answers = 1 + Math.floor(Math.random() * 150);
      const first = round * numbersPerRound;
      answered.push(...(await writeAndKill(path, first, answers)));
      const database = await openSqliteDatabase({ path, durability: "disk", exclusive: true });
      const store = makeStore(database);
      const found = `after ${answers} answers in round ${round}`;
      for (const number of answered) {
        for (const half of ["left", "right"] as const) {
          const row = setting(number, half);
          assert.deepEqual(await store.get("settings", { name: row.name }), row, found);
        }
      }
      assert.equal(database.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok", found);
      const halves = database
        .prepare("SELECT name FROM settings")
        .all()
        .map((row) => String(row["name"]).split("-"));
      const whole = (half: string) => new Set(halves.filter(([, name]) => name === half).map(([number]) => number));
      assert.deepEqual(whole("left"), whole("right"), found);
      assert.ok(whole("left").size >= answered.length);
      await store.close();
    }
    assert.ok(answered.length >= rounds);
  });
});

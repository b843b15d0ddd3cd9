/**
 * Commits rows for ever and prints the number of each commit once it was answered, for the crash test to kill it.
 * Arguments: the database, the first number.
 */
import { writeSync } from "node:fs";
import { openSqliteStore } from "../src/index.ts";
import { setting } from "./crash-rows.ts";

const [path, first] = process.argv.slice(2);
const store = await openSqliteStore({ path: path as string, durability: "disk", exclusive: true });
const lanes = 4;

async function commitForEver(from: number): Promise<never> {
  for (let number = from; ; number += lanes) {
    await store.commit([
      { op: "insert", table: "settings", row: setting(number, "left") },
      { op: "insert", table: "settings", row: setting(number, "right") },
    ]);
    writeSync(1, `${number}\n`);
  }
}

for (let lane = 0; lane < lanes; lane++) void commitForEver(Number(first) + lane);

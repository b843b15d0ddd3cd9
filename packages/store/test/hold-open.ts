/**
 * Opens a store, prints `open`, and closes it when its standard input ends. Prints the name and message of an error
 * instead. Arguments: the database, `exclusive` or `shared`.
 */
import { once } from "node:events";
import { openSqliteStore } from "../src/index.ts";

const [path, locking] = process.argv.slice(2);
try {
  const exclusive = locking === "exclusive";
  const store = await openSqliteStore({ path: path as string, durability: "os", exclusive });
  console.log("open");
  process.stdin.resume();
  await once(process.stdin, "end");
  await store.close();
} catch (error) {
  console.log(`${(error as Error).name}: ${(error as Error).message}`);
}

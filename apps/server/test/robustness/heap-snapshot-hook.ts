/**
 * Loaded into a server by `NODE_OPTIONS=--import`: on SIGUSR2 it writes a heap snapshot with whole strings to the file
 * that HEAP_SNAPSHOT names, and tells so on stdout. The server under test is otherwise as it is.
 */
import { setFlagsFromString, writeHeapSnapshot } from "node:v8";

setFlagsFromString("--heap-snapshot-string-limit=1000000000");
process.on("SIGUSR2", () => {
  writeHeapSnapshot(process.env["HEAP_SNAPSHOT"]);
  process.stdout.write("heap snapshot written\n");
});

import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Collects what nothing refers to any more, at once: a key that was dropped is wiped by OpenSSL when its handle is
 * collected, which may be hours later in an idle process.
 */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
  // What was collected may have let go of more, in a turn of its own: handles of OpenSSL's are freed then.
  await nextTurn();
  collect();
}

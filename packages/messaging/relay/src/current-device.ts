import type { Caller, RelayContext } from "./context.ts";
import { RelayRefusal } from "./problem.ts";

/** Whether a caller's device is still there, and no other has taken its place under the same id. */
export function isCurrent({ database }: RelayContext, { device, incarnation }: Caller): boolean {
  const row = database.get<{ incarnation: Uint8Array }>("select incarnation from devices where device = ?", device);
  return row !== undefined && incarnation.equals(row.incarnation);
}

/**
 * Within a write: a caller that was known when its request came may have lost its place to a list that was taken since.
 *
 * @throws RelayRefusal Unauthenticated
 */
export function checkCurrent(context: RelayContext, caller: Caller): void {
  if (isCurrent(context, caller)) return;
  throw new RelayRefusal("Unauthenticated", "The device is not in its user's list any more.");
}

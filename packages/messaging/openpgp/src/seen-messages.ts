import type { DeviceAddress, StateTransaction } from "@coffer/messaging";
import { readJson, stateKeys, writeJson } from "./state-keys.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** How long messages may be on their way: what was signed before is refused. */
export const windowDays = 90;
/** The most messages of a sender that are remembered. Beyond, whole days are closed, the oldest first. */
export const maxSeenMessages = 100_000;

interface Window {
  /** Messages that were signed on an earlier day, counted from 1970, are refused. */
  readonly firstDay: number;
  /** How many messages of each day were seen, in order of days. */
  readonly days: readonly (readonly [day: number, count: number])[];
}

/**
 * Takes a message into account, once: OpenPGP itself has no protection against replay.
 *
 * @param messageId and `signedAtMs` are of the signed part
 * @param most how many messages are remembered; `maxSeenMessages` but in tests
 */
export async function takeMessage(
  state: StateTransaction,
  sender: DeviceAddress,
  messageId: string,
  signedAtMs: number,
  nowMs: number,
  most = maxSeenMessages,
): Promise<"new" | "duplicate" | "refused"> {
  const window = readJson<Window>(await state.get(stateKeys.window(sender))) ?? { firstDay: 0, days: [] };
  const day = Math.floor(signedAtMs / dayMs);
  const firstDay = Math.max(window.firstDay, Math.floor(nowMs / dayMs) - windowDays);
  if (day < firstDay) return "refused";
  const seen = stateKeys.seen(sender, day, messageId);
  if ((await state.get(seen)) !== undefined) return "duplicate";
  const counts = new Map(window.days);
  counts.set(day, (counts.get(day) ?? 0) + 1);
  const first = firstOpenDay(counts, firstDay, most);
  // More than can be remembered came on the last day alone.
  if (first > day) return "refused";
  state.put(seen, new Uint8Array([1]));
  await closeDays(state, sender, counts, first);
  const days = [...counts].sort(([a], [b]) => a - b);
  state.put(stateKeys.window(sender), writeJson({ firstDay: first, days }));
  return "new";
}

/** The first day that stays open, so that no more than `most` messages are remembered. */
function firstOpenDay(counts: ReadonlyMap<number, number>, firstDay: number, most: number): number {
  const days = [...counts].filter(([day]) => day >= firstDay).sort(([a], [b]) => a - b);
  let total = days.reduce((sum, [, count]) => sum + count, 0);
  let first = firstDay;
  for (const [day, count] of days) {
    if (total <= most) break;
    total -= count;
    first = day + 1;
  }
  return first;
}

async function closeDays(
  state: StateTransaction,
  sender: DeviceAddress,
  counts: Map<number, number>,
  first: number,
): Promise<void> {
  for (const day of [...counts.keys()].filter((known) => known < first)) {
    for (const key of await state.list(stateKeys.seenOfDay(sender, day))) state.delete(key);
    counts.delete(day);
  }
}

import type { StateTransaction } from "@coffer/messaging";

// Megolm's library opens a message again and again (matrix-rust-sdk issue 397): who remembers is the caller. One bit for
// each message of a session.

/** The most messages of one session that are opened. Senders of ours take a new one after 100. */
export const maxSessionMessages = 10_000;

function seenKey(groupId: string, sessionId: string): string {
  return `${seenPrefix(groupId)}${encodeURIComponent(sessionId)}`;
}

function seenPrefix(groupId: string): string {
  return `protocol/olm/seen/${groupId}/`;
}

/**
 * Notes that a message was opened.
 *
 * @param index below `maxSessionMessages`
 * @returns false when it was before
 */
export async function noteSeen(
  state: StateTransaction,
  groupId: string,
  sessionId: string,
  index: number,
): Promise<boolean> {
  const key = seenKey(groupId, sessionId);
  const kept = (await state.get(key)) ?? new Uint8Array();
  const [at, bit] = [index >> 3, 1 << (index & 7)];
  if (((kept[at] ?? 0) & bit) !== 0) return false;
  const bits = new Uint8Array(Math.max(kept.length, at + 1));
  bits.set(kept);
  bits[at]! |= bit;
  state.put(key, bits);
  return true;
}

/** Forgets what was seen of a session, or of all of a group, whose keys are gone. */
export async function forgetSeen(state: StateTransaction, groupId: string, sessionId?: string): Promise<void> {
  if (sessionId !== undefined) return state.delete(seenKey(groupId, sessionId));
  for (const key of await state.list(seenPrefix(groupId))) state.delete(key);
}

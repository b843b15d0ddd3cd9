import type { StateTransaction } from "@coffer/messaging";
import type { CryptoMachine } from "./crypto-machine.ts";
import { forgetSeen } from "./seen-messages.ts";

/** Of each sender of a group so many sessions are kept: what came by older ones does not open any more, for nobody. */
const keptSessions = 3;

/** Session ids by their senders' Curve25519 keys, the latest first. */
type Heard = readonly (readonly [string, readonly string[]])[];

function heardKey(groupId: string): string {
  return `protocol/olm/heard/${groupId}`;
}

/** Notes a session that a member's key is for, and erases the oldest of that sender's. Within a step of the machine. */
export async function noteHeard(
  state: StateTransaction,
  machine: CryptoMachine,
  [groupId, room]: readonly [string, string],
  sender: string,
  sessionId: string,
): Promise<void> {
  const record = await state.get(heardKey(groupId));
  const heard = record === undefined ? [] : (JSON.parse(new TextDecoder().decode(record)) as Heard);
  const before = heard.find(([name]) => name === sender)?.[1] ?? [];
  const ids = [sessionId, ...before.filter((id) => id !== sessionId)];
  const old = ids.splice(keptSessions);
  const next: Heard = [...heard.filter(([name]) => name !== sender), [sender, ids]];
  state.put(heardKey(groupId), new TextEncoder().encode(JSON.stringify(next)));
  if (old.length === 0) return;
  await machine.removeSessions(room, old);
  for (const id of old) await forgetSeen(state, groupId, id);
}

/** Forgets what was noted of a group whose keys are gone. */
export function forgetHeard(state: StateTransaction, groupId: string): void {
  state.delete(heardKey(groupId));
}

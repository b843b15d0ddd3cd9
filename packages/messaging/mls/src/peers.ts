import type { StateTransaction } from "@coffer/messaging";
import { peerRecord } from "./state-keys.ts";

/** A session of two: a group of this device and the peer's. */
export interface Session {
  /** The group's id, hexadecimal. */
  readonly id: string;
  /** Base64; what lets the peer in, as long as it has not shown that it is in. */
  readonly welcome?: string | undefined;
}

/** What is known of a device. */
export interface Peer {
  /** As its device list has it. */
  readonly identityKey: string;
  /** Those that messages are opened of; the first is the one that is written in. */
  readonly sessions: readonly Session[];
  /** Whether another session is to begin before anything more is written. */
  readonly isStale?: boolean | undefined;
}

/** The sessions with one device that are kept. */
export const maxSessions = 4;

export async function readPeer(state: StateTransaction, name: string): Promise<Peer | undefined> {
  const record = await state.get(peerRecord(name));
  return record === undefined ? undefined : (JSON.parse(new TextDecoder().decode(record)) as Peer);
}

export function writePeer(state: StateTransaction, name: string, peer: Peer): void {
  state.put(peerRecord(name), new TextEncoder().encode(JSON.stringify(peer)));
}

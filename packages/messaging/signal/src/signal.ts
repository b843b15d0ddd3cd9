import { type E2EProtocol, MessagingError, nowMs, type ProtocolFacts, protocols } from "@coffer/messaging";
import { openOwnDevice } from "./own-device.ts";
import { SignalDevice } from "./signal-device.ts";

export interface SignalOptions {
  /** How many one-time keys of a set are published when they run low: 1 to 100; 100 unless told, as Signal's. */
  readonly oneTimeKeys?: number;
  /** Milliseconds since 1970; the machine's clock unless told. */
  readonly nowMs?: () => number;
}

/**
 * Signal's protocol: PQXDH, the Double Ratchet with SPQR, and sender keys for groups, by Signal's own library. Node only.
 *
 * @throws MessagingError InvalidInput
 */
export function signal({ oneTimeKeys = 100, nowMs: clock = nowMs }: SignalOptions = {}): E2EProtocol {
  if (!Number.isInteger(oneTimeKeys) || oneTimeKeys < 1 || oneTimeKeys > 100) {
    throw new MessagingError("InvalidInput", "oneTimeKeys must be 1 to 100.");
  }
  const facts = protocols.get("signal") as ProtocolFacts;
  return {
    facts,
    open: async (self, state) => new SignalDevice(await openOwnDevice(self, state, clock), oneTimeKeys),
  };
}

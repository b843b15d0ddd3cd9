import type { Received } from "@coffer/messaging";

/** One outcome for everything that does not open. */
export const undecryptable: Received = { kind: "undecryptable" };
/** The protocol's own, with nothing to answer. */
export const control: Received = { kind: "control", replies: [] };

/** What one group message is called. */
export const megolmKind = "megolm";

/** Olm's kinds of messages, with their numbers in Matrix. */
export const olmTypes: ReadonlyMap<string, number> = new Map([
  ["preKey", 0],
  ["message", 1],
]);

/** The name of one of Olm's kinds. */
export function olmKind(type: number): string {
  return type === 0 ? "preKey" : "message";
}

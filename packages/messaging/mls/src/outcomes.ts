import { MessagingError, type Received } from "@coffer/messaging";

/** One outcome for everything that does not open. */
export const undecryptable: Received = { kind: "undecryptable" };
/** The protocol's own, with nothing to answer. */
export const control: Received = { kind: "control", replies: [] };

/** What the kinds of messages are called. */
export const kinds = {
  /** A message between two, with the welcome that its recipient may not have seen. */
  first: "first",
  /** A message between two. */
  message: "message",
  /** A welcome to a named group. */
  welcome: "welcome",
  /** A message to a named group. */
  group: "group",
} as const;

export function refuseBundle(why: string): MessagingError {
  return new MessagingError("BundleRefused", `The key bundle is refused: ${why}.`);
}

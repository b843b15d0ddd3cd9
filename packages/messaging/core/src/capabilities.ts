/** After what an attacker who took a device's keys can no longer read what was said before. */
export type ForwardSecrecy =
  /** Each message has a key of its own, which is forgotten. */
  | "message"
  /** Each round of messages back and forth. */
  | "round"
  /** A key serves for many messages and can go forward alone: what came before it stays closed. */
  | "partial"
  | "none";

/** What makes an attacker who took a device's keys lose sight again. */
export type PostCompromiseSecurity =
  /** A message in each direction. */
  | "roundTrip"
  /** A commit to the group. */
  | "commit"
  /** A new session key, which is made now and then. */
  | "rotation"
  | "none";

/** How a protocol speaks to more than two. */
export type GroupKind =
  | "none"
  /** Each message is encrypted for each device. */
  | "fanOut"
  /** A key of the sender's, sent to each device once. */
  | "senderKeys"
  /** A key that the group has together. */
  | "tree"
  /** One message with a key for each recipient. */
  | "recipients";

/** What holds against who keeps messages until there is a quantum computer. */
export type PostQuantum = "hybrid" | "bySuite" | "none";

/** Where a protocol's library runs. */
export type Runtime = "node" | "browser";

/** What a protocol promises and what not, for choosing and for telling users. No flag is better than what tests show. */
export interface Capabilities {
  readonly forwardSecrecy: ForwardSecrecy;
  readonly postCompromiseSecurity: PostCompromiseSecurity;
  /** Whether the peer may be away when a message, the first one included, is sent. */
  readonly asynchronous: boolean;
  readonly groups: GroupKind;
  readonly postQuantum: PostQuantum;
  readonly runtimes: readonly Runtime[];
  /** Who refuses a message that comes twice: the protocol's library, or our adapter around it. */
  readonly replayCheck: "library" | "adapter";
  /** Whether a device that was set back to an older state is still safe. None is: the vault refuses old states. */
  readonly rollbackSafe: false;
}

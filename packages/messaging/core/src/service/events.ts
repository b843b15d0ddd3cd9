import type { DeviceAddress } from "../addresses.ts";
import type { MessagingError } from "../errors.ts";

/** Why something that opened, or that nobody had to open, is not shown. */
export type Refusal =
  /** It is bound to another conversation than the one in which it came. */
  | "anotherConversation"
  /** It is bound to another message id. */
  | "anotherMessageId"
  /** The sender's account vouches for no such device, or the device speaks another protocol. */
  | "unknownDevice"
  /** What is inside is of no kind that this version knows. */
  | "unknownPayload";

/** What happened beside messages. Texts hold no plaintext and no key. */
export type ServiceEvent =
  /** A message did not open. The sender's device is asked once to send it again. */
  | { readonly kind: "undecryptable"; readonly from: DeviceAddress; readonly messageId: string }
  | { readonly kind: "refused"; readonly from: DeviceAddress; readonly messageId: string; readonly why: Refusal }
  /** A user's account key is another one. Nothing goes there, and what comes waits, until `acceptNewIdentity`. */
  | { readonly kind: "identityChanged"; readonly userId: string }
  /** A user's account vouches for other devices than before. */
  | {
      readonly kind: "devicesChanged";
      readonly userId: string;
      readonly added: readonly string[];
      readonly gone: readonly string[];
    }
  /** What waited in the outbox is on its way. */
  | { readonly kind: "sent"; readonly messageId: string }
  /** What is in the outbox cannot go now, and stays there. */
  | { readonly kind: "waiting"; readonly messageId: string; readonly error: MessagingError }
  /** What was in the outbox cannot go, ever, and is gone. */
  | { readonly kind: "dropped"; readonly messageId: string; readonly error: MessagingError }
  /** Who is in a group changed, or this device left it or was removed. */
  | { readonly kind: "groupChanged"; readonly groupId: string }
  /**
   * The transparency log has a list of this user that this account did not sign, or two of one version; or a peer saw
   * another log than this device. Somebody may be listening: warn the user, and compare safety numbers.
   */
  | { readonly kind: "logAlarm"; readonly why: "foreignAccountKey" | "twoListsOfOneVersion" }
  | { readonly kind: "logAlarm"; readonly why: "splitView"; readonly from: DeviceAddress }
  /** Something in the background failed; it is tried again. */
  | { readonly kind: "trouble"; readonly error: MessagingError };

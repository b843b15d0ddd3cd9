import { invariant } from "../invariant.ts";
import type { MessageType, SigningAlgorithmRow } from "./row.ts";

/** Stops a message whose type or length the algorithm does not take: its caller has checked both. */
export function assertMessage(
  messageTypes: SigningAlgorithmRow["messageTypes"],
  message: Uint8Array,
  type: MessageType,
): void {
  invariant(messageTypes.has(type), "an algorithm signs the types of messages that it lists");
  const bytes = messageTypes.get(type);
  invariant(bytes === undefined || message.length === bytes, "a digest has its hash's length");
}

import type { OpenedMessage } from "./signed-message.ts";

/** What the signed part says beside the text: notations of this library's own (RFC 9580, section 5.2.3.24). */
export const notationNames = {
  /** The id of the message, by which a second one is known. */
  messageId: "message-id@coffer.invalid",
  /** The device that wrote it, `USER/DEVICE`. */
  sender: "sender@coffer.invalid",
  /** What it is; see `contentTypes`. */
  content: "content@coffer.invalid",
  /** The group that it is for; absent otherwise. */
  groupId: "group@coffer.invalid",
} as const;

export const contentTypes = { message: "message", group: "group" } as const;

export interface Content {
  readonly type: string;
  readonly sender: string;
  readonly messageId: string;
  readonly groupId?: string | undefined;
  readonly bytes: Uint8Array;
}

export function notationsOf({ type, sender, messageId, groupId }: Content): Map<string, string> {
  const notations = new Map<string, string>([
    [notationNames.messageId, messageId],
    [notationNames.content, type],
    [notationNames.sender, sender],
  ]);
  if (groupId !== undefined) notations.set(notationNames.groupId, groupId);
  return notations;
}

/** @throws Error when the message says not what it is */
export function contentOf({ plaintext, notations }: OpenedMessage): Content {
  const type = notations.get(notationNames.content);
  const messageId = notations.get(notationNames.messageId);
  const sender = notations.get(notationNames.sender);
  if (
    type === undefined ||
    sender === undefined ||
    messageId === undefined ||
    !/^[A-Za-z0-9_-]{1,64}$/.test(messageId)
  ) {
    throw new Error("the message does not say what it is");
  }
  return { type, sender, messageId, groupId: notations.get(notationNames.groupId), bytes: plaintext };
}

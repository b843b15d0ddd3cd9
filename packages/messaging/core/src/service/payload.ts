import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { MessagingError } from "../errors.ts";
import { isMessageId } from "./envelope.ts";
import { bytesOfText, isRecord, textOfBytes } from "./records.ts";

/** What a user says: a text, bytes, pointers to attachments, or several of them. */
export interface Content {
  readonly text?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
  /** JSON values, such as pointers to attachments with their keys. */
  readonly attachments?: readonly unknown[] | undefined;
}

/** The size and root of a transparency log that a device saw, in messages: so that split views are found. */
export interface SeenHead {
  readonly size: number;
  /** Base64, 32 bytes. */
  readonly rootHash: string;
}

/** A message of a user as it is encrypted. */
export interface MessagePayload {
  readonly type: "message";
  /** The id under which it was sent. Bound inside, so that no carrier makes two messages of one. */
  readonly messageId: string;
  readonly sentAtMs: number;
  /** The user or the group that it is for, likewise. */
  readonly to: string;
  readonly head?: SeenHead | undefined;
  readonly content: Content;
}

/** What devices say among themselves about messages. */
export type ServicePayload = Omit<MessagePayload, "type" | "content"> &
  (
    | { readonly type: "resendRequest" /** The id of the message that did not open. */; readonly lost: string }
    | { readonly type: "resend"; readonly original: MessagePayload }
    /** The sender's user leaves the group that `to` names. */
    | { readonly type: "leave" }
    /** The sender's user has other devices than before: their list is to be looked at. */
    | { readonly type: "devices" }
  );

/** Everything that is encrypted. */
export type Payload = MessagePayload | ServicePayload;

/** The most bytes of a payload: larger things are attachments. */
export const maxPayloadBytes = 96 * 1024;
/** Lengths are hidden up to this many bytes. */
export const paddingBytes = 160;

/**
 * UTF-8 JSON with spaces up to a multiple of 160 bytes: JSON (RFC 8259, 2) lets them stand after its value.
 *
 * @throws MessagingError InvalidInput when it is too large
 */
export function encodePayload(payload: Payload): Uint8Array {
  const json = bytesOfText(JSON.stringify({ v: 1, ...writable(payload) }));
  if (json.length > maxPayloadBytes) {
    throw new MessagingError(
      "InvalidInput",
      `The message has over ${maxPayloadBytes} bytes: send it as an attachment.`,
    );
  }
  const padded = new Uint8Array(Math.ceil(json.length / paddingBytes) * paddingBytes).fill(0x20);
  padded.set(json);
  return padded;
}

/** Reads what was decrypted. @returns undefined when it is nothing that this version knows */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  if (bytes.length > maxPayloadBytes + paddingBytes) return undefined;
  try {
    const value: unknown = JSON.parse(textOfBytes(bytes));
    return isRecord(value) && value["v"] === 1 ? readPayload(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Content as it was given: a text alone, bytes alone, or an object. @throws MessagingError InvalidInput */
export function readContent(message: string | Uint8Array | Content): Content {
  if (typeof message === "string") return { text: message };
  if (message instanceof Uint8Array) return { bytes: message };
  const { text, bytes, attachments } = message;
  if (text === undefined && bytes === undefined && attachments === undefined) {
    throw new MessagingError("InvalidInput", "The message is empty: give a text, bytes or attachments.");
  }
  return { text, bytes, attachments };
}

type Writable = Readonly<Record<string, unknown>>;

function writable(payload: Payload): Writable {
  if (payload.type === "message") return { ...payload, content: writableContent(payload.content) };
  if (payload.type === "resend") return { ...payload, original: writable(payload.original) };
  return { ...payload };
}

function writableContent({ text, bytes, attachments }: Content): Writable {
  return { text, bytes: bytes && base64OfBytes(bytes), attachments };
}

type Reader = (value: Writable, common: Omit<MessagePayload, "type" | "content">) => Payload | undefined;

const readers: ReadonlyMap<unknown, Reader> = new Map<unknown, Reader>([
  ["message", readMessage],
  ["resendRequest", ({ lost }, common) => (isMessageId(lost) ? { ...common, type: "resendRequest", lost } : undefined)],
  [
    "resend",
    ({ original }, common) => {
      const inner = isRecord(original) ? readCommon(original) : undefined;
      const message = inner === undefined ? undefined : readMessage(original as Writable, inner);
      return message && { ...common, type: "resend", original: message };
    },
  ],
  ["leave", (_, common) => ({ ...common, type: "leave" })],
  ["devices", (_, common) => ({ ...common, type: "devices" })],
]);

function readPayload(value: Writable): Payload | undefined {
  const common = readCommon(value);
  return common && readers.get(value["type"])?.(value, common);
}

function readCommon(value: Writable): Omit<MessagePayload, "type" | "content"> | undefined {
  const { messageId, sentAtMs, to, head } = value;
  if (!isMessageId(messageId) || !Number.isSafeInteger(sentAtMs) || typeof to !== "string") return undefined;
  const seen = readHead(head);
  return { messageId, sentAtMs: sentAtMs as number, to, ...(seen && { head: seen }) };
}

function readHead(value: unknown): SeenHead | undefined {
  if (!isRecord(value)) return undefined;
  const { size, rootHash } = value;
  if (!Number.isSafeInteger(size) || (size as number) < 0 || bytesOfBase64(rootHash)?.length !== 32) return undefined;
  return { size: size as number, rootHash: rootHash as string };
}

function readMessage(value: Writable, common: Omit<MessagePayload, "type" | "content">): MessagePayload | undefined {
  const { content, type } = value;
  if (type !== "message" || !isRecord(content)) return undefined;
  const { text, bytes, attachments } = content;
  const decoded = bytes === undefined ? undefined : bytesOfBase64(bytes);
  if (text !== undefined && typeof text !== "string") return undefined;
  if (bytes !== undefined && decoded === undefined) return undefined;
  if (attachments !== undefined && !Array.isArray(attachments)) return undefined;
  return { ...common, type: "message", content: { text, bytes: decoded, attachments } };
}

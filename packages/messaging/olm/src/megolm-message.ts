import { decodeBase64, unpaddedBase64 } from "./identity-keys.ts";

/** One Megolm message: the session's id (32 bytes, its Ed25519 key), and what Megolm made. */
export interface MegolmMessage {
  /** As Matrix writes it: base64 without padding. */
  readonly sessionId: string;
  readonly ciphertext: Uint8Array;
  /** Which of its session's messages it is. Once it opened, it is what its sender signed. */
  readonly index: number;
}

const sessionIdBytes = 32;
const version = 3;
const indexTag = 0x08;

/** The bytes that carry a message: session id and then ciphertext. */
export function encodeMegolmMessage(sessionId: unknown, ciphertext: unknown): Uint8Array {
  const [id, message] = [decodeBase64(sessionId), decodeBase64(ciphertext)];
  if (id?.length !== sessionIdBytes || message === undefined) {
    throw new Error("Matrix's library made a group message of another shape.");
  }
  const bytes = new Uint8Array(sessionIdBytes + message.length);
  bytes.set(id);
  bytes.set(message, sessionIdBytes);
  return bytes;
}

/**
 * Reads a message's form; undefined when it has another. Source: Megolm specification, "Message format": version 3, then
 * the index as tag 08 and a varint.
 */
export function parseMegolmMessage(body: Uint8Array): MegolmMessage | undefined {
  const ciphertext = body.subarray(sessionIdBytes);
  if (ciphertext[0] !== version || ciphertext[1] !== indexTag) return undefined;
  const index = parseVarint(ciphertext.subarray(2));
  if (index === undefined) return undefined;
  return { sessionId: unpaddedBase64(body.subarray(0, sessionIdBytes)), ciphertext, index };
}

/** An unsigned integer of up to 32 bits in as few bytes as it needs (Protocol Buffers, "Base 128 Varints"). */
function parseVarint(bytes: Uint8Array): number | undefined {
  let value = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at];
    if (byte === undefined || (byte === 0 && at > 0)) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return value < 2 ** 32 ? value : undefined;
  }
  return undefined;
}

import { isUtf8 } from "node:buffer";
import { refuseMember } from "./check.ts";

/** How a plaintext travels in JSON. */
export type TextEncoding = "text" | "base64";

/**
 * Bytes of standard base64 with padding; nothing else is taken (RFC 4648 section 4, canonical).
 *
 * @throws ServiceError InvalidInput
 */
export function decodeBase64(text: string, member: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  // Node's decoder skips what it does not know; only the canonical text comes out again as it went in.
  if (bytes.toString("base64") === text) return bytes;
  bytes.fill(0);
  return refuseMember(member, `${member} must be standard base64 with padding.`);
}

/** The bytes of a plaintext as it was sent. The caller wipes them. @throws ServiceError InvalidInput */
export function decodePlaintext(plaintext: string, encoding: TextEncoding, member: string): Buffer {
  return encoding === "base64" ? decodeBase64(plaintext, member) : Buffer.from(plaintext, "utf8");
}

/**
 * A plaintext as it is asked for; wipes the bytes.
 *
 * @throws ServiceError InvalidInput when text is asked for and the bytes are none
 */
export function encodePlaintext(bytes: Buffer, encoding: TextEncoding): string {
  try {
    if (encoding === "base64") return bytes.toString("base64");
    if (isUtf8(bytes)) return bytes.toString("utf8");
  } finally {
    bytes.fill(0);
  }
  return refuseMember("encoding", 'The plaintext is not UTF-8 text. Ask for its bytes with "encoding": "base64".');
}

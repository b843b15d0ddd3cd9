import { platform } from "#platform";
import { bytesOfHex } from "./bytes.ts";

/** The 16 bytes of a UUID as RFC 9562 writes it, in lower case. @returns undefined for any other text */
export function bytesOfUuid(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return undefined;
  return bytesOfHex(text.replaceAll("-", ""));
}

/** @param bytes 16 bytes */
export function uuidOfBytes(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A random one (RFC 9562, 5.4). */
export function generateUuid(): string {
  const bytes = platform.randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return uuidOfBytes(bytes);
}

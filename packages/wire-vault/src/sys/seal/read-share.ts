import { ServiceError } from "@coffer/service";
import { decodeBase64 } from "../../http/base64.ts";

/** Lengths of a key or share: an AES key, and one byte more (OpenBao, sdk/helper/shamir: `ShareOverhead`). */
const minShareBytes = 16;
const maxShareBytes = 33;
const hexDigits = /^(?:[0-9a-f]{2})+$/i;

/**
 * The bytes of a share: hex where it is, and has a share's length; else base64.
 *
 * @throws ServiceError InvalidInput
 * @returns what the caller wipes
 */
export function readShare(text: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = isHexShare(trimmed) ? Buffer.from(trimmed, "hex") : decode(trimmed);
  if (bytes.length < minShareBytes) refuse(`invalid key: key is shorter than minimum ${minShareBytes} bytes`);
  if (bytes.length > maxShareBytes) refuse(`invalid key: key is longer than maximum ${maxShareBytes} bytes`);
  return bytes;
}

function isHexShare(text: string): boolean {
  return hexDigits.test(text) && text.length >= 2 * minShareBytes && text.length <= 2 * maxShareBytes;
}

function decode(text: string): Buffer {
  const decoded = decodeBase64(text);
  return decoded.ok ? decoded.bytes : refuse("'key' must be a valid hex or base64 string");
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

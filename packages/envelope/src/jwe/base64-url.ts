import { base64OfBytes, bytesOfBase64 } from "../bytes.ts";

/** Base64 for addresses, without padding (RFC 7515, appendix C). */
export function base64Url(bytes: Uint8Array): string {
  return base64OfBytes(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @returns undefined when the text is none, or is another one than `base64Url` makes */
export function bytesOfBase64Url(text: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = bytesOfBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  // One text for each value: unused bits are zero.
  return bytes !== undefined && base64Url(bytes) === text ? bytes : undefined;
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

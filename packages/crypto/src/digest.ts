import { createHash, createHmac, hash, type KeyObject, timingSafeEqual } from "node:crypto";

/** SHA-256 over the parts, one after the other; strings count as UTF-8. Where parts end does not enter the digest. */
export function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return hash("sha256", only, "buffer");
  const running = createHash("sha256");
  for (const part of parts) running.update(part);
  return running.digest();
}

/** SHA-256 as 64 lowercase hex digits; a string counts as UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** HMAC-SHA256 (RFC 2104), 32 bytes; a string counts as UTF-8. */
export function hmacSha256(key: KeyObject | Buffer, text: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** Whether both have the same bytes. The time it takes shows at most whether the lengths are equal. */
export function timingSafeEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether both are the same text. The time it takes shows nothing of where they differ. */
export function timingSafeEqualText(a: string, b: string): boolean {
  // The digests decide; `===` then only tells lone surrogates apart, which UTF-8 all turns into U+FFFD.
  return timingSafeEqual(hash("sha256", a, "buffer"), hash("sha256", b, "buffer")) && a === b;
}

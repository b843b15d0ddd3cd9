const alphabet = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Bytes as base64 with padding (RFC 4648, section 4). */
export function base64OfBytes(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** The bytes of base64 with padding, written the one way that there is; undefined when it is not. */
export function bytesOfBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || !alphabet.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

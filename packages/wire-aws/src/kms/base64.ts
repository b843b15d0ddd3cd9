/**
 * Decodes base64 as RFC 4648 section 4 has it: standard alphabet, padded, no spare bits set, nothing between.
 *
 * @returns fresh bytes that the caller wipes, or undefined
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  // Buffer.from skips what it does not know; what was skipped is missing when it is encoded again.
  if (bytes.toString("base64") === text) return bytes;
  bytes.fill(0);
  return undefined;
}

/** Why AWS refuses a text that is not base64. Never quotes the text: it may be a plaintext. */
export function base64Problem(text: string): string {
  if (text.length % 4 !== 0) {
    return `Base64 encoded length is expected a multiple of 4 bytes but found: ${text.length}`;
  }
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text)
    ? "Invalid last non-pad Base64 character detected"
    : "Invalid Base64 character";
}

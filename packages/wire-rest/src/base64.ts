import { ServiceError } from "@coffer/service";

const pattern = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Decodes base64 (RFC 4648 section 4): padded, without line breaks, without stray bits.
 *
 * @throws ServiceError InvalidInput, naming the member
 */
export function decodeBase64(text: string, member: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (!pattern.test(text) || bytes.toString("base64") !== text) {
    throw ServiceError.of("InvalidInput", { kind: "validation", member, reason: `'${member}' is not base64.` });
  }
  return bytes;
}

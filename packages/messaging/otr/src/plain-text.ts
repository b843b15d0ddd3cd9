import { base64OfBytes, bytesOfBase64 } from "@coffer/messaging";

// A conversation carries text without the character U+0000, and says nothing of an empty one. What is such a text goes as it
// is, so that other programs show it; all else as base64 behind this mark, which no text begins with.
const mark = "\u0001";

/** Octets as the text that is encrypted. */
export function textOfPlaintext(plaintext: Uint8Array): string {
  const text = decodeText(plaintext);
  if (text === undefined || text === "" || text.includes("\0") || text.startsWith(mark)) {
    return mark + base64OfBytes(plaintext);
  }
  return text;
}

/** The octets of a text that was decrypted; undefined when it is malformed. */
export function plaintextOfText(text: string): Uint8Array | undefined {
  if (text.startsWith(mark)) return bytesOfBase64(text.slice(mark.length));
  return new TextEncoder().encode(text);
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

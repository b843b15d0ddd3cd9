/**
 * Whether the bytes are one DER SEQUENCE and nothing after it (X.690 sections 8.1.3 and 10.1). OpenSSL reads keys without
 * a look at what follows them: two encodings of one key would both pass.
 */
export function isWholeDerSequence(bytes: Uint8Array): boolean {
  return derSequenceContent(bytes) !== undefined;
}

/** The content of bytes that are one DER SEQUENCE, as a view on them. Undefined for anything else. */
export function derSequenceContent(bytes: Uint8Array): Uint8Array | undefined {
  const [tag, first] = bytes;
  if (tag !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return bytes.length === 2 + first ? bytes.subarray(2) : undefined;
  const lengthBytes = first & 0x7f;
  // Three bytes of length are more than any key has; none at all is BER's indefinite form.
  if (lengthBytes === 0 || lengthBytes > 3) return undefined;
  const content = bytes.subarray(2 + lengthBytes);
  let length = 0;
  for (const byte of bytes.subarray(2, 2 + lengthBytes)) length = length * 0x100 + byte;
  const isShortest = length >= 0x80 && bytes[2] !== 0;
  return isShortest && content.length === length ? content : undefined;
}

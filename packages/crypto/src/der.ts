/**
 * Whether the bytes are one DER element with the tag of a SEQUENCE and nothing after it (X.690 sections 8.1.3 and 10.1).
 * OpenSSL reads keys without a look at what follows them: two encodings of one key would both pass.
 */
export function isWholeDerSequence(bytes: Uint8Array): boolean {
  const [tag, first] = bytes;
  if (tag !== 0x30 || first === undefined) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const lengthBytes = first & 0x7f;
  // Four bytes of length are more than any key has; none at all is BER's indefinite form.
  if (lengthBytes === 0 || lengthBytes > 4) return false;
  const header = 2 + lengthBytes;
  let length = 0;
  for (const byte of bytes.subarray(2, header)) length = length * 0x100 + byte;
  const isShortest = length >= 0x80 && bytes[2] !== 0;
  return isShortest && bytes.length === header + length;
}

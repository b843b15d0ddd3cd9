/** Kinds of messages: with the sender's certificate before the message, until the peer is known to have it, and without. */
export const kinds = { message: "message", introduction: "introduction" } as const;

/** The sender's certificate with its length before it (4 octets, the first the highest), then the message. */
export function encodeIntroduction(certificate: Uint8Array, message: Uint8Array): Uint8Array {
  const body = new Uint8Array(4 + certificate.length + message.length);
  new DataView(body.buffer).setUint32(0, certificate.length);
  body.set(certificate, 4);
  body.set(message, 4 + certificate.length);
  return body;
}

/** @throws RangeError when there is no length. What is cut off is no certificate, or no message. */
export function decodeIntroduction(body: Uint8Array): { certificate: Uint8Array; message: Uint8Array } {
  const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0);
  return { certificate: body.subarray(4, 4 + length), message: body.subarray(4 + length) };
}

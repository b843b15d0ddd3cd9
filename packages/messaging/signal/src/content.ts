/** What a pairwise message carries. It is the first octet of what is encrypted, so that nobody on the way can change it. */
export const contentTypes = {
  /** What the caller gave to encrypt. */
  message: 0,
  /** Of a group: a change, or a sender key. JSON. */
  group: 1,
} as const;

export interface Content {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export function encodeContent({ type, bytes }: Content): Uint8Array<ArrayBuffer> {
  const encoded = new Uint8Array(1 + bytes.length);
  encoded[0] = type;
  encoded.set(bytes, 1);
  return encoded;
}

/** The content of what was decrypted; undefined when it is empty. */
export function decodeContent(encoded: Uint8Array): Content | undefined {
  const type = encoded[0];
  return type === undefined ? undefined : { type, bytes: encoded.subarray(1) };
}

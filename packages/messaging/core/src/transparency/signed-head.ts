/** What a relay says of its log: how many entries there are, and their root hash. */
export interface TreeHead {
  readonly size: number;
  /** Base64, 32 bytes. */
  readonly rootHash: string;
  /** When it was signed. */
  readonly timestampMs: number;
}

/** A head that the relay's key signed. */
export interface SignedHead extends TreeHead {
  /** Which key signed it, such as a KMS key's ARN. */
  readonly keyId: string;
  /** Base64. */
  readonly signature: string;
}

/** The bytes that are signed: one text with the relay's id, so that no head serves for another relay. */
export function encodeHead(relayId: string, { size, rootHash, timestampMs }: TreeHead): Uint8Array {
  return new TextEncoder().encode(`coffer transparency head 1\n${relayId}\n${size}\n${rootHash}\n${timestampMs}\n`);
}

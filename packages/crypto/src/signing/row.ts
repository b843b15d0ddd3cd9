import type { KeyObject } from "node:crypto";

/** What the message of a signature is, by AWS KMS's names: the message itself, its digest, or ML-DSA's 64-byte mu. */
export type MessageType = "RAW" | "DIGEST" | "EXTERNAL_MU";

/** All that sets one signing algorithm apart from the others. */
export interface SigningAlgorithmRow {
  /** AWS KMS's name. */
  readonly name: string;
  /** The types of messages that it takes, each with the exact length of such a message in bytes; undefined: any. */
  readonly messageTypes: ReadonlyMap<MessageType, number | undefined>;
  /**
   * A signature in the algorithm's usual encoding (ECDSA: DER). A promise where it takes long.
   *
   * @throws CryptoInvariantError for a type or a length that `messageTypes` does not have
   */
  readonly sign: (privateKey: KeyObject, message: Uint8Array, type: MessageType) => Buffer | Promise<Buffer>;
  /**
   * Whether an untrusted signature is one of this message by this key. False for every cause alike.
   *
   * @throws CryptoInvariantError as `sign` does
   */
  readonly verify: (
    publicKey: KeyObject,
    message: Uint8Array,
    type: MessageType,
    signature: Uint8Array,
  ) => boolean | Promise<boolean>;
}

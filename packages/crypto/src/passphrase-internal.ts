import { argon2 } from "node:crypto";
import { SecretBytes } from "./secret-bytes.ts";

/** How hard a passphrase is to guess. */
export interface PassphraseCost {
  /** Memory, at least 8 for each lane. */
  readonly memoryKiB: number;
  readonly passes: number;
  /** Lanes. */
  readonly parallelism: number;
}

/** The inputs of Argon2id that only its test vector uses. */
export interface Argon2Extras {
  readonly secret?: Uint8Array;
  readonly associatedData?: Uint8Array;
}

/** Argon2id, version 0x13 (RFC 9106), 32 bytes, off the event loop. */
export function deriveArgon2id(
  message: SecretBytes,
  salt: Uint8Array,
  cost: PassphraseCost,
  extras: Argon2Extras = {},
): Promise<SecretBytes> {
  const { memoryKiB: memory, passes, parallelism } = cost;
  return message.use(
    (bytes) =>
      new Promise((resolve, reject) => {
        const parameters = { ...extras, message: bytes, nonce: salt, tagLength: 32, memory, passes, parallelism };
        argon2("argon2id", parameters, (error, derived) => {
          if (error === null) resolve(SecretBytes.takeFrom(derived));
          else reject(error);
        });
      }),
  );
}

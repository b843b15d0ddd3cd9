import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from "node:crypto";
import { deriveMessageKeys, randomBytesPooled, timingSafeEqualBytes } from "@coffer/crypto";

const nonceBytes = 32;
const commitmentBytes = 32;
const tagBytes = 16;
const headBytes = nonceBytes + commitmentBytes;
const label = "coffer relay row 1";
// Each row has a key of its own, which meets this IV once (NIST SP 800-38D, section 8.2.1).
const zeroIv = Buffer.alloc(12);

/**
 * Seals what the relay stores: for each row a key derived from 32 random bytes (NIST SP 800-108r1, HMAC-SHA512) with a
 * commitment, AES-256-GCM, and the row's place as associated data, so that no row serves in another's place.
 */
export class RowCipher {
  readonly #key: KeyObject;
  readonly #lookupKey: Buffer;

  /** @param key 32 secret bytes */
  constructor(key: KeyObject) {
    this.#key = key;
    const { encryptionKey, commitment } = deriveMessageKeys(key, "coffer relay look-up 1", Buffer.alloc(0));
    this.#lookupKey = Buffer.from(encryptionKey);
    encryptionKey.fill(0);
    commitment.fill(0);
  }

  /** @param place table and row, such as `devices/` and the row's key */
  seal(place: string, plaintext: Uint8Array): Buffer {
    const nonce = randomBytesPooled(nonceBytes);
    const { encryptionKey, commitment } = deriveMessageKeys(this.#key, label, nonce);
    const cipher = createCipheriv("aes-256-gcm", encryptionKey, zeroIv);
    encryptionKey.fill(0);
    cipher.setAAD(Buffer.from(place));
    return Buffer.concat([nonce, commitment, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when the row was changed, or stands in another's place, or another key sealed it */
  open(place: string, sealed: Uint8Array): Buffer {
    if (sealed.length < headBytes + tagBytes) throw new RowUnreadable();
    const { encryptionKey, commitment } = deriveMessageKeys(this.#key, label, sealed.subarray(0, nonceBytes));
    if (!timingSafeEqualBytes(commitment, sealed.subarray(nonceBytes, headBytes))) throw new RowUnreadable();
    const decipher = createDecipheriv("aes-256-gcm", encryptionKey, zeroIv);
    encryptionKey.fill(0);
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(headBytes, -tagBytes)), decipher.final()]);
    } catch {
      throw new RowUnreadable();
    }
  }

  /** A name as it stands in a column by which rows are found: HMAC-SHA256, so that the file shows no names. */
  lookup(kind: string, name: string): Buffer {
    return createHmac("sha256", this.#lookupKey).update(`${kind}\0${name}`).digest();
  }
}

/** A row that does not open: its file was changed, or the key is another one. */
export class RowUnreadable extends Error {
  override readonly name = "RowUnreadable";

  constructor() {
    super("A row of the relay's database does not open.");
  }
}

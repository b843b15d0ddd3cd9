import { createCipheriv, type KeyObject } from "node:crypto";
import { timingSafeEqualBytes } from "./digest.ts";
import { deriveMessageKeys } from "./message-keys.ts";
import { openGcm, tagBytes } from "./open-gcm.ts";

/** Bytes of a key commitment. */
export const commitmentBytes = 32;

// The key is new for every message, so it sees this IV once: NIST SP 800-38D section 8.2.1, the deterministic
// construction with a single invocation. The random nonce of 32 bytes in the KDF's context keeps keys apart, hence
// there is no ceiling of 2^32 messages as with random 96-bit IVs (section 8.3).
const zeroIv = Buffer.alloc(12);

/** What seals or opens a message under keys of its own. */
export interface MessageFrame {
  readonly material: KeyObject;
  /** The KDF's label: one for each format. */
  readonly label: string;
  /** Where the commitment starts. All before it is the KDF's context and ends with the message nonce. */
  readonly commitmentOffset: number;
  readonly aad: Uint8Array;
}

/**
 * Completes a message whose first `commitmentOffset` bytes stand in `out`: commitment, AES-256-GCM ciphertext, tag.
 * Authenticated are all bytes before the ciphertext, then `aad`; the former's length is fixed by the format.
 *
 * @param out as long as the whole message
 */
export function sealMessage(frame: MessageFrame, out: Buffer, plaintext: Uint8Array): void {
  const { material, label, commitmentOffset, aad } = frame;
  const bodyOffset = commitmentOffset + commitmentBytes;
  const { encryptionKey, commitment } = deriveMessageKeys(material, label, out.subarray(0, commitmentOffset));
  out.set(commitment, commitmentOffset);
  const cipher = createCipheriv("aes-256-gcm", encryptionKey, zeroIv);
  encryptionKey.fill(0);
  cipher.setAAD(joinAad(out.subarray(0, bodyOffset), aad));
  out.set(cipher.update(plaintext), bodyOffset);
  cipher.final();
  out.set(cipher.getAuthTag(), bodyOffset + plaintext.length);
}

/**
 * Opens what {@link sealMessage} made. The caller has checked that `message` is long enough for every field.
 *
 * @returns the plaintext in a fresh buffer, or undefined for every cause: other material, label or AAD, or any change
 */
export function openMessage(frame: MessageFrame, message: Buffer): Buffer | undefined {
  const { material, label, commitmentOffset, aad } = frame;
  const bodyOffset = commitmentOffset + commitmentBytes;
  const tagOffset = message.length - tagBytes;
  const { encryptionKey, commitment } = deriveMessageKeys(material, label, message.subarray(0, commitmentOffset));
  // AES-GCM alone lets one ciphertext open under two keys; the commitment does not.
  if (!timingSafeEqualBytes(commitment, message.subarray(commitmentOffset, bodyOffset))) {
    encryptionKey.fill(0);
    return undefined;
  }
  const plaintext = openGcm(encryptionKey, {
    iv: zeroIv,
    ciphertext: message.subarray(bodyOffset, tagOffset),
    tag: message.subarray(tagOffset),
    aad: joinAad(message.subarray(0, bodyOffset), aad),
  });
  encryptionKey.fill(0);
  return plaintext;
}

function joinAad(header: Buffer, aad: Uint8Array): Buffer {
  if (aad.length === 0) return header;
  const joined = Buffer.allocUnsafe(header.length + aad.length);
  joined.set(header, 0);
  joined.set(aad, header.length);
  return joined;
}

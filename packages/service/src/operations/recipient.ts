import type { SecretBytes } from "@coffer/crypto";
import type { SealToRecipient } from "../pipeline/attested-recipient.ts";

/** Output with a secret that may be meant for an attested recipient alone. */
export interface RecipientOutput {
  /** Owned by the caller, who wipes it. Empty when `ciphertextForRecipient` is there. */
  readonly plaintext: Buffer;
  /** CMS EnvelopedData (RFC 5652) to the key of the recipient's attestation document. */
  readonly ciphertextForRecipient?: Buffer;
}

/** Encrypts the plaintext of an output to the recipient, and wipes it. */
export function sealPlaintext<Output extends RecipientOutput>(output: Output, seal: SealToRecipient): Output {
  try {
    return { ...output, plaintext: Buffer.alloc(0), ciphertextForRecipient: seal(output.plaintext) };
  } finally {
    output.plaintext.fill(0);
  }
}

/** The same for secrets that are no plain buffers. */
export interface SecretOutput {
  /** Owned by the caller, who disposes of it. Disposed of when `ciphertextForRecipient` is there. */
  readonly secret: SecretBytes;
  readonly ciphertextForRecipient?: Buffer;
}

/** Encrypts the secret of an output to the recipient, and disposes of it. */
export function sealSecret<Output extends SecretOutput>(output: Output, seal: SealToRecipient): Output {
  try {
    return { ...output, ciphertextForRecipient: output.secret.use(seal) };
  } finally {
    output.secret.dispose();
  }
}

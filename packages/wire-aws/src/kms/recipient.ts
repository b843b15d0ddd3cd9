import type { RecipientRequest, SecretBytes } from "@coffer/service";
import type { RecipientInfo } from "./generated/types.ts";
import { refuseInput } from "./refuse-parameter.ts";

/**
 * What the core is told of `Recipient` (AWS KMS API: RecipientInfo). The model knows one `KeyEncryptionAlgorithm`, so
 * another one was refused before, and none means it.
 *
 * @throws ServiceError InvalidInput without a document
 */
export function readRecipient({ AttestationDocument }: RecipientInfo): RecipientRequest {
  if (AttestationDocument !== undefined) return { document: AttestationDocument };
  refuseInput("Recipient has no AttestationDocument.", "recipient.attestationDocument");
}

/** The secret of an answer, in base64: to whom asked, or encrypted to the recipient. */
export interface EncodedSecret {
  readonly member: "Plaintext" | "CiphertextForRecipient";
  readonly base64: string;
}

/** Encodes the secret of an output for the one or the other, and wipes the plaintext. */
export function encodeSecret(output: {
  readonly plaintext: Buffer;
  readonly ciphertextForRecipient?: Buffer;
}): EncodedSecret {
  const { plaintext, ciphertextForRecipient } = output;
  if (ciphertextForRecipient !== undefined) {
    return { member: "CiphertextForRecipient", base64: ciphertextForRecipient.toString("base64") };
  }
  const base64 = plaintext.toString("base64");
  plaintext.fill(0);
  return { member: "Plaintext", base64 };
}

/** The same for secrets that are no plain buffers: the member of the answer, which is `plainMember` or the recipient's. */
export function encodeSecretBytes<Member extends string>(
  plainMember: Member,
  output: { readonly secret: SecretBytes; readonly ciphertextForRecipient?: Buffer },
): { readonly [M in Member | "CiphertextForRecipient"]?: string } {
  const { secret, ciphertextForRecipient } = output;
  const isPlain = ciphertextForRecipient === undefined;
  const encoded = isPlain ? secret.use((bytes) => bytes.toString("base64")) : ciphertextForRecipient.toString("base64");
  secret.dispose();
  return { [isPlain ? plainMember : "CiphertextForRecipient"]: encoded } as {
    readonly [M in Member | "CiphertextForRecipient"]?: string;
  };
}

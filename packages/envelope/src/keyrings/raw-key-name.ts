import { invalidInput } from "../errors.ts";

/** How a message names a key of the program's own. */
export interface RawKeyName {
  /** Where the key is from, the `provider id` of its encrypted data keys. It does not begin with `aws-kms`. */
  readonly namespace: string;
  /** Which key it is. */
  readonly name: string;
}

/**
 * Source: AWS Encryption SDK specification, framework/raw-aes-keyring.md and raw-rsa-keyring.md.
 *
 * @throws EnvelopeError InvalidInput
 */
export function checkRawKeyName({ namespace, name }: RawKeyName): void {
  if (namespace.startsWith("aws-kms")) throw invalidInput('The namespace of a raw key does not begin with "aws-kms".');
  if (!namespace.isWellFormed() || !name.isWellFormed()) {
    throw invalidInput("The namespace or name of a raw key has half of a surrogate pair, which is no character.");
  }
}

import { EnvelopeError, PlaintextDataKey } from "@coffer/envelope";
import type { KeyServices } from "./key-services.ts";
import {
  type ForeignRecipient,
  type KmsRecipient,
  type Recipient,
  recipientName,
  regionOfArn,
  type TransitRecipient,
} from "./recipients.ts";

/** @throws EnvelopeError KeyUnavailable when there is a recipient whose kind of key is not ours, before any call */
export function checkWrappable(recipients: readonly Recipient[]): void {
  const problems = recipients.flatMap((recipient) =>
    recipient.type === "kms" || recipient.type === "hc_vault"
      ? []
      : [`${recipientName(recipient)}: ${foreign(recipient)}`],
  );
  if (problems.length > 0) {
    const text = `The data key cannot be wrapped for ${problems.join("; ")}`;
    throw new EnvelopeError("KeyUnavailable", text, { problems });
  }
}

/**
 * Wraps a data key, or a share, for a recipient: one call.
 *
 * @param createdAt RFC 3339
 * @throws EnvelopeError KeyUnavailable
 */
export async function wrapFor(
  recipient: Recipient,
  part: PlaintextDataKey,
  services: KeyServices,
  createdAt: string,
): Promise<Recipient> {
  try {
    if (recipient.type === "kms") return { ...recipient, wrapped: await kmsWrap(recipient, part, services), createdAt };
    if (recipient.type === "hc_vault") {
      return { ...recipient, wrapped: await transitWrap(recipient, part, services), createdAt };
    }
  } catch (error) {
    const problem = `${recipientName(recipient)}: ${problemOf(error)}`;
    throw new EnvelopeError("KeyUnavailable", `The data key cannot be wrapped for ${problem}`, {
      problems: [problem],
      cause: error,
    });
  }
  checkWrappable([recipient]);
  return recipient;
}

/** The first of a group that can be unwrapped, or why none could: a line a recipient. */
export async function unwrapOneOf(
  group: readonly Recipient[],
  services: KeyServices,
): Promise<{ readonly part?: PlaintextDataKey; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  for (const recipient of group) {
    try {
      if (recipient.type === "kms") return { part: await kmsUnwrap(recipient, services), problems };
      if (recipient.type === "hc_vault") return { part: await transitUnwrap(recipient, services), problems };
      problems.push(`${recipientName(recipient)}: ${foreign(recipient)}`);
    } catch (error) {
      problems.push(`${recipientName(recipient)}: ${problemOf(error)}`);
    }
  }
  return { problems };
}

async function kmsWrap(recipient: KmsRecipient, part: PlaintextDataKey, services: KeyServices): Promise<string> {
  const client = await kmsClientOf(recipient, services);
  const { CiphertextBlob } = await part.use((Plaintext) => client.encrypt({ ...kmsKey(recipient), Plaintext }));
  if (CiphertextBlob === undefined) throw new EnvelopeError("ServiceRefused", "the answer has no CiphertextBlob");
  return Buffer.from(CiphertextBlob).toString("base64");
}

async function kmsUnwrap(recipient: KmsRecipient, services: KeyServices): Promise<PlaintextDataKey> {
  const client = await kmsClientOf(recipient, services);
  const CiphertextBlob = Buffer.from(recipient.wrapped ?? "", "base64");
  const { Plaintext } = await client.decrypt({ ...kmsKey(recipient), CiphertextBlob: new Uint8Array(CiphertextBlob) });
  if (Plaintext === undefined) throw new EnvelopeError("ServiceRefused", "the answer has no Plaintext");
  return PlaintextDataKey.takeFrom(Plaintext);
}

async function transitWrap(
  recipient: TransitRecipient,
  part: PlaintextDataKey,
  services: KeyServices,
): Promise<string> {
  const client = await transitClientOf(recipient, services);
  const { ciphertext } = await part.use((plaintext) => client.encrypt({ key: recipient.key, plaintext }));
  return ciphertext;
}

async function transitUnwrap(recipient: TransitRecipient, services: KeyServices): Promise<PlaintextDataKey> {
  const client = await transitClientOf(recipient, services);
  const { plaintext } = await client.decrypt({ key: recipient.key, ciphertext: recipient.wrapped ?? "" });
  return PlaintextDataKey.takeFrom(plaintext);
}

function kmsClientOf(recipient: KmsRecipient, { kms }: KeyServices) {
  if (kms === undefined) throw new EnvelopeError("KeyUnavailable", "no KMS client was given");
  return kms({ ...recipient, region: regionOfArn(recipient.arn) });
}

function transitClientOf(recipient: TransitRecipient, { transit }: KeyServices) {
  if (transit === undefined) throw new EnvelopeError("KeyUnavailable", "no Transit client was given");
  return transit(recipient);
}

function kmsKey({ arn, context }: KmsRecipient) {
  return { KeyId: arn, ...(context && { EncryptionContext: { ...context } }) };
}

function foreign({ type }: ForeignRecipient): string {
  return `Coffer has no keys of the kind ${type}; use sops`;
}

function problemOf(error: unknown): string {
  const text =
    error instanceof Error
      ? `${error.name === "Error" || error.name === "EnvelopeError" ? "" : `${error.name}: `}${error.message}`
      : String(error);
  return text.replaceAll(/(?<!\s)\s*\n\s*/g, " ");
}

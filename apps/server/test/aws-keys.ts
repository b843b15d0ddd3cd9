import {
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  EncryptCommand,
  type KeyMetadata,
  type KMSClient,
} from "@aws-sdk/client-kms";

/** Metadata with every member there: a test that reads one that is absent fails on its value. */
export type FullMetadata = { [Name in keyof KeyMetadata]-?: NonNullable<KeyMetadata[Name]> };

export async function createKey(kms: KMSClient, input: CreateKeyCommandInput = {}): Promise<FullMetadata> {
  const { KeyMetadata: metadata } = await kms.send(new CreateKeyCommand(input));
  return metadata as FullMetadata;
}

/** Encrypts `hello`, or the given bytes. */
export async function encrypt(kms: KMSClient, KeyId: string, Plaintext = Buffer.from("hello")): Promise<Uint8Array> {
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  if (CiphertextBlob === undefined) throw new Error("the answer has no ciphertext");
  return CiphertextBlob;
}

export async function decrypt(kms: KMSClient, CiphertextBlob: Uint8Array): Promise<string> {
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
  if (Plaintext === undefined) throw new Error("the answer has no plaintext");
  return Buffer.from(Plaintext).toString();
}

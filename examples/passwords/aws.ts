import {
  AlreadyExistsException,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { findAccess } from "../shared/coffer-rest.ts";
import { showUsers } from "./users.ts";

// The same use case with the AWS SDK: only the endpoint is Coffer's. make aws-client
const { endpoint, region, accessKeyId, secretAccessKey } = findAccess();
const kms = new KMSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const keyId = "alias/user-passwords-aws";

async function ensureKey(): Promise<void> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "the password example" }));
  const TargetKeyId = KeyMetadata?.KeyId;
  try {
    await kms.send(new CreateAliasCommand({ AliasName: keyId, TargetKeyId }));
  } catch (error) {
    if (!(error instanceof AlreadyExistsException)) throw error;
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: TargetKeyId, PendingWindowInDays: 7 }));
  }
}

await ensureKey();
await showUsers("AWS SDK", {
  async encrypt(plaintext) {
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from(plaintext) }));
    return Buffer.from(CiphertextBlob ?? []).toString("base64");
  },
  async decrypt(ciphertext) {
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob: Buffer.from(ciphertext, "base64") }));
    return Buffer.from(Plaintext ?? []).toString();
  },
});

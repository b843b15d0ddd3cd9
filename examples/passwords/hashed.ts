import { argon2Sync, randomBytes } from "node:crypto";
import {
  AlreadyExistsException,
  CreateAliasCommand,
  CreateKeyCommand,
  GenerateMacCommand,
  KMSClient,
  KMSInvalidMacException,
  ScheduleKeyDeletionCommand,
  VerifyMacCommand,
} from "@aws-sdk/client-kms";
import { findAccess } from "../shared/coffer-rest.ts";

/*
 * Passwords that only have to be checked: hashed, never encrypted. make client-usecase1-hashed
 *
 * Argon2id with a salt of each user's own makes each guess slow (RFC 9106, section 4: the second recommended choice, for
 * less memory). Its result goes through an HMAC key that never leaves the server, the pepper: who steals the table alone
 * can guess nothing, and who has the server's key alone neither. Nobody, the operator included, can read a password.
 */

const { endpoint, region, accessKeyId, secretAccessKey } = findAccess();
const kms = new KMSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const keyId = "alias/password-pepper";
const macAlgorithm = "HMAC_SHA_256";

/** What the table keeps of a password. */
interface StoredPassword {
  readonly salt: string;
  /** With their cost, so that it can grow: a hash of an older cost is made anew at the next log-in. */
  readonly argon2id: { readonly memoryKiB: number; readonly passes: number; readonly lanes: number };
  readonly mac: string;
}

const cost = { memoryKiB: 65_536, passes: 3, lanes: 4 };

function slowHash(password: string, salt: Buffer, { memoryKiB, passes, lanes }: StoredPassword["argon2id"]): Buffer {
  const message = password.normalize("NFKC");
  return argon2Sync("argon2id", { message, nonce: salt, memory: memoryKiB, passes, parallelism: lanes, tagLength: 32 });
}

async function hashPassword(password: string): Promise<StoredPassword> {
  const salt = randomBytes(16);
  const hash = slowHash(password, salt, cost);
  const { Mac } = await kms.send(new GenerateMacCommand({ KeyId: keyId, MacAlgorithm: macAlgorithm, Message: hash }));
  return { salt: salt.toString("base64"), argon2id: cost, mac: Buffer.from(Mac ?? []).toString("base64") };
}

async function verifyPassword(password: string, stored: StoredPassword): Promise<boolean> {
  const hash = slowHash(password, Buffer.from(stored.salt, "base64"), stored.argon2id);
  const Mac = Buffer.from(stored.mac, "base64");
  try {
    await kms.send(new VerifyMacCommand({ KeyId: keyId, MacAlgorithm: macAlgorithm, Message: hash, Mac }));
    return true;
  } catch (error) {
    if (error instanceof KMSInvalidMacException) return false;
    throw error;
  }
}

async function ensurePepper(): Promise<void> {
  const { KeyMetadata } = await kms.send(
    new CreateKeyCommand({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" }),
  );
  const TargetKeyId = KeyMetadata?.KeyId;
  try {
    await kms.send(new CreateAliasCommand({ AliasName: keyId, TargetKeyId }));
  } catch (error) {
    if (!(error instanceof AlreadyExistsException)) throw error;
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: TargetKeyId, PendingWindowInDays: 7 }));
  }
}

await ensurePepper();
const stored = await hashPassword("correct horse battery staple");
console.log(`hashed: stored for alice: ${JSON.stringify(stored)}`);
const same = await hashPassword("correct horse battery staple");
console.log(`hashed: the same password for bob: ${same.mac === stored.mac ? "the same row" : "another row"}`);
const right = await verifyPassword("correct horse battery staple", stored);
const wrong = await verifyPassword("hunter2", stored);
console.log(`hashed: log in with the right password: ${right ? "welcome" : "refused"}`);
console.log(`hashed: log in with a wrong password: ${wrong ? "welcome" : "refused"}`);
if (!right || wrong || same.mac === stored.mac) throw new Error("the log-in does not work");

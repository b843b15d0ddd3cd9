import { platform } from "#platform";
import { base64OfBytes, bytesOfBase64 } from "../bytes.ts";
import type { KmsKeyMaker } from "../clients/kms-client.ts";
import type { KvClient } from "../clients/vault-kv.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { type EncryptionContext, parseContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import { bytesOfUuid, generateUuid } from "../uuid.ts";
import type { BranchKey, BranchKeyStore } from "./branch-key-store.ts";
import { parseKmsArn } from "./kms-arn.ts";

/** Where branch keys are, and what wraps them. */
export interface KvBranchKeyStoreOptions {
  readonly kv: KvClient;
  /** Reading needs Decrypt; making and rotating GenerateDataKeyWithoutPlaintext and ReEncrypt. */
  readonly client: KmsKeyMaker;
  /** The ARN of the key that wraps the branch keys. */
  readonly keyId: string;
  /** The store's name, to which every branch key is bound: it stays, wherever the secrets are carried. */
  readonly name: string;
  /** The folder of the secrets. Default `branch-keys`. */
  readonly folder?: string;
  readonly grantTokens?: readonly string[];
}

/** A store that also makes branch keys. */
export interface KvBranchKeyStore extends BranchKeyStore {
  /** Makes a branch key. @returns its id @throws EnvelopeError InvalidInput when it is there already */
  createBranchKey(options?: CreateBranchKeyOptions): Promise<string>;
  /** Makes a new version, which encrypts from now on; the others decrypt. @returns the version @throws EnvelopeError */
  rotateBranchKey(branchKeyId: string): Promise<string>;
}

/** A branch key to be made. */
export interface CreateBranchKeyOptions {
  /** Up to 128 letters, digits and `._-`. Default: a random UUID. */
  readonly branchKeyId?: string;
  /** What the branch key is bound to besides its id, such as its tenant. */
  readonly context?: EncryptionContext;
}

/** The attributes of a stored branch key: `enc` is the wrapped key, all the others are its context in KMS. */
type BranchKeyRecord = Readonly<Record<string, string>>;

const activeType = "branch:ACTIVE";
const versionPrefix = "branch:version:";
const branchKeyBytes = 32;

/**
 * Keeps branch keys as secrets of Vault's KV version 2, wrapped by a key of KMS. A secret holds the attributes that AWS
 * keeps in DynamoDB, bound to the wrapped key in the same way. Source: AWS Encryption SDK specification,
 * framework/branch-key-store.md, "Record Format" and "Encryption Context".
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable, KeyUnavailable
 */
export function kvBranchKeyStore(options: KvBranchKeyStoreOptions): KvBranchKeyStore {
  if (parseKmsArn(options.keyId)?.kind !== "key")
    throw invalidInput("Branch keys are wrapped by a key that its ARN names.");
  if (options.name === "") throw invalidInput("A branch key store has a name.");
  return {
    async getActiveBranchKey(branchKeyId) {
      const { record } = await readRecord(options, branchKeyId, activeType);
      return unwrapBranchKey(options, record);
    },
    async getBranchKeyVersion(branchKeyId, version) {
      if (bytesOfUuid(version) === undefined) throw invalidInput("A branch key's version is a UUID in lower case.");
      const { record } = await readRecord(options, branchKeyId, `${versionPrefix}${version}`);
      return unwrapBranchKey(options, record);
    },
    async createBranchKey({ branchKeyId = generateUuid(), context = {} } = {}) {
      const custom = [...parseContext(context)].map(([name, value]) => [`aws-crypto-ec:${name}`, value] as const);
      await writeVersion(options, { "branch-key-id": branchKeyId, ...Object.fromEntries(custom) }, 0);
      return branchKeyId;
    },
    async rotateBranchKey(branchKeyId) {
      const { record, version } = await readRecord(options, branchKeyId, activeType);
      // What the new version takes over of the old one, its context, must be what it was made with.
      await reEncrypt(options, bytesOfRecord(record), contextOf(options, record), contextOf(options, record));
      const kept = Object.entries(record).filter(
        ([name]) => name === "branch-key-id" || name.startsWith("aws-crypto-ec:"),
      );
      return writeVersion(options, Object.fromEntries(kept), version);
    },
  };
}

function pathOf({ folder = "branch-keys" }: KvBranchKeyStoreOptions, branchKeyId: string, type: string): string {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(branchKeyId)) {
    throw invalidInput(
      "A branch key's id has 1 to 128 letters, digits, dots, underlines and hyphens, and no dot in front.",
    );
  }
  return `${folder}/${branchKeyId}/${type === activeType ? "active" : `version/${type.slice(versionPrefix.length)}`}`;
}

/** @returns a record that is the one asked for, as far as it says itself; unwrapping proves it */
async function readRecord(
  options: KvBranchKeyStoreOptions,
  branchKeyId: string,
  type: string,
): Promise<{ record: BranchKeyRecord; version: number }> {
  const secret = await options.kv.read(pathOf(options, branchKeyId, type));
  if (secret === undefined) throw unavailable(`There is no branch key ${branchKeyId} (${type}) in the store.`);
  const record = parseRecord(secret.data);
  const isIt = record?.["branch-key-id"] === branchKeyId && record["type"] === type;
  if (record === undefined || !isIt)
    throw unavailable(`The store's branch key ${branchKeyId} (${type}) is another's record.`);
  if (record["kms-arn"] !== options.keyId) {
    throw unavailable(`Branch key ${branchKeyId} is wrapped by another key than ${options.keyId}.`);
  }
  return { record, version: secret.version };
}

function parseRecord(data: Readonly<Record<string, unknown>>): BranchKeyRecord | undefined {
  const pairs = Object.entries(data).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return pairs.length === Object.keys(data).length ? Object.fromEntries(pairs) : undefined;
}

function unavailable(message: string): EnvelopeError {
  return new EnvelopeError("KeyUnavailable", message);
}

/** What KMS binds a record's key to: all of it, and the store's name. */
function contextOf({ name }: KvBranchKeyStoreOptions, record: BranchKeyRecord): Record<string, string> {
  const { enc: _, ...attributes } = record;
  return { ...attributes, tablename: name };
}

function bytesOfRecord(record: BranchKeyRecord): Uint8Array {
  const bytes = bytesOfBase64(record["enc"] ?? "");
  if (bytes === undefined || bytes.length === 0) throw unavailable("A branch key's record has no wrapped key.");
  return bytes;
}

async function unwrapBranchKey(options: KvBranchKeyStoreOptions, record: BranchKeyRecord): Promise<BranchKey> {
  const { Plaintext, KeyId } = await options.client.decrypt({
    KeyId: options.keyId,
    CiphertextBlob: bytesOfRecord(record),
    EncryptionContext: contextOf(options, record),
    ...tokensOf(options),
  });
  if (Plaintext === undefined) throw unavailable("The key server answered without a plaintext.");
  const key = PlaintextDataKey.takeFrom(Plaintext);
  const named = record["type"] === activeType ? record["version"] : record["type"];
  const version = named?.startsWith(versionPrefix) === true ? named.slice(versionPrefix.length) : "";
  if (KeyId === options.keyId && key.byteLength === branchKeyBytes && bytesOfUuid(version) !== undefined) {
    return { version, key };
  }
  key.dispose();
  throw unavailable("The key server's answer is no branch key of the key that wraps them.");
}

/**
 * Makes a version, then makes it the active one.
 *
 * @param active the version of the active secret that is replaced
 */
async function writeVersion(
  options: KvBranchKeyStoreOptions,
  identity: BranchKeyRecord,
  active: number,
): Promise<string> {
  const id = identity["branch-key-id"]!;
  const version = generateUuid();
  const common = {
    ...identity,
    "kms-arn": options.keyId,
    // Microseconds, of which there are whole thousands.
    "create-time": new Date(platform.now()).toISOString().replace("Z", "000Z"),
    "hierarchy-version": "1",
  };
  const old = { ...common, type: `${versionPrefix}${version}` };
  const current = { ...common, type: activeType, version: `${versionPrefix}${version}` };
  const wrapped = await generateWrapped(options, contextOf(options, old));
  const rewrapped = await reEncrypt(options, wrapped, contextOf(options, old), contextOf(options, current));
  // In this order: whoever sees the active one can find its version.
  const wrote =
    (await options.kv.write(pathOf(options, id, old.type), { ...old, enc: base64OfBytes(wrapped) }, 0)) &&
    (await options.kv.write(pathOf(options, id, activeType), { ...current, enc: base64OfBytes(rewrapped) }, active));
  if (wrote) return version;
  throw invalidInput(
    active === 0
      ? `There is a branch key ${id} already: rotate it, or take another id.`
      : `Branch key ${id} was rotated by somebody else in the meantime.`,
  );
}

async function generateWrapped(options: KvBranchKeyStoreOptions, context: Record<string, string>): Promise<Uint8Array> {
  const { CiphertextBlob } = await options.client.generateDataKeyWithoutPlaintext({
    KeyId: options.keyId,
    NumberOfBytes: branchKeyBytes,
    EncryptionContext: context,
    ...tokensOf(options),
  });
  return wrappedOf("GenerateDataKeyWithoutPlaintext", CiphertextBlob);
}

async function reEncrypt(
  options: KvBranchKeyStoreOptions,
  wrapped: Uint8Array,
  from: Record<string, string>,
  to: Record<string, string>,
): Promise<Uint8Array> {
  const { CiphertextBlob } = await options.client.reEncrypt({
    CiphertextBlob: wrapped,
    SourceKeyId: options.keyId,
    SourceEncryptionContext: from,
    DestinationKeyId: options.keyId,
    DestinationEncryptionContext: to,
    ...tokensOf(options),
  });
  return wrappedOf("ReEncrypt", CiphertextBlob);
}

function wrappedOf(operation: string, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new EnvelopeError("ServiceRefused", `The key server's answer to ${operation} is not what the API says.`);
}

function tokensOf({ grantTokens }: KvBranchKeyStoreOptions): { GrantTokens?: string[] } {
  return grantTokens === undefined ? {} : { GrantTokens: [...grantTokens] };
}

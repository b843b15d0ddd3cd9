import { platform } from "#platform";
import { base64OfBytes, compareBytes, concatBytes, joinBytes, uint16Bytes, utf8 } from "../bytes.ts";
import { serializeContext } from "../encryption-context.ts";
import { invalidInput } from "../errors.ts";
import type { KeyringMaterialsOptions } from "../materials/keyring-materials.ts";
import { keyringMaterials } from "../materials/keyring-materials.ts";
import type {
  DecryptionRequest,
  EncryptedDataKey,
  EncryptionRequest,
  MaterialsSource,
} from "../materials/materials.ts";
import type { Suite } from "../suites.ts";
import type { LocalCryptoMaterialsCache } from "./local-cache.ts";

/** How data keys are kept and used again. */
export type CachingMaterialsOptions = (
  | (KeyringMaterialsOptions & { readonly materials?: never })
  | { readonly materials: MaterialsSource; readonly keyring?: never }
) & {
  readonly cache: LocalCryptoMaterialsCache;
  /** How long a data key is kept. While it is, the server is not asked, and cannot refuse. At least 1. */
  readonly maxAgeMs: number;
  /** Bytes that one data key encrypts at most. Default 2^53 - 1. */
  readonly maxBytesEncrypted?: number;
  /** Messages that one data key encrypts at most: 1 to 2^32, which is the default. */
  readonly maxMessagesEncrypted?: number;
  /** Sources with the same partition share entries of one cache. Default: none shares. */
  readonly partition?: string;
};

const maxMessages = 2 ** 32;

/**
 * A source of materials that keeps them. Messages of one data key still have a key each, derived from their own random
 * ids, so that using a data key again costs no security of AES-GCM. Source: AWS Encryption SDK specification,
 * framework/caching-cmm.md.
 *
 * Not kept: materials of suites without key derivation, of plaintext whose length nobody knows, and of plaintext that
 * alone is more than a data key may encrypt.
 *
 * @throws EnvelopeError InvalidInput
 */
export function cachingMaterials(options: CachingMaterialsOptions): MaterialsSource {
  const { cache, maxAgeMs } = options;
  const source = options.materials ?? keyringMaterials(options);
  const limits = {
    bytes: parseLimit(
      "maxBytesEncrypted",
      options.maxBytesEncrypted ?? Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER,
    ),
    messages: parseLimit("maxMessagesEncrypted", options.maxMessagesEncrypted ?? maxMessages, maxMessages),
  };
  parseLimit("maxAgeMs", maxAgeMs, Number.MAX_SAFE_INTEGER);
  const partition = utf8(options.partition ?? base64OfBytes(platform.randomBytes(16)));
  return {
    async forEncryption(request) {
      const bytes = request.plaintextBytes;
      if (request.suite.kdfHash === undefined || bytes === undefined) return source.forEncryption(request);
      // Nobody could use it again.
      if (limits.messages === 1 || bytes > limits.bytes) return source.forEncryption(request);
      const id = await encryptionId(partition, request);
      const fetch = () => source.forEncryption(request);
      return cache.materialsFor({ id, use: { messages: 1, bytes }, limits, maxAgeMs, fetch });
    },
    async forDecryption(request) {
      if (request.suite.kdfHash === undefined) return source.forDecryption(request);
      const id = await decryptionId(partition, request);
      const fetch = () => source.forDecryption(request);
      return cache.materialsFor({ id, use: unlimitedUse, limits: unlimitedUse, maxAgeMs, fetch });
    },
  };
}

/** Reading uses no key up. */
const unlimitedUse = { messages: 0, bytes: 0 };

function parseLimit(name: string, value: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw invalidInput(`${name} is a whole number from 1 to ${max}.`);
}

/** Each part with its length, so that no two lists of parts are alike. */
async function idOf(kind: string, partition: Uint8Array, suite: Suite, parts: readonly Uint8Array[]): Promise<string> {
  const all = [utf8(kind), partition, uint16Bytes(suite.id), ...parts].flatMap((part) => [lengthOf(part), part]);
  return base64OfBytes(await platform.digest("sha512", joinBytes(all)));
}

function lengthOf(part: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, part.length);
  return bytes;
}

function encryptionId(partition: Uint8Array, { suite, context }: EncryptionRequest): Promise<string> {
  return idOf("encrypt", partition, suite, [serializeContext(context)]);
}

async function decryptionId(partition: Uint8Array, request: DecryptionRequest): Promise<string> {
  const { suite, encryptedDataKeys, context, expectedContext } = request;
  const keys = await Promise.all(encryptedDataKeys.map(digestOfKey));
  keys.sort(compareBytes);
  return idOf("decrypt", partition, suite, [
    joinBytes(keys),
    serializeContext(context),
    serializeContext(expectedContext),
  ]);
}

async function digestOfKey({ providerId, providerInfo, ciphertext }: EncryptedDataKey): Promise<Uint8Array> {
  const parts = [utf8(providerId), providerInfo, ciphertext];
  return platform.digest("sha512", concatBytes(...parts.flatMap((part) => [uint16Bytes(part.length), part])));
}

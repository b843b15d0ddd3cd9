import { platform } from "#platform";
import { compareBytes, concatBytes, utf8 } from "../bytes.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { type EncryptionContext, serializeContext } from "../encryption-context.ts";
import { invalidInput } from "../errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { ivBytes, tagBytes } from "../message/header.ts";
import { parseLimit } from "../options.ts";
import { bytesOfUuid, uuidOfBytes } from "../uuid.ts";
import type { BranchKey, BranchKeyStore } from "./branch-key-store.ts";
import { generateAndWrap } from "./generate-and-wrap.ts";
import type { Keyring, WrapRequest } from "./keyring.ts";
import { problemOf } from "./problem.ts";

/** Which branch key, and how long it is kept here. */
export type HierarchicalKeyringOptions = {
  readonly store: BranchKeyStore;
  /**
   * How long a branch key that was fetched serves: so long does a reader decrypt who has lost access, and so long does a
   * writer stay with the version before a rotation. Greater than 0; nobody but the program knows what is right.
   */
  readonly maxAgeMs: number;
  /** Versions of branch keys in memory at most. Default 1000. */
  readonly maxBranchKeys?: number;
} & (
  | { readonly branchKeyId: string; readonly branchKeyIdSupplier?: never }
  | {
      /** Picks the branch key by a message's context, such as one of each tenant. */
      readonly branchKeyIdSupplier: (context: EncryptionContext) => string | Promise<string>;
      readonly branchKeyId?: never;
    }
);

/** A keyring that has keys in memory; disposing of it wipes them. */
export interface HierarchicalKeyring extends Keyring, Disposable {}

/** The provider id, which is also the label of the key derivation and the beginning of the additional data. */
const providerId = "aws-kms-hierarchy";
const saltBytes = 16;
const versionBytes = 16;
const defaultMaxBranchKeys = 1000;

/**
 * Wraps data keys under branch keys, which a store keeps wrapped by a key server and this keyring keeps in memory for a
 * while: many messages cost one call. Source: AWS Encryption SDK specification, framework/aws-kms/aws-kms-hierarchical-keyring.md.
 *
 * @throws EnvelopeError InvalidInput; its methods what the store throws
 */
export function hierarchicalKeyring(options: HierarchicalKeyringOptions): HierarchicalKeyring {
  const { store, branchKeyId, branchKeyIdSupplier } = options;
  const cache = new ExpiringCache<BranchKey>({
    maxAgeMs: parseLimit("maxAgeMs", options.maxAgeMs),
    maxEntries: parseLimit("maxBranchKeys", options.maxBranchKeys ?? defaultMaxBranchKeys),
    dispose: ({ key }) => key.dispose(),
  });
  const idFor = async ({ context }: WrapRequest) => {
    const id = branchKeyIdSupplier === undefined ? branchKeyId : await branchKeyIdSupplier(Object.fromEntries(context));
    if (typeof id === "string" && id !== "" && id.isWellFormed()) return id;
    throw invalidInput("A branch key's id is a text of one character or more.");
  };
  const wrap = async (dataKey: PlaintextDataKey, request: WrapRequest) => {
    const id = await idFor(request);
    const load = () => store.getActiveBranchKey(id);
    return cache.use(cacheId(id), load, async (branchKey) => [await wrapUnder(id, branchKey, dataKey, request)]);
  };
  return {
    generateDataKey: (request) => generateAndWrap(request, (dataKey) => wrap(dataKey, request)),
    wrapDataKey: wrap,
    async unwrapDataKey(encryptedDataKeys, request) {
      const candidates = encryptedDataKeys.filter((candidate) => candidate.providerId === providerId);
      if (candidates.length === 0) return { problems: [] };
      const problems: string[] = [];
      try {
        const id = await idFor(request);
        for (const { providerInfo, ciphertext } of candidates) {
          if (compareBytes(providerInfo, utf8(id)) !== 0) continue;
          const dataKey = await unwrap(store, cache, id, ciphertext, request);
          if (dataKey instanceof PlaintextDataKey) return { dataKey, problems };
          problems.push(`branch key ${id}: ${dataKey}`);
        }
      } catch (error) {
        problems.push(`the branch key is not known: ${problemOf(error)}`);
      }
      return { problems };
    },
    [Symbol.dispose]: () => cache[Symbol.dispose](),
  };
}

/** The active version and a version that a message names are entries of their own, as the first changes. */
function cacheId(branchKeyId: string, version?: string): string {
  return JSON.stringify([branchKeyId, version]);
}

async function wrapUnder(
  id: string,
  branchKey: BranchKey,
  dataKey: PlaintextDataKey,
  request: WrapRequest,
): Promise<EncryptedDataKey> {
  const version = bytesOfUuid(branchKey.version);
  if (version === undefined) throw invalidInput(`The version of branch key ${id} is no UUID in lower case.`);
  const salt = platform.randomBytes(saltBytes);
  const iv = platform.randomBytes(ivBytes);
  const key = await deriveWrappingKey(branchKey, salt);
  const { ciphertext, tag } = await dataKey.use((bytes) => key.seal(iv, aadOf(id, version, request), bytes));
  return { providerId, providerInfo: utf8(id), ciphertext: concatBytes(salt, iv, version, ciphertext, tag) };
}

/** @returns the data key, or why there is none */
async function unwrap(
  store: BranchKeyStore,
  cache: ExpiringCache<BranchKey>,
  id: string,
  wrapped: Uint8Array,
  request: WrapRequest,
): Promise<PlaintextDataKey | string> {
  const { keyBytes } = request.suite;
  const parts = splitBytes(wrapped, [saltBytes, ivBytes, versionBytes, keyBytes, tagBytes]);
  if (parts === undefined) return "the encrypted data key has not the length that it must have";
  const [salt, iv, version, ciphertext, tag] = parts;
  const name = uuidOfBytes(version!);
  try {
    return await cache.use(
      cacheId(id, name),
      () => store.getBranchKeyVersion(id, name),
      async (branchKey) => {
        const key = await deriveWrappingKey(branchKey, salt!);
        return PlaintextDataKey.takeFrom(await key.open(iv!, aadOf(id, version!, request), ciphertext!, tag!));
      },
    );
  } catch (error) {
    return problemOf(error);
  }
}

/** @returns undefined when the lengths are not those of the bytes */
function splitBytes(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] | undefined {
  if (bytes.length !== lengths.reduce((sum, length) => sum + length, 0)) return undefined;
  let offset = 0;
  return lengths.map((length) => {
    offset += length;
    return bytes.subarray(offset - length, offset);
  });
}

/**
 * One step of a KDF in counter mode with HMAC-SHA256 (NIST SP 800-108 Rev. 1, 4.1): the counter, the label, a zero, the
 * salt as context, and the bits of the output.
 */
async function deriveWrappingKey({ key }: BranchKey, salt: Uint8Array) {
  const input = concatBytes(
    Uint8Array.of(0, 0, 0, 1),
    utf8(providerId),
    Uint8Array.of(0),
    salt,
    Uint8Array.of(0, 0, 1, 0),
  );
  using derived = PlaintextDataKey.takeFrom(await key.use((bytes) => platform.hmac("sha256", bytes, input)));
  return await derived.use((bytes) => platform.aesGcmKey(bytes));
}

function aadOf(branchKeyId: string, version: Uint8Array, { context }: WrapRequest): Uint8Array {
  return concatBytes(utf8(providerId), utf8(branchKeyId), version, serializeContext(context));
}

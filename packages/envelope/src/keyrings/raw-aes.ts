import { platform } from "#platform";
import { concatBytes, utf8 } from "../bytes.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { serializeContext } from "../encryption-context.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import { ivBytes, tagBytes } from "../message/header.ts";
import type { AesGcmKey } from "../platform/platform.ts";
import { generateAndWrap } from "./generate-and-wrap.ts";
import type { Keyring, WrapRequest } from "./keyring.ts";
import { checkRawKeyName, type RawKeyName } from "./raw-key-name.ts";

/** A wrapping key that the program has itself. */
export interface RawAesKeyringOptions extends RawKeyName {
  /** 16, 24 or 32 bytes. Copied. */
  readonly wrappingKey: Uint8Array;
}

/**
 * Wraps data keys with AES-GCM under a key of the program's own; the context is its additional data. Source: AWS
 * Encryption SDK specification, framework/raw-aes-keyring.md.
 *
 * @throws EnvelopeError InvalidInput
 */
export function rawAesKeyring(options: RawAesKeyringOptions): Keyring {
  const { namespace, name, wrappingKey } = options;
  checkRawKeyName(options);
  if (![16, 24, 32].includes(wrappingKey.length)) throw invalidInput("A raw AES wrapping key has 16, 24 or 32 bytes.");
  const key = Promise.resolve(platform.aesGcmKey(wrappingKey));
  const infoPrefix = concatBytes(utf8(name), Uint8Array.of(0, 0, 0, tagBytes * 8), Uint8Array.of(0, 0, 0, ivBytes));
  const row: RawAesKey = { namespace, name, key, infoPrefix };
  return {
    generateDataKey: (request) => generateAndWrap(request, (dataKey) => wrap(row, dataKey, request)),
    wrapDataKey: (dataKey, request) => wrap(row, dataKey, request),
    async unwrapDataKey(encryptedDataKeys, request) {
      const problems: string[] = [];
      for (const candidate of encryptedDataKeys) {
        if (!isOurs(row, candidate)) continue;
        const dataKey = await unwrap(row, candidate, request);
        if (dataKey !== undefined) return { dataKey, problems };
        problems.push(`the raw AES key ${namespace}/${name} does not unwrap it`);
      }
      return { problems };
    },
  };
}

interface RawAesKey {
  readonly namespace: string;
  readonly name: string;
  readonly key: Promise<AesGcmKey>;
  /** The name, the tag's bits and the IV's bytes; the IV follows. */
  readonly infoPrefix: Uint8Array;
}

async function wrap(
  { namespace, key, infoPrefix }: RawAesKey,
  dataKey: PlaintextDataKey,
  { context }: WrapRequest,
): Promise<readonly EncryptedDataKey[]> {
  const iv = platform.randomBytes(ivBytes);
  const wrappingKey = await key;
  const { ciphertext, tag } = await dataKey.use((bytes) => wrappingKey.seal(iv, serializeContext(context), bytes));
  return [
    { providerId: namespace, providerInfo: concatBytes(infoPrefix, iv), ciphertext: concatBytes(ciphertext, tag) },
  ];
}

function isOurs({ namespace, infoPrefix }: RawAesKey, { providerId, providerInfo }: EncryptedDataKey): boolean {
  return (
    providerId === namespace &&
    providerInfo.length === infoPrefix.length + ivBytes &&
    infoPrefix.every((byte, index) => byte === providerInfo[index])
  );
}

async function unwrap(
  { key, infoPrefix }: RawAesKey,
  { providerInfo, ciphertext }: EncryptedDataKey,
  { context, suite }: WrapRequest,
): Promise<PlaintextDataKey | undefined> {
  if (ciphertext.length !== suite.keyBytes + tagBytes) return undefined;
  const iv = providerInfo.subarray(infoPrefix.length);
  const [body, tag] = [ciphertext.subarray(0, suite.keyBytes), ciphertext.subarray(suite.keyBytes)];
  const wrappingKey = await key;
  try {
    return PlaintextDataKey.takeFrom(await wrappingKey.open(iv, serializeContext(context), body, tag));
  } catch (error) {
    if (error instanceof EnvelopeError && error.code === "DecryptionFailed") return undefined;
    throw error;
  }
}

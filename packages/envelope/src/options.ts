import { type EncryptionContext, parseContext } from "./encryption-context.ts";
import { invalidInput } from "./errors.ts";
import type { Keyring } from "./keyrings/keyring.ts";
import { keyringMaterials } from "./materials/keyring-materials.ts";
import type { MaterialsSource } from "./materials/materials.ts";

/** Where the data keys come from: a keyring, or a source of materials such as a cache. One of the two. */
export type KeySource =
  | { readonly keyring: Keyring; readonly materials?: never }
  | { readonly materials: MaterialsSource; readonly keyring?: never };

/** How to encrypt. */
export type EncryptOptions = KeySource & {
  /** What the message is bound to. Not secret: it stands in the message. */
  readonly context?: EncryptionContext;
  /** Names of the context that the message does not store: its readers must bring them. */
  readonly requiredContextNames?: Iterable<string>;
  /** Whether the message is signed (suite 0x0578), so that a reader of the key alone cannot forge it. Default: no. */
  readonly sign?: boolean;
  /** Bytes of plaintext in a frame: what a reader keeps in memory at once. 1 to 2^32 - 1; default 65,536. */
  readonly frameBytes?: number;
};

/** How to decrypt. */
export type DecryptOptions = KeySource & {
  /** What the message's context must have at least. Always give it when there is one. */
  readonly context?: EncryptionContext;
  /** Names that must be in `context`. */
  readonly requiredContextNames?: Iterable<string>;
  /**
   * `required` (the default) refuses messages of the old suites, which do not commit to their key: several readers could
   * see several plaintexts in one. `optional` reads them too.
   */
  readonly commitment?: "required" | "optional";
  /** Encrypted data keys in a message at most. Default 32. */
  readonly maxEncryptedDataKeys?: number;
  /** Bytes kept in memory at most: of one frame, of a body without frames, of a signed message. Default 1 GiB. */
  readonly maxBufferedBytes?: number;
  /** Gives the plaintext of a signed message out before its signature is read. Default: no. */
  readonly releaseBeforeSignature?: boolean;
};

/** The bytes of plaintext in a frame when nobody says. */
export const defaultFrameBytes = 65_536;
/** The encrypted data keys of a message that is read, at most, when nobody says. */
export const defaultMaxEncryptedDataKeys = 32;
/** The bytes kept in memory at most, when nobody says. */
export const defaultMaxBufferedBytes = 2 ** 30;

/** @throws EnvelopeError InvalidInput */
export function parseFrameBytes(frameBytes = defaultFrameBytes): number {
  if (!Number.isSafeInteger(frameBytes) || frameBytes < 1 || frameBytes > 0xffff_ffff) {
    throw invalidInput("frameBytes is a whole number from 1 to 4294967295.");
  }
  return frameBytes;
}

/**
 * A limit that the options name: `NaN`, which is below nothing, would be none.
 *
 * @throws EnvelopeError InvalidInput
 */
export function parseLimit(name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 1)) throw invalidInput(`${name} is a number from 1.`);
  return value;
}

/** The source of materials that the options name. @throws EnvelopeError InvalidInput */
export function materialsOf(
  options: KeySource & { readonly requiredContextNames?: Iterable<string> },
): MaterialsSource {
  if (options.materials !== undefined) {
    if (options.requiredContextNames !== undefined) {
      throw invalidInput("requiredContextNames goes to the source of materials, such as keyringMaterials({ ... }).");
    }
    return options.materials;
  }
  if (options.keyring === undefined) throw invalidInput("Give a keyring, or a source of materials.");
  const required = options.requiredContextNames;
  return keyringMaterials({ keyring: options.keyring, ...(required && { requiredContextNames: required }) });
}

/** The context that the options name. @throws EnvelopeError InvalidInput */
export function contextOf(options: { readonly context?: EncryptionContext }): ReadonlyMap<string, string> {
  return parseContext(options.context ?? {});
}

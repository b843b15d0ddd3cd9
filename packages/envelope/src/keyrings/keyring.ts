import type { PlaintextDataKey } from "../data-key.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import type { Suite } from "../suites.ts";

/** What a data key is wrapped for. */
export interface WrapRequest {
  readonly suite: Suite;
  /** Every keyring binds the wrapped key to it, unless its kind of key cannot (raw RSA). */
  readonly context: ReadonlyMap<string, string>;
}

/** A new data key. Whoever asked disposes of it. */
export interface GeneratedDataKey {
  readonly dataKey: PlaintextDataKey;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
}

/** What came of an attempt to unwrap. Without a data key, `problems` say why: a line for each key that was tried. */
export interface UnwrapOutcome {
  readonly dataKey?: PlaintextDataKey;
  readonly problems: readonly string[];
}

/** One or more wrapping keys, wherever they are. */
export interface Keyring {
  /** Makes a data key of `suite.keyBytes` bytes and wraps it. @throws EnvelopeError */
  generateDataKey(request: WrapRequest): Promise<GeneratedDataKey>;
  /** Wraps a data key that another keyring made; it stays the caller's. @throws EnvelopeError */
  wrapDataKey(dataKey: PlaintextDataKey, request: WrapRequest): Promise<readonly EncryptedDataKey[]>;
  /**
   * Unwraps the first of the encrypted data keys that is this keyring's and that it may. One that is not its own it
   * leaves alone; a refusal is a problem, not an exception, since another keyring may still succeed.
   */
  unwrapDataKey(encryptedDataKeys: readonly EncryptedDataKey[], request: WrapRequest): Promise<UnwrapOutcome>;
}

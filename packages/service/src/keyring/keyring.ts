import type { KeyObject } from "node:crypto";
import { encodeIdentity, hmacSha256, randomId, SecretBytes, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import { invariant, ServiceError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Seal, SealedRootKey } from "../ports/seal.ts";
import type { Store } from "../ports/store.ts";

/** A secret as the store keeps it. */
export interface WrappedSecret {
  readonly wrappingKeyId: string;
  readonly wrapped: Uint8Array;
}

const rootSettingName = "seal.rootKey";
const rootKeyBytes = 32;
const wrappingKeyBytes = 32;

function wrappingKeyIdentity(wrappingKeyId: string): Buffer {
  return encodeIdentity(["coffer wrapping key v1", wrappingKeyId]);
}

/**
 * The keyring: wrapping keys under the root key, which the seal protects. It wraps every stored secret. The newest
 * wrapping key wraps; older ones stay until everything they wrap is rewrapped (`rewrapSecrets`).
 */
export class Keyring {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rootKey: KeyObject;
  readonly #wrappingKeys = new Map<string, KeyObject>();
  #currentId = "";
  #newestAtMs = 0;
  #turn: Promise<void> = Promise.resolve();

  private constructor(store: Store, clock: Clock, rootKey: KeyObject) {
    this.#store = store;
    this.#clock = clock;
    this.#rootKey = rootKey;
  }

  /**
   * Opens the keyring of a store, or makes root key and first wrapping key on the first start.
   *
   * @throws ServiceError Sealed when the seal cannot open the stored root key
   */
  static async open(store: Store, seal: Seal, clock: Clock): Promise<Keyring> {
    const stored = await store.get("settings", { name: rootSettingName });
    using rootSecret = stored === undefined ? SecretBytes.random(rootKeyBytes) : await unsealRoot(seal, stored.value);
    const keyring = new Keyring(store, clock, rootSecret.toKeyObject());
    if (stored === undefined) {
      const sealed = await seal.seal(rootSecret);
      const first = keyring.#generate();
      await store.commit([
        { op: "insert", table: "settings", row: { name: rootSettingName, value: JSON.stringify(sealed), revision: 1 } },
        { op: "insert", table: "wrappingKeys", row: first },
      ]);
    }
    await keyring.#load();
    return keyring;
  }

  /** The id of the wrapping key that wraps now. */
  get currentWrappingKeyId(): string {
    return this.#currentId;
  }

  /** The ids of all wrapping keys, oldest first. */
  get wrappingKeyIds(): readonly string[] {
    return [...this.#wrappingKeys.keys()];
  }

  /** Wraps a secret under the newest wrapping key; `identity` says what the secret is and is authenticated. */
  wrap(secret: SecretBytes, identity: Uint8Array): WrappedSecret {
    const key = this.#wrappingKeys.get(this.#currentId);
    invariant(key !== undefined, "the keyring has a current wrapping key");
    return { wrappingKeyId: this.#currentId, wrapped: wrapKeyMaterial(key, secret, identity) };
  }

  /** Unwraps a stored secret. A damaged one is a broken invariant of the store, never a caller's fault. */
  unwrap(wrapped: WrappedSecret, identity: Uint8Array): SecretBytes {
    const key = this.#wrappingKeys.get(wrapped.wrappingKeyId);
    invariant(key !== undefined, "the wrapping key of a stored secret exists");
    const secret = unwrapKeyMaterial(key, wrapped.wrapped, identity);
    invariant(secret !== undefined, "a stored secret unwraps under its identity");
    return secret;
  }

  /** A MAC key for one purpose, the same on every start; nothing can be learnt of the root key from it. */
  deriveMacKey(purpose: string): Buffer {
    return hmacSha256(this.#rootKey, `coffer mac key v1\0${purpose}`);
  }

  /** An AES-256 key for one purpose, the same on every start and node; nothing can be learnt of the root key from it. */
  deriveSealingKey(purpose: string): KeyObject {
    using bytes = SecretBytes.takeFrom(hmacSha256(this.#rootKey, `coffer sealing key v1\0${purpose}`));
    return bytes.toKeyObject();
  }

  /** Runs one rotation at a time: two at once could each destroy what the other still wraps with. */
  async inTurn<T>(rotation: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await rotation();
    } finally {
      resolve();
    }
  }

  /** Makes a new wrapping key the current one, durably, by `store`'s commit. Returns its id. Only within `inTurn`. */
  async rotate(store: Pick<Store, "commit"> = this.#store): Promise<string> {
    await store.commit([{ op: "insert", table: "wrappingKeys", row: this.#generate() }]);
    await this.#load();
    return this.#currentId;
  }

  /** Forgets a wrapping key that wraps nothing any more. The caller has made sure of that. Only within `inTurn`. */
  async destroy(wrappingKeyId: string): Promise<void> {
    invariant(wrappingKeyId !== this.#currentId, "the current wrapping key is never destroyed");
    await this.#store.commit([{ op: "delete", table: "wrappingKeys", key: { wrappingKeyId }, revision: "any" }]);
    await this.#load();
  }

  #generate() {
    const wrappingKeyId = randomId();
    using secret = SecretBytes.random(wrappingKeyBytes);
    const wrappedKey = wrapKeyMaterial(this.#rootKey, secret, wrappingKeyIdentity(wrappingKeyId));
    // The newest one is current, so its age must tell, also when the clock stands still or was set back.
    const createdAtMs = Math.max(this.#clock.nowMs(), this.#newestAtMs + 1);
    return { wrappingKeyId, wrappedKey, createdAtMs, revision: 1 };
  }

  async #load(): Promise<void> {
    const records = await this.#store.listWrappingKeys();
    this.#wrappingKeys.clear();
    for (const record of records) {
      using secret = unwrapKeyMaterial(this.#rootKey, record.wrappedKey, wrappingKeyIdentity(record.wrappingKeyId));
      invariant(secret !== undefined, "a stored wrapping key unwraps under the root key");
      this.#wrappingKeys.set(record.wrappingKeyId, secret.toKeyObject());
      this.#currentId = record.wrappingKeyId;
      this.#newestAtMs = record.createdAtMs;
    }
    invariant(this.#currentId !== "", "the keyring has a wrapping key");
  }
}

async function unsealRoot(seal: Seal, stored: string): Promise<SecretBytes> {
  const rootKey = await seal.unseal(JSON.parse(stored) as SealedRootKey);
  if (rootKey === undefined) throw ServiceError.of("Sealed", {});
  return rootKey;
}

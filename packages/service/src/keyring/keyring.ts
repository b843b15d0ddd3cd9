import type { KeyObject } from "node:crypto";
import { encodeIdentity, hmacSha256, randomId, SecretBytes, unwrapKeyMaterial, wrapKeyMaterial } from "@coffer/crypto";
import { invariant, ServiceError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Seal, SealedRootKey } from "../ports/seal.ts";
import type { Store, WrappingKeyRecord, Write } from "../ports/store.ts";
import { readSealedRootKey, rootKeySetting, sealedRootKeyWrite } from "../seal/root-record.ts";

/** A secret as the store keeps it. */
export interface WrappedSecret {
  readonly wrappingKeyId: string;
  readonly wrapped: Uint8Array;
}

/** The setting with the number of the current wrapping key; absent before the first rotation. */
const termSetting = "keyring.term";
const rootKeyBytes = 32;
const wrappingKeyBytes = 32;

function wrappingKeyIdentity(wrappingKeyId: string): Buffer {
  return encodeIdentity(["coffer wrapping key v1", wrappingKeyId]);
}

/** A new keyring in memory, and the writes that make it last. */
export interface NewKeyring {
  readonly keyring: Keyring;
  readonly writes: readonly Write[];
}

/** A new root key. The caller disposes of it. */
export function generateRootKey(): SecretBytes {
  return SecretBytes.random(rootKeyBytes);
}

/**
 * The keyring: wrapping keys under the root key, which the seal protects. It wraps every stored secret. The newest
 * wrapping key wraps; older ones stay until everything they wrap is rewrapped (`rewrapSecrets`).
 */
export class Keyring {
  readonly #store: Store;
  readonly #clock: Clock;
  /** Undefined once closed. */
  #rootKey: KeyObject | undefined;
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
    const stored = await readSealedRootKey(store, rootKeySetting);
    if (stored !== undefined) {
      using rootKey = await unsealRoot(seal, stored.sealed);
      return Keyring.openWith(store, rootKey, clock);
    }
    using rootKey = generateRootKey();
    const { keyring, writes } = Keyring.make(store, rootKey, await seal.seal(rootKey), clock);
    await store.commit(writes);
    return keyring;
  }

  /** Opens the keyring of a store with its root key, which the caller keeps owning. */
  static async openWith(store: Store, rootKey: SecretBytes, clock: Clock): Promise<Keyring> {
    const keyring = new Keyring(store, clock, rootKey.toKeyObject());
    await keyring.#load();
    return keyring;
  }

  /** Makes the first wrapping key of a store under a new root key. Nothing is stored before `writes` are committed. */
  static make(store: Store, rootKey: SecretBytes, sealed: SealedRootKey, clock: Clock): NewKeyring {
    const keyring = new Keyring(store, clock, rootKey.toKeyObject());
    const row = keyring.#generate();
    keyring.#take(row);
    const writes: Write[] = [
      sealedRootKeyWrite(rootKeySetting, sealed, undefined),
      { op: "insert", table: "wrappingKeys", row },
    ];
    return { keyring, writes };
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
    this.#openRootKey();
    const key = this.#wrappingKeys.get(this.#currentId);
    invariant(key !== undefined, "the keyring has a current wrapping key");
    return { wrappingKeyId: this.#currentId, wrapped: wrapKeyMaterial(key, secret, identity) };
  }

  /** Unwraps a stored secret. A damaged one is a broken invariant of the store, never a caller's fault. */
  unwrap(wrapped: WrappedSecret, identity: Uint8Array): SecretBytes {
    this.#openRootKey();
    const key = this.#wrappingKeys.get(wrapped.wrappingKeyId);
    invariant(key !== undefined, "the wrapping key of a stored secret exists");
    const secret = unwrapKeyMaterial(key, wrapped.wrapped, identity);
    invariant(secret !== undefined, "a stored secret unwraps under its identity");
    return secret;
  }

  /** A MAC key for one purpose, the same on every start; nothing can be learnt of the root key from it. */
  deriveMacKey(purpose: string): Buffer {
    return hmacSha256(this.#openRootKey(), `coffer mac key v1\0${purpose}`);
  }

  /** An AES-256 key for one purpose, the same on every start and node; nothing can be learnt of the root key from it. */
  deriveSealingKey(purpose: string): KeyObject {
    using bytes = SecretBytes.takeFrom(hmacSha256(this.#openRootKey(), `coffer sealing key v1\0${purpose}`));
    return bytes.toKeyObject();
  }

  /** Whether this is the root key, in constant time. A stored one that opens may be another, put there by somebody. */
  isRootKey(rootKey: SecretBytes): boolean {
    return rootKey.toKeyObject().equals(this.#openRootKey());
  }

  /** Lends the root key out, to be sealed anew. It is wiped when `use` is done. */
  async lendRootKey<T>(use: (rootKey: SecretBytes) => Promise<T>): Promise<T> {
    using rootKey = SecretBytes.takeFrom(this.#openRootKey().export());
    return await use(rootKey);
  }

  /** Drops root key and wrapping keys from memory. Whatever needs them from now on fails with ServiceError Sealed. */
  close(): void {
    this.#rootKey = undefined;
    this.#wrappingKeys.clear();
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

  /** The wrapping key that wraps now: how many there have been, and since when it is there. */
  async describe(): Promise<{ readonly term: number; readonly createdAtMs: number }> {
    const stored = await this.#store.get("settings", { name: termSetting });
    return { term: Number(stored?.value ?? "1"), createdAtMs: this.#newestAtMs };
  }

  /** Makes a new wrapping key the current one, durably, by `store`'s commit. Returns its id. Only within `inTurn`. */
  async rotate(store: Pick<Store, "commit"> = this.#store): Promise<string> {
    const stored = await this.#store.get("settings", { name: termSetting });
    const value = String(Number(stored?.value ?? "1") + 1);
    const term = { name: termSetting, value, revision: (stored?.revision ?? 0) + 1 };
    await store.commit([
      { op: "insert", table: "wrappingKeys", row: this.#generate() },
      { op: stored === undefined ? "insert" : "update", table: "settings", row: term },
    ]);
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
    const wrappedKey = wrapKeyMaterial(this.#openRootKey(), secret, wrappingKeyIdentity(wrappingKeyId));
    // The newest one is current, so its age must tell, also when the clock stands still or was set back.
    const createdAtMs = Math.max(this.#clock.nowMs(), this.#newestAtMs + 1);
    return { wrappingKeyId, wrappedKey, createdAtMs, revision: 1 };
  }

  /** @throws ServiceError Sealed when the keyring was closed */
  #openRootKey(): KeyObject {
    if (this.#rootKey === undefined) throw ServiceError.of("Sealed", {});
    return this.#rootKey;
  }

  async #load(): Promise<void> {
    const records = await this.#store.listWrappingKeys();
    this.#wrappingKeys.clear();
    for (const record of records) this.#take(record);
    invariant(this.#currentId !== "", "the keyring has a wrapping key");
  }

  #take({ wrappingKeyId, wrappedKey, createdAtMs }: WrappingKeyRecord): void {
    using secret = unwrapKeyMaterial(this.#openRootKey(), wrappedKey, wrappingKeyIdentity(wrappingKeyId));
    invariant(secret !== undefined, "a stored wrapping key unwraps under the root key");
    this.#wrappingKeys.set(wrappingKeyId, secret.toKeyObject());
    this.#currentId = wrappingKeyId;
    this.#newestAtMs = createdAtMs;
  }
}

async function unsealRoot(seal: Seal, sealed: SealedRootKey): Promise<SecretBytes> {
  const rootKey = await seal.unseal(sealed);
  if (rootKey === undefined) throw ServiceError.of("Sealed", {});
  return rootKey;
}

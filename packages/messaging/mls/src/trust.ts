import { addressName, base64OfBytes, type DeviceAddress, parseAddress, type StateTransaction } from "@coffer/messaging";
import { type ClientConfig, type Credential, defaultKeyPackageEqualityConfig } from "ts-mls";
import { readPeer } from "./peers.ts";

/** Past epochs of a group whose late messages still open. */
export const pastEpochs = 4;
/** Message keys that were skipped and are kept, of each sender and epoch. */
export const skippedKeys = 100;
/** How far ahead a message may be of the last one of its sender. */
export const maxSkip = 1000;
/** Octets: shorter messages of a group are filled up to so many. */
const paddedOctets = 256;
/** Seconds: the longest life of a key package that is used here; openmls's limit. */
export const maxLifetimeSeconds = 84n * 24n * 3600n + 3600n;

/** The credential of a device: `USER/DEVICE`, as UTF-8 (RFC 9420, section 5.3, `basic`). */
export function credentialOf(address: DeviceAddress): Credential {
  return { credentialType: "basic", identity: new TextEncoder().encode(addressName(address)) };
}

/** The device that a credential names; undefined when it names none, or names it otherwise than `credentialOf` does. */
export function addressOf(credential: Credential): DeviceAddress | undefined {
  if (credential.credentialType !== "basic") return undefined;
  try {
    return parseAddress(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(credential.identity));
  } catch {
    return undefined;
  }
}

/**
 * Whom groups let in: devices whose list names the very key that their leaf has (RFC 9420, section 5.3.1, has this be the
 * application's business; the library's own service takes everybody). What is listed is what the caller said of peers.
 */
export class Trust {
  readonly config: ClientConfig;
  /** Devices that were met whose key is not known to be theirs, by name. */
  readonly strangers = new Map<string, DeviceAddress>();
  readonly #listed: ReadonlyMap<string, string>;
  readonly #state: StateTransaction;
  readonly #toleratesStrangers: boolean;
  #failure: { readonly cause: unknown } | undefined;

  /**
   * @param listed identity keys by name, which count before those that are kept: this device's own, a sender's
   * @param toleratesStrangers to find all of them at once; what comes of it is never kept
   */
  constructor(state: StateTransaction, listed: ReadonlyMap<string, string>, toleratesStrangers = false) {
    this.#state = state;
    this.#listed = listed;
    this.#toleratesStrangers = toleratesStrangers;
    this.config = {
      authService: { validateCredential: (credential, key) => this.#isListed(credential, key) },
      keyRetentionConfig: {
        retainKeysForEpochs: pastEpochs,
        retainKeysForGenerations: skippedKeys,
        maximumForwardRatchetSteps: maxSkip,
      },
      // Of what is received the lifetime was checked by who added it: members would not agree on the time otherwise.
      lifetimeConfig: { maximumTotalLifetime: maxLifetimeSeconds, validateLifetimeOnReceive: false },
      keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
      paddingConfig: { kind: "padUntilLength", padUntilLength: paddedOctets },
    };
  }

  /**
   * Runs what the library may refuse. @returns undefined when it does
   *
   * @throws what the vault threw meanwhile: nothing was refused then
   */
  async attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch {
      if (this.#failure !== undefined) throw this.#failure.cause;
      return undefined;
    }
  }

  async #isListed(credential: Credential, key: Uint8Array): Promise<boolean> {
    const address = addressOf(credential);
    if (address === undefined) return false;
    const name = addressName(address);
    const isKey = (listed: string | undefined) => listed === base64OfBytes(key);
    const listed = this.#listed.get(name);
    if (listed !== undefined) return isKey(listed);
    try {
      if (isKey((await readPeer(this.#state, name))?.identityKey)) return true;
    } catch (cause) {
      this.#failure = { cause };
      throw cause;
    }
    // A key that is not the known one may be newer.
    this.strangers.set(name, address);
    return this.#toleratesStrangers;
  }
}

import type { DeviceAddress } from "./addresses.ts";
import type { GroupDevice } from "./group-device.ts";
import type { KeyBundle, KeyCounts, KeyUpload } from "./key-bundle.ts";
import type { ProtocolFacts } from "./protocols.ts";
import type { StateTransaction } from "./vault/vault.ts";

/** A protocol's package, as a program registers it. */
export interface E2EProtocol {
  readonly facts: ProtocolFacts;
  /**
   * Opens a device, and makes its keys when the state has none.
   *
   * @param state holds what earlier transactions kept; the protocol's own records are below `protocol/`
   */
  open(self: DeviceAddress, state: StateTransaction): Promise<E2EDevice>;
}

/**
 * One device of one protocol. Every method works within a transaction of the caller's: what it changes is in `state`
 * alone, so that state and ciphertext are kept together or not at all. Methods are never called side by side.
 */
export interface E2EDevice {
  /** Base64: the public key, or the fingerprint of one, by which others know this device. The device list names it. */
  readonly identityKey: string;
  /** What is to be published: everything when `counts` is undefined, else what runs low; undefined when nothing does. */
  publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined>;
  /** Makes the prekeys that are used repeatedly anew. What was encrypted for the ones before still opens for a while. */
  rotateKeys(state: StateTransaction): Promise<KeyUpload | undefined>;
  hasSession(state: StateTransaction, peer: DeviceAddress): Promise<boolean>;
  /**
   * Begins a session with a device that may be away. The caller has checked that the device list names
   * `bundle.identityKey`; the protocol checks that everything in the bundle is signed by it.
   *
   * @throws MessagingError BundleRefused
   */
  initializeSession(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart>;
  /**
   * Encrypts for devices with which there are sessions.
   *
   * @param messageId is bound to the message where the protocol has room for it
   */
  encrypt(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<Ciphertext[]>;
  /**
   * Opens what came from a device.
   *
   * @param identityKey that the sender's device list names; a message of any other key is refused
   */
  receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received>;
  /** Notes which identity key a device's list names, for protocols whose groups bring devices in that are strangers. */
  trust?(state: StateTransaction, peer: DeviceAddress, identityKey: string): Promise<void>;
  /** Forgets a device: its sessions end, and nothing is encrypted for it any more. */
  forget(state: StateTransaction, peer: DeviceAddress): Promise<void>;
  /** Drops what is in memory of a transaction that was not kept. Protocols that keep all in `state` have none. */
  discardUncommitted?(): void;
  /** Frees memory outside of JavaScript. */
  close?(): void;
  readonly groups?: GroupDevice | undefined;
}

/** How a session began. OTR's begins with messages of its own, which are to be sent. */
export interface SessionStart {
  readonly messages: readonly Ciphertext[];
}

/** Encrypted for one device. */
export interface Ciphertext {
  readonly to: DeviceAddress;
  /** What kind of message the protocol calls it, such as `preKey`: 1 to 32 characters of `a-z A-Z 0-9 . -`. */
  readonly kind: string;
  readonly body: Uint8Array;
}

/** As it came. Everything of it is untrusted. */
export interface ReceivedCiphertext {
  readonly kind: string;
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly groupId?: string | undefined;
}

/** What became of a message. Only a `message` changes what users see. */
export type Received =
  | {
      readonly kind: "message";
      readonly plaintext: Uint8Array;
      readonly groupId?: string | undefined;
      /** Base64; the identity key that really encrypted it. */
      readonly identityKey: string;
    }
  /** It was the protocol's own: keys, a commit, a handshake. `replies` are to be sent. */
  | { readonly kind: "control"; readonly replies: readonly Ciphertext[] }
  /** It was received before. */
  | { readonly kind: "duplicate" }
  /** It does not open, whatever the cause: forged, damaged, for another, or its key is gone. */
  | { readonly kind: "undecryptable" };

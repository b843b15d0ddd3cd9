import type { E2EProtocol } from "../e2e-protocol.ts";
import type { ProtocolId } from "../protocols.ts";
import type { RelayClient } from "../relay-client/relay-client.ts";
import type { Vault } from "../vault/vault.ts";
import type { ServiceEvent } from "./events.ts";
import type { ReceivedMessage } from "./inbox.ts";
import type { Reception } from "./receiver.ts";

/** How a device is opened. */
export interface ServiceOptions {
  /** The user, such as an e-mail address: 1 to 128 characters of `A-Z a-z 0-9 . _ = + @ : -`. */
  readonly user: string;
  /** This device of theirs, likewise. */
  readonly deviceId: string;
  /** A protocol, or the id of one that was registered. */
  readonly protocol: ProtocolId | E2EProtocol;
  /** The relay's URL, or how it is reached. Without one the caller carries envelopes. */
  readonly relay?: string | RelayClient | undefined;
  /** Where the device keeps its keys. In memory by default, for trying out. One that is given is the caller's to close. */
  readonly vault?: Vault | undefined;
  /** 32 bytes, Ed25519: the user's account key, from another device of theirs. A new account is made without. */
  readonly accountPrivateKey?: Uint8Array | undefined;
  /** What the relay's operator asks of new accounts. */
  readonly registrationToken?: string | undefined;
  /** Called for what happens beside messages. It must not throw. */
  readonly onEvent?: ((event: ServiceEvent) => void) | undefined;
}

/** A message on its way. */
export interface SentMessage {
  readonly messageId: string;
  /** Whether it waits for a handshake that the recipient has to answer, as OTR's. */
  readonly waiting: boolean;
  /** Without a relay: JSON texts for the caller to carry, each to the device that it names. Empty with one. */
  readonly envelopes: readonly string[];
}

/** What became of an envelope that the caller carried. */
export interface ReceivedEnvelope {
  readonly kind: Reception["kind"];
  /** What was said, when it is a message. */
  readonly message?: ReceivedMessage | undefined;
  /** Without a relay: what is to be carried back. */
  readonly envelopes: readonly string[];
}

/** A user as this device knows them. */
export interface PeerTrust {
  /** Base64, Ed25519: the account key that is trusted. */
  readonly accountKey: string;
  /** Whether `setVerified` was called for it. */
  readonly verified: boolean;
  /** Base64: another account key that waits for `acceptNewIdentity`. */
  readonly offeredAccountKey?: string | undefined;
}

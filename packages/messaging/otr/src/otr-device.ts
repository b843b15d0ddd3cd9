import {
  addressName,
  type Ciphertext,
  type DeviceAddress,
  type E2EDevice,
  type KeyBundle,
  type KeyCounts,
  type KeyUpload,
  MessagingError,
  type Received,
  type ReceivedCiphertext,
  type SessionStart,
  type StateTransaction,
} from "@coffer/messaging";
import type { DsaKey } from "otr";
import { type Comparison, Conversation } from "./conversation.ts";
import { identityKeyOf, identityKeyOfPacked, packKey } from "./own-key.ts";
import { plaintextOfText, textOfPlaintext } from "./plain-text.ts";
import { encodeWireMessage, kinds, parseWireMessage, type WireMessage } from "./wire-message.ts";

const undecryptable: Received = { kind: "undecryptable" };

/** What there is with one peer. */
interface Peer {
  /** What is written in. */
  open?: Conversation | undefined;
  /** A handshake that may replace it: until it ends well, nothing that anybody sends disturbs what is open. */
  next?: Conversation | undefined;
}

/** A device of OTR. Its conversations are in memory alone: they end when it is closed. */
export class OtrDevice implements E2EDevice {
  readonly identityKey: string;
  readonly #key: DsaKey;
  readonly #peers = new Map<string, Peer>();

  constructor(key: DsaKey) {
    this.#key = key;
    this.identityKey = identityKeyOf(key);
  }

  async publish(_state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    if (counts !== undefined) return undefined;
    return { identityKey: this.identityKey, details: packKey(this.#key), sets: {} };
  }

  /** There are no keys that are used repeatedly. */
  async rotateKeys(): Promise<undefined> {}

  async hasSession(_state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    return this.#peers.get(addressName(peer))?.open?.isOpen === true;
  }

  async initializeSession(_state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart> {
    const { details, identityKey } = bundle;
    if (identityKey === this.identityKey || identityKeyOfPacked(details) !== identityKey) {
      throw new MessagingError("BundleRefused", "The key bundle is refused: its key is not that of its fingerprint.");
    }
    const next = new Conversation(this.#key);
    this.#peers.set(addressName(peer), { ...this.#peers.get(addressName(peer)), next });
    return { messages: ciphertexts(peer, kinds.handshake, next.begin()) };
  }

  /** @throws MessagingError UnknownRecipient when there is no open conversation with one of them */
  async encrypt(
    _state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    _messageId: string,
  ): Promise<Ciphertext[]> {
    const text = textOfPlaintext(plaintext);
    for (const peer of to) this.#openWith(peer);
    return to.flatMap((peer) => ciphertexts(peer, kinds.message, [this.#openWith(peer).encrypt(text)!]));
  }

  async receive(
    _state: StateTransaction,
    from: DeviceAddress,
    { kind, body }: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const message = parseWireMessage(body);
    if (message === undefined || message.kind !== kind) return undecryptable;
    if (message.kind === kinds.handshake) return this.#shakeHands(from, message, identityKey);
    const peer = this.#peers.get(addressName(from));
    const conversation = peer?.open;
    if (conversation?.peerIdentityKey !== identityKey || !conversation.isOpen) return undecryptable;
    const { isGood, text, replies } = conversation.receive(message.text);
    if (!isGood) return undecryptable;
    // The peer said that it ends the conversation.
    if (!conversation.isOpen) peer!.open = undefined;
    if (text === undefined) return { kind: "control", replies: ciphertexts(from, kinds.message, replies) };
    const plaintext = plaintextOfText(text);
    return plaintext === undefined ? undecryptable : { kind: "message", plaintext, identityKey };
  }

  async forget(_state: StateTransaction, peer: DeviceAddress): Promise<void> {
    this.#peers.delete(addressName(peer));
  }

  close(): void {
    this.#peers.clear();
  }

  /**
   * Asks whether the peer knows the same secret, without telling it, or answers when it asked.
   *
   * @param question shown to the peer; everybody who takes part in the conversation can read it
   * @returns what is to be sent
   * @throws MessagingError UnknownRecipient, InvalidInput
   */
  async compareSecrets(peer: DeviceAddress, secret: string, question?: string): Promise<Ciphertext[]> {
    if (secret === "") throw new MessagingError("InvalidInput", "The secret to compare is empty: give one.");
    return ciphertexts(peer, kinds.message, this.#openWith(peer).compare(secret, question));
  }

  /** Where the comparison of a secret with a peer stands. */
  comparisonWith(peer: DeviceAddress): Comparison {
    return this.#peers.get(addressName(peer))?.open?.comparison ?? { state: "none" };
  }

  #shakeHands(from: DeviceAddress, message: WireMessage, identityKey: string): Received {
    const name = addressName(from);
    const peer = this.#peers.get(name) ?? {};
    const isQuery = message.senderTag === undefined;
    let next = peer.next;
    // Who begins anew, such as after a restart, has another instance tag.
    const isOther = next?.peerTag !== undefined && next.peerTag !== message.senderTag;
    if (message.isFirst && (next === undefined || isQuery || isOther || !next.isInHandshake)) {
      next = new Conversation(this.#key);
      this.#peers.set(name, { ...peer, next });
    }
    if (next === undefined) return undecryptable;
    if (isQuery) return { kind: "control", replies: ciphertexts(from, kinds.handshake, next.begin()) };
    const { isGood, replies } = next.receive(message.text);
    if (!isGood) return undecryptable;
    next.peerTag ??= message.senderTag;
    if (next.isOpen) {
      // Somebody with another key has proven to be himself, and not to be the peer.
      const isPeer = next.peerIdentityKey === identityKey;
      this.#peers.set(name, { open: isPeer ? next : peer.open });
      return isPeer ? { kind: "control", replies: ciphertexts(from, kinds.handshake, replies) } : undecryptable;
    }
    if (replies.length === 0) return undecryptable;
    return { kind: "control", replies: ciphertexts(from, kinds.handshake, replies) };
  }

  #openWith(peer: DeviceAddress): Conversation {
    const open = this.#peers.get(addressName(peer))?.open;
    if (open?.isOpen) return open;
    throw new MessagingError(
      "UnknownRecipient",
      `There is no open conversation with a device of ${peer.userId}: begin one while it is online.`,
    );
  }
}

function ciphertexts(to: DeviceAddress, kind: string, texts: readonly string[]): Ciphertext[] {
  return texts.map((text) => ({ to, kind, body: encodeWireMessage(text) }));
}

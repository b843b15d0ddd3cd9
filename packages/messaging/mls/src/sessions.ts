import {
  addressName,
  type Ciphertext,
  type DeviceAddress,
  type KeyBundle,
  MessagingError,
  type Received,
  type ReceivedCiphertext,
  randomBytes,
  type StateTransaction,
} from "@coffer/messaging";
import {
  type CiphersuiteImpl,
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  emptyPskIndex,
  joinGroup,
  type PrivateMessage,
  type Welcome,
} from "ts-mls";
import type { GroupStates } from "./group-states.ts";
import { type KeyPackages, parseKeyPackage } from "./key-packages.ts";
import {
  decodeFirstMessage,
  decodeMessage,
  encodePrivate,
  encodeWelcome,
  erase,
  membersOf,
  openMessage,
} from "./messages.ts";
import { kinds, refuseBundle, undecryptable } from "./outcomes.ts";
import { maxSessions, type Peer, readPeer, type Session, writePeer } from "./peers.ts";
import { peerRecord, sessionRecord } from "./state-keys.ts";
import { Trust } from "./trust.ts";

/** Named groups' ids have no such sign: no session of two is ever taken for one of them. */
const sessionIdPrefix = new TextEncoder().encode("two/");

/** What a session needs of its device. */
export interface OwnDevice {
  readonly self: DeviceAddress;
  readonly identityKey: string;
  readonly suite: CiphersuiteImpl;
  readonly states: GroupStates;
  readonly keyPackages: KeyPackages;
}

/**
 * Sessions between two devices: groups of two, which have no commit after the one that lets the peer in. As long as the
 * peer has not answered, each message carries its welcome.
 */
export class Sessions {
  readonly #device: OwnDevice;

  constructor(device: OwnDevice) {
    this.#device = device;
  }

  async has(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    const known = await readPeer(state, addressName(peer));
    return known !== undefined && known.sessions.length > 0 && known.isStale !== true;
  }

  /** @throws MessagingError BundleRefused */
  async begin(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<void> {
    const { keyPackages, states, suite } = this.#device;
    if (bundle.identityKey === this.#device.identityKey) throw refuseBundle("it is this device's own");
    const keyPackage = parseKeyPackage(peer, bundle);
    const trust = this.#trust(state, peer, bundle.identityKey);
    const added = await trust.attempt(async () => {
      const { publicPackage, privatePackage } = await keyPackages.own();
      const id = new Uint8Array([...sessionIdPrefix, ...randomBytes(32)]);
      const alone = await createGroup(id, publicPackage, privatePackage, [], suite, trust.config);
      const add = { proposalType: "add", add: { keyPackage } } as const;
      const options = { extraProposals: [add], ratchetTreeExtension: true };
      return createCommit({ state: alone, cipherSuite: suite }, options);
    });
    if (added?.welcome === undefined) throw refuseBundle("its key package is not valid, or not any more");
    erase(added.consumed);
    const session = { id: idOf(added.newState), welcome: encodeWelcome(added.welcome).toBase64() };
    await this.#addSession(state, peer, bundle.identityKey, session);
    states.write(state, sessionRecord(peer, session.id), added.newState);
  }

  /** @throws MessagingError UnknownRecipient */
  async encrypt(
    state: StateTransaction,
    peer: DeviceAddress,
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<Ciphertext> {
    const { states, suite } = this.#device;
    const known = await readPeer(state, addressName(peer));
    const session = known?.sessions[0];
    if (known === undefined || session === undefined) throw noSession(peer);
    const record = sessionRecord(peer, session.id);
    const group = await states.read(state, record, this.#trust(state, peer, known.identityKey));
    if (group === undefined) throw noSession(peer);
    const sent = await createApplicationMessage(group, plaintext, suite, new TextEncoder().encode(messageId));
    states.write(state, record, sent.newState);
    erase(sent.consumed);
    const message = encodePrivate(sent.privateMessage);
    if (session.welcome === undefined) return { to: peer, kind: kinds.message, body: message };
    const welcome = Uint8Array.fromBase64(session.welcome);
    const body = new Uint8Array(welcome.length + message.length);
    body.set(welcome);
    body.set(message, welcome.length);
    return { to: peer, kind: kinds.first, body };
  }

  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    { kind, body, messageId }: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const { states, suite } = this.#device;
    const [first, end] = kind === kinds.first ? (decodeFirstMessage(body, 0) ?? []) : [undefined, 0];
    const welcome = first?.wireformat === "mls_welcome" ? first.welcome : undefined;
    if (end === undefined || (kind === kinds.first && welcome === undefined)) return undecryptable;
    const message = decodeMessage(body, end);
    if (message?.wireformat !== "mls_private_message") return undecryptable;
    const id = message.privateMessage.groupId.toHex();
    const known = await readPeer(state, addressName(from));
    const session = known?.identityKey === identityKey ? known.sessions.find((kept) => kept.id === id) : undefined;
    if (session === undefined) {
      if (welcome === undefined) return undecryptable;
      return this.#join(state, from, identityKey, messageId, welcome, message.privateMessage);
    }
    const record = sessionRecord(from, id);
    const trust = this.#trust(state, from, identityKey);
    const group = await states.read(state, record, trust);
    if (group === undefined) return undecryptable;
    const sender = { address: from, identityKey, messageId };
    const opened = await openMessage(group, trust, suite, message.privateMessage, sender);
    if (opened === undefined) return undecryptable;
    states.write(state, record, opened.group);
    // What the peer wrote in is what it can read: the next message goes there, without a welcome.
    if (session.welcome !== undefined || known!.sessions[0] !== session) {
      const others = known!.sessions.filter((kept) => kept !== session);
      writePeer(state, addressName(from), { ...known!, sessions: [{ id }, ...others] });
    }
    return { kind: "message", plaintext: opened.plaintext, identityKey };
  }

  /** Notes what a device's list says its identity key is. Sessions of another key of that device end. */
  async trust(state: StateTransaction, peer: DeviceAddress, identityKey: string): Promise<void> {
    const known = await readPeer(state, addressName(peer));
    if (known?.identityKey === identityKey) return;
    await this.forget(state, peer);
    writePeer(state, addressName(peer), { identityKey, sessions: [] });
  }

  async forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    const known = await readPeer(state, addressName(peer));
    for (const { id } of known?.sessions ?? []) this.#device.states.delete(state, sessionRecord(peer, id));
    if (known !== undefined) state.delete(peerRecord(addressName(peer)));
  }

  /** Has another session begin with each peer before anything more is written to it. What is under way still opens. */
  async makeStale(state: StateTransaction): Promise<void> {
    const prefix = peerRecord("");
    for (const key of await state.list(prefix)) {
      const name = key.slice(prefix.length);
      const known = await readPeer(state, name);
      if (known !== undefined && known.sessions.length > 0) writePeer(state, name, { ...known, isStale: true });
    }
  }

  async #join(
    state: StateTransaction,
    from: DeviceAddress,
    identityKey: string,
    messageId: string,
    welcome: Welcome,
    message: PrivateMessage,
  ): Promise<Received> {
    const { keyPackages, states, suite } = this.#device;
    const own = await keyPackages.find(state, welcome);
    if (own === undefined) return undecryptable;
    const trust = this.#trust(state, from, identityKey);
    const group = await trust.attempt(() =>
      joinGroup(welcome, own.keyPackage, own.privateKeys, emptyPskIndex, suite, undefined, undefined, trust.config),
    );
    if (group === undefined || !isOfTwo(group)) return undecryptable;
    const sender = { address: from, identityKey, messageId };
    const opened = await openMessage(group, trust, suite, message, sender);
    if (opened === undefined) return undecryptable;
    await keyPackages.spend(state, own.reference);
    const session = { id: idOf(group) };
    await this.#addSession(state, from, identityKey, session);
    states.write(state, sessionRecord(from, session.id), opened.group);
    return { kind: "message", plaintext: opened.plaintext, identityKey };
  }

  async #addSession(
    state: StateTransaction,
    peer: DeviceAddress,
    identityKey: string,
    session: Session,
  ): Promise<void> {
    const name = addressName(peer);
    await this.trust(state, peer, identityKey);
    const known: Peer = (await readPeer(state, name))!;
    const sessions = [session, ...known.sessions];
    for (const { id } of sessions.splice(maxSessions)) this.#device.states.delete(state, sessionRecord(peer, id));
    writePeer(state, name, { identityKey, sessions });
  }

  /** Trusts this device and the peer with that key, and nobody else. */
  #trust(state: StateTransaction, peer: DeviceAddress, identityKey: string): Trust {
    const own = [addressName(this.#device.self), this.#device.identityKey] as const;
    return new Trust(state, new Map([[addressName(peer), identityKey], own]));
  }
}

function isOfTwo(group: ClientState): boolean {
  const { groupId } = group.groupContext;
  return sessionIdPrefix.every((byte, at) => groupId[at] === byte) && membersOf(group).length === 2;
}

function idOf({ groupContext }: ClientState): string {
  return groupContext.groupId.toHex();
}

function noSession({ userId }: DeviceAddress): MessagingError {
  return new MessagingError("UnknownRecipient", `There is no session with a device of ${userId}: begin one.`);
}

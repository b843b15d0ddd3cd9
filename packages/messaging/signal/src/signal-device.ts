import type {
  Ciphertext,
  DeviceAddress,
  E2EDevice,
  GroupDevice,
  KeyBundle,
  KeyCounts,
  KeyUpload,
  Received,
  ReceivedCiphertext,
  SessionStart,
  StateTransaction,
} from "@coffer/messaging";
import { type Content, contentTypes } from "./content.ts";
import { SignalGroups } from "./groups.ts";
import type { OwnDevice } from "./own-device.ts";
import { publishKeys, rotateRepeatedKeys } from "./prekeys.ts";
import { beginSession, encryptContent, hasSession, openContent } from "./sessions.ts";
import { stateKeys } from "./state-keys.ts";

/** A device of Signal's protocol. It keeps its identity in memory, which never changes, and nothing else. */
export class SignalDevice implements E2EDevice {
  readonly identityKey: string;
  readonly groups: GroupDevice;
  readonly #own: OwnDevice;
  readonly #oneTimeKeys: number;
  readonly #groups: SignalGroups;

  constructor(own: OwnDevice, oneTimeKeys: number) {
    this.#own = own;
    this.#oneTimeKeys = oneTimeKeys;
    this.identityKey = own.identityKey;
    this.#groups = new SignalGroups(own);
    this.groups = this.#groups;
  }

  publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    return publishKeys(this.#own, state, counts, this.#oneTimeKeys);
  }

  async rotateKeys(state: StateTransaction): Promise<KeyUpload> {
    await this.#groups.rotateSenderKeys(state);
    return rotateRepeatedKeys(this.#own, state);
  }

  hasSession(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    return hasSession(this.#own, state, peer);
  }

  async initializeSession(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart> {
    await beginSession(this.#own, state, peer, bundle);
    return { messages: [] };
  }

  async encrypt(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    _messageId: string,
  ): Promise<Ciphertext[]> {
    const messages: Ciphertext[] = [];
    const content = { type: contentTypes.message, bytes: plaintext };
    for (const peer of to) messages.push(await encryptContent(this.#own, state, peer, content));
    return messages;
  }

  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    if (message.kind === "senderKey") return this.#groups.receive(state, from, message, identityKey);
    const opened = await openContent(this.#own, state, from, message, identityKey);
    return opened.kind === "opened" ? this.#take(state, from, opened.value, identityKey) : opened;
  }

  async #take(state: StateTransaction, from: DeviceAddress, content: Content, identityKey: string): Promise<Received> {
    if (content.type === contentTypes.message) return { kind: "message", plaintext: content.bytes, identityKey };
    if (content.type !== contentTypes.group) return { kind: "undecryptable" };
    await this.#groups.takeControl(state, from, content.bytes, identityKey);
    return { kind: "control", replies: [] };
  }

  async forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    state.delete(stateKeys.session(peer));
    state.delete(stateKeys.identity(peer));
    await this.#groups.forget(state, peer);
  }
}

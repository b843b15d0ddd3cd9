import {
  base64OfBytes,
  type Ciphertext,
  type DeviceAddress,
  type E2EDevice,
  type KeyBundle,
  type KeyCounts,
  type KeyUpload,
  type Received,
  type ReceivedCiphertext,
  type SessionStart,
  type StateTransaction,
} from "@coffer/messaging";
import type { CiphersuiteImpl } from "ts-mls";
import { GroupStates } from "./group-states.ts";
import { Groups } from "./groups.ts";
import { KeyPackages } from "./key-packages.ts";
import { kinds } from "./outcomes.ts";
import { type OwnDevice, Sessions } from "./sessions.ts";
import type { SigningKey } from "./signing-key.ts";

/** A device of MLS. */
export class MlsDevice implements E2EDevice {
  readonly identityKey: string;
  readonly groups: Groups;
  readonly #keyPackages: KeyPackages;
  readonly #sessions: Sessions;

  constructor(self: DeviceAddress, suite: CiphersuiteImpl, key: SigningKey) {
    this.identityKey = base64OfBytes(key.publicKey);
    this.#keyPackages = new KeyPackages(self, suite, key, this.identityKey);
    const device: OwnDevice = {
      self,
      identityKey: this.identityKey,
      suite,
      states: new GroupStates(),
      keyPackages: this.#keyPackages,
    };
    this.#sessions = new Sessions(device);
    this.groups = new Groups(device, this.#sessions);
  }

  publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    return this.#keyPackages.publish(state, counts);
  }

  async rotateKeys(state: StateTransaction): Promise<KeyUpload | undefined> {
    await this.#sessions.makeStale(state);
    return this.#keyPackages.rotate(state);
  }

  hasSession(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    return this.#sessions.has(state, peer);
  }

  async initializeSession(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart> {
    await this.#sessions.begin(state, peer, bundle);
    return { messages: [] };
  }

  async encrypt(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<Ciphertext[]> {
    const messages: Ciphertext[] = [];
    for (const peer of to) messages.push(await this.#sessions.encrypt(state, peer, plaintext, messageId));
    return messages;
  }

  receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const isOfTwo = message.kind === kinds.first || message.kind === kinds.message;
    return (isOfTwo ? this.#sessions : this.groups).receive(state, from, message, identityKey);
  }

  trust(state: StateTransaction, peer: DeviceAddress, identityKey: string): Promise<void> {
    return this.#sessions.trust(state, peer, identityKey);
  }

  forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    return this.#sessions.forget(state, peer);
  }
}

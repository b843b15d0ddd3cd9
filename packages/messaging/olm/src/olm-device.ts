import {
  type Ciphertext,
  type DeviceAddress,
  type E2EDevice,
  type GroupDevice,
  type KeyBundle,
  type KeyCounts,
  type KeyUpload,
  MessagingError,
  type PublicPreKey,
  type Received,
  type ReceivedCiphertext,
  type SessionStart,
  type StateTransaction,
} from "@coffer/messaging";
import { type CryptoMachine, groupKeyEvent, type OlmEvent, oneTimeKeySet, unknownRecipient } from "./crypto-machine.ts";
import { decodeBase64, type IdentityKeys, identityKeyOf, parseDeviceKeys, parseIdentityKey } from "./identity-keys.ts";
import { addPeer, findPeer, removePeer } from "./known-peers.ts";
import { matrixUserOf } from "./matrix-ids.ts";
import { MegolmGroups, membershipEvent } from "./megolm-groups.ts";
import { control, olmKind, olmTypes, undecryptable } from "./outcomes.ts";
import { matrixKey, publicPreKeys } from "./published-keys.ts";

/** What a message between two devices is called inside of its encryption. */
const messageEvent = "coffer.message";
/** Below so many one-time keys in the directory, more are published. */
const fewKeys = 25;
const fallbackKey = "protocol/olm/fallback";

/** A device of Olm and Megolm. */
export class OlmDevice implements E2EDevice {
  readonly identityKey: string;
  readonly groups: GroupDevice;
  readonly #machine: CryptoMachine;
  readonly #groups: MegolmGroups;

  constructor(self: DeviceAddress, machine: CryptoMachine) {
    this.#machine = machine;
    this.identityKey = machine.identityKey;
    this.#groups = new MegolmGroups(self, machine, (state, peer, bundle) => this.#begin(state, peer, bundle));
    this.groups = this.#groups;
  }

  publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    return this.#machine.run(state, () => this.#publish(state, counts));
  }

  async rotateKeys(state: StateTransaction): Promise<KeyUpload | undefined> {
    await this.#machine.ageKeys(state);
    // No one-time keys are made: as far as the library is told, the directory has enough.
    return this.#machine.run(state, async () => this.#uploadOf(await this.#makeKeys(state, 100, true)));
  }

  async hasSession(state: StateTransaction, peer: DeviceAddress): Promise<boolean> {
    return (await findPeer(state, peer)) !== undefined;
  }

  async initializeSession(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<SessionStart> {
    await this.#machine.run(state, () => this.#begin(state, peer, bundle));
    return { messages: [] };
  }

  encrypt(
    state: StateTransaction,
    to: readonly DeviceAddress[],
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<Ciphertext[]> {
    const content = { messageId, body: plaintext.toBase64() };
    return this.#machine.run(state, async () => {
      const messages: Ciphertext[] = [];
      for (const peer of to) {
        if ((await findPeer(state, peer)) === undefined) throw unknownRecipient();
        const { type, body } = await this.#machine.encrypt(await matrixUserOf(peer), messageEvent, content);
        messages.push({ to: peer, kind: olmKind(type), body });
      }
      return messages;
    });
  }

  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const identity = parseIdentityKey(identityKey);
    if (identity === undefined) return undecryptable;
    const isKept = (received: Received) => received.kind !== "undecryptable";
    return this.#machine.run(
      state,
      () => {
        const type = olmTypes.get(message.kind);
        if (type === undefined) return this.#groups.receive(state, from, message, identity);
        return this.#receive(state, from, { ...message, type }, identity);
      },
      isKept,
    );
  }

  async forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    const user = await matrixUserOf(peer);
    await this.#machine.run(state, () => this.#machine.setDevice(user, undefined));
    removePeer(state, peer);
  }

  discardUncommitted(): void {
    this.#machine.discard();
  }

  close(): void {
    this.#machine.discard();
  }

  async #publish(state: StateTransaction, counts: KeyCounts | undefined): Promise<KeyUpload | undefined> {
    const isAll = counts === undefined;
    const count = (isAll ? undefined : counts[oneTimeKeySet]) ?? 0;
    if (!isAll && count >= fewKeys) return undefined;
    const made = await this.#makeKeys(state, count, isAll);
    if (!isAll) return made.oneTime.length === 0 ? undefined : this.#uploadOf(made);
    const kept = await state.get(fallbackKey);
    const lastResort =
      made.lastResort ??
      (kept === undefined ? undefined : (JSON.parse(new TextDecoder().decode(kept)) as PublicPreKey));
    return this.#uploadOf({ ...made, lastResort });
  }

  async #makeKeys(
    state: StateTransaction,
    count: number,
    withFallback: boolean,
  ): Promise<{ oneTime: PublicPreKey[]; lastResort: PublicPreKey | undefined }> {
    const made = await this.#machine.makeKeys(count, withFallback);
    const [oneTime, fallback] = [made?.oneTimeKeys ?? {}, made?.fallbackKeys ?? {}].map((keys) =>
      publicPreKeys(keys, this.#machine.user),
    ) as [PublicPreKey[], PublicPreKey[]];
    const [lastResort] = fallback;
    if (lastResort !== undefined) state.put(fallbackKey, new TextEncoder().encode(JSON.stringify(lastResort)));
    return { oneTime, lastResort };
  }

  #uploadOf({ oneTime, lastResort }: { oneTime: PublicPreKey[]; lastResort: PublicPreKey | undefined }): KeyUpload {
    const set = { oneTime, ...(lastResort !== undefined && { lastResort }) };
    return { identityKey: this.identityKey, details: this.#machine.deviceKeys, sets: { [oneTimeKeySet]: set } };
  }

  /** Begins a session, in place of one that there was. */
  async #begin(state: StateTransaction, peer: DeviceAddress, bundle: KeyBundle): Promise<void> {
    const identity = parseIdentityKey(bundle.identityKey);
    const deviceKeys = parseDeviceKeys(bundle.details);
    const set = Object.hasOwn(bundle.sets, oneTimeKeySet) ? bundle.sets[oneTimeKeySet] : undefined;
    const user = await matrixUserOf(peer);
    if (identity === undefined || deviceKeys === undefined) throw refused("it has no device keys");
    if (bundle.identityKey === this.identityKey) throw refused("it is this device's own");
    if (!(await this.#machine.learnDevice(user, deviceKeys, identity))) {
      throw refused("its device keys are not signed by its identity key, or are another device's");
    }
    const key = set && matrixKey(set, user);
    if (set === undefined || key === undefined) throw refused("it has no signed key to begin with");
    if (!(await this.#machine.claimKey(user, set.keyId, key, identity))) {
      throw refused("its key is not signed by its identity key");
    }
    addPeer(state, peer, bundle.identityKey);
  }

  async #receive(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext & { readonly type: number },
    identity: IdentityKeys,
  ): Promise<Received> {
    const user = await matrixUserOf(from);
    const event = await this.#machine.decrypt(user, identity, message);
    if (event === undefined) return undecryptable;
    const identityKey = identityKeyOf(identity);
    // Who wrote can be answered: what is published of the sender's device came with the message, and the library has found
    // it to be of the same keys.
    const isNew = event.deviceKeys !== undefined && (await findPeer(state, from)) !== identityKey;
    if (isNew && !(await this.#machine.learnDevice(user, event.deviceKeys, identity))) return undecryptable;
    const received = await this.#read(state, from, message, event, identity);
    if (isNew && received.kind !== "undecryptable") addPeer(state, from, identityKey);
    return received;
  }

  async #read(
    state: StateTransaction,
    from: DeviceAddress,
    message: ReceivedCiphertext,
    { type, content }: OlmEvent,
    identity: IdentityKeys,
  ): Promise<Received> {
    if (type === membershipEvent) return this.#groups.receiveMembership(state, from, message.groupId, content);
    if (type === groupKeyEvent) return this.#groups.receiveKey(state, message.groupId, identity, content);
    // All else is the library's own.
    if (type !== messageEvent) return control;
    const plaintext = decodeBase64(content.body);
    if (plaintext === undefined || content.messageId !== message.messageId) return undecryptable;
    return { kind: "message", plaintext, identityKey: identityKeyOf(identity) };
  }
}

function refused(why: string): MessagingError {
  return new MessagingError("BundleRefused", `The key bundle is refused: ${why}.`);
}

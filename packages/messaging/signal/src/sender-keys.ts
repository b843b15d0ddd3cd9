import { type DeviceAddress, randomBytes, type StateTransaction } from "@coffer/messaging";
import {
  groupDecrypt,
  groupEncrypt,
  type ProtocolAddress,
  processSenderKeyDistributionMessage,
  SenderKeyDistributionMessage,
  SenderKeyRecord,
  SenderKeyStore,
} from "@signalapp/libsignal-client";
import { uuidOfBytes } from "./addresses.ts";
import type { OwnDevice } from "./own-device.ts";
import { stateKeys } from "./state-keys.ts";

/**
 * The sender keys of one sender in one group: one of another group does not serve. With each stands the identity key of
 * who sent it (33 octets), so that it ends when the sender's device list names another.
 */
class GroupSenderKeys extends SenderKeyStore {
  readonly #state: StateTransaction;
  readonly #groupId: string;
  readonly #sender: DeviceAddress;
  readonly #identity: Uint8Array;

  constructor(state: StateTransaction, groupId: string, sender: DeviceAddress, identityKey: string) {
    super();
    this.#state = state;
    this.#groupId = groupId;
    this.#sender = sender;
    this.#identity = Uint8Array.fromBase64(identityKey);
  }

  async saveSenderKey(_sender: ProtocolAddress, distributionId: string, record: SenderKeyRecord): Promise<void> {
    const serialized = record.serialize();
    const value = new Uint8Array(this.#identity.length + serialized.length);
    value.set(this.#identity);
    value.set(serialized, this.#identity.length);
    this.#state.put(stateKeys.senderKey(this.#groupId, this.#sender, distributionId), value);
  }

  async getSenderKey(_sender: ProtocolAddress, distributionId: string): Promise<SenderKeyRecord | null> {
    const value = await this.#state.get(stateKeys.senderKey(this.#groupId, this.#sender, distributionId));
    if (value === undefined) return null;
    const length = this.#identity.length;
    if (value.subarray(0, length).toBase64() !== this.#identity.toBase64()) return null;
    return SenderKeyRecord.deserialize(new Uint8Array(value.subarray(length)));
  }
}

/** A new name of a sender key. */
export function newDistributionId(): string {
  return uuidOfBytes(randomBytes(16));
}

/** This device's sender key as it stands now, for members who shall read from here on; made when there is none. */
export async function distributeSenderKey(
  own: OwnDevice,
  state: StateTransaction,
  groupId: string,
  distributionId: string,
): Promise<Uint8Array> {
  const store = new GroupSenderKeys(state, groupId, own.self, own.identityKey);
  return (await SenderKeyDistributionMessage.create(own.local, distributionId, store)).serialize();
}

/** Encrypts by this device's sender key. */
export async function encryptBySenderKey(
  own: OwnDevice,
  state: StateTransaction,
  groupId: string,
  distributionId: string,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const store = new GroupSenderKeys(state, groupId, own.self, own.identityKey);
  return (await groupEncrypt(own.local, distributionId, store, new Uint8Array(plaintext))).serialize();
}

/** Keeps a sender key that came pairwise. @returns its name */
export async function takeSenderKey(
  own: OwnDevice,
  state: StateTransaction,
  groupId: string,
  sender: DeviceAddress,
  identityKey: string,
  distribution: Uint8Array,
): Promise<string> {
  const message = SenderKeyDistributionMessage.deserialize(new Uint8Array(distribution));
  const store = new GroupSenderKeys(state, groupId, sender, identityKey);
  await processSenderKeyDistributionMessage(own.addressOf(sender), message, store);
  return message.distributionId();
}

/** Opens a message of a group by a sender key that its sender sent for that group. */
export function decryptBySenderKey(
  own: OwnDevice,
  state: StateTransaction,
  groupId: string,
  sender: DeviceAddress,
  identityKey: string,
  body: Uint8Array,
): Promise<Uint8Array> {
  const store = new GroupSenderKeys(state, groupId, sender, identityKey);
  return groupDecrypt(own.addressOf(sender), store, new Uint8Array(body));
}

/** Forgets the sender keys of a sender in a group, but those that are named. */
export async function dropSenderKeys(
  state: StateTransaction,
  groupId: string,
  sender: DeviceAddress,
  kept: readonly string[] = [],
): Promise<void> {
  const keptKeys = new Set(kept.map((distributionId) => stateKeys.senderKey(groupId, sender, distributionId)));
  for (const key of await state.list(stateKeys.senderKeysOf(groupId, sender))) {
    if (!keptKeys.has(key)) state.delete(key);
  }
}

import {
  addressName,
  type DeviceAddress,
  type GroupCiphertext,
  type GroupDevice,
  isSameAddress,
  type MembershipChange,
  MessagingError,
  type ProposedChange,
  type Received,
  type ReceivedCiphertext,
  type StateTransaction,
} from "@coffer/messaging";
import {
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  emptyPskIndex,
  encodeMlsMessage,
  joinGroup,
  type Proposal,
  type Welcome,
} from "ts-mls";
import { parseKeyPackage } from "./key-packages.ts";
import {
  decodeMessage,
  encodePrivate,
  encodeWelcome,
  erase,
  hasDistinctNames,
  membersOf,
  openMessage,
  takeCommit,
} from "./messages.ts";
import { control, kinds, refuseBundle, undecryptable } from "./outcomes.ts";
import { readPeer } from "./peers.ts";
import type { OwnDevice, Sessions } from "./sessions.ts";
import { groupRecord, leftRecord, pendingRecord } from "./state-keys.ts";
import { Trust } from "./trust.ts";

/** The most devices of a group: the tree goes to each who joins. */
export const maxMembers = 1000;

/** Named groups. Commits are encrypted for the members, and carry who comes and who goes and nothing else. */
export class Groups implements GroupDevice {
  readonly #device: OwnDevice;
  readonly #sessions: Sessions;

  constructor(device: OwnDevice, sessions: Sessions) {
    this.#device = device;
    this.#sessions = sessions;
  }

  async create(state: StateTransaction, groupId: string): Promise<void> {
    if ((await this.members(state, groupId)) !== undefined) {
      throw new MessagingError("InvalidInput", `This device is in a group ${groupId} already.`);
    }
    const { keyPackages, states, suite } = this.#device;
    const { publicPackage, privatePackage } = await keyPackages.own();
    const { config } = this.#trust(state);
    const group = await createGroup(idBytes(groupId), publicPackage, privatePackage, [], suite, config);
    states.write(state, groupRecord(groupId), group);
    state.delete(leftRecord(groupId));
  }

  async members(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[] | undefined> {
    const group = await this.#device.states.read(state, groupRecord(groupId), this.#trust(state));
    return group && membersOf(group).map(({ address }) => address);
  }

  async epoch(state: StateTransaction, groupId: string): Promise<number> {
    return Number((await this.#own(state, groupId)).groupContext.epoch);
  }

  async propose(state: StateTransaction, groupId: string, change: MembershipChange): Promise<ProposedChange> {
    const { states, suite } = this.#device;
    const adds = change.add.map(({ address, bundle }) => ({
      address,
      identityKey: bundle.identityKey,
      proposal: { proposalType: "add", add: { keyPackage: parseKeyPackage(address, bundle) } } as const,
    }));
    for (const { address, identityKey } of adds) await this.#sessions.trust(state, address, identityKey);
    const group = await this.#own(state, groupId);
    const removes = removalsOf(group, this.#device.self, change.remove);
    if (membersOf(group).length + adds.length - removes.length > maxMembers) {
      throw new MessagingError("InvalidInput", `A group has up to ${maxMembers} devices.`);
    }
    const trust = this.#trust(state);
    const proposed = await trust.attempt(() =>
      createCommit(
        { state: { ...group, clientConfig: trust.config }, cipherSuite: suite },
        { extraProposals: [...removes, ...adds.map(({ proposal }) => proposal)], ratchetTreeExtension: true },
      ),
    );
    if (proposed === undefined || !hasDistinctNames(proposed.newState)) {
      throw refuseBundle("a key package is not valid, or not any more, or its device is in the group already");
    }
    // Nothing is erased yet: this epoch goes on when the relay does not take the change.
    states.write(state, pendingRecord(groupId), proposed.newState);
    const welcome = proposed.welcome && encodeWelcome(proposed.welcome);
    return {
      epoch: Number(group.groupContext.epoch),
      commit: encodeMlsMessage(proposed.commit),
      welcomes:
        welcome === undefined ? [] : adds.map(({ address }) => ({ to: address, kind: kinds.welcome, body: welcome })),
    };
  }

  async settle(state: StateTransaction, groupId: string, accepted: boolean): Promise<void> {
    const { states } = this.#device;
    const trust = this.#trust(state);
    const pending = accepted ? await states.read(state, pendingRecord(groupId), trust) : undefined;
    states.delete(state, pendingRecord(groupId));
    const group = await states.read(state, groupRecord(groupId), trust);
    if (pending === undefined || group === undefined) return;
    const { epoch } = group.groupContext;
    if (pending.groupContext.epoch !== epoch + 1n) return;
    const historicalReceiverData = new Map(pending.historicalReceiverData);
    // What was opened since the change was proposed must not open again, of this epoch and of those before.
    for (const [past, data] of pending.historicalReceiverData) {
      const opened = past === epoch ? group : group.historicalReceiverData.get(past);
      if (opened !== undefined) historicalReceiverData.set(past, { ...data, secretTree: opened.secretTree });
    }
    states.write(state, groupRecord(groupId), { ...pending, historicalReceiverData });
  }

  async applyCommit(
    state: StateTransaction,
    groupId: string,
    from: DeviceAddress,
    commit: Uint8Array,
  ): Promise<boolean> {
    const { states, suite } = this.#device;
    const trust = this.#trust(state);
    const message = decodeMessage(commit);
    const group = await states.read(state, groupRecord(groupId), trust);
    if (message?.wireformat !== "mls_private_message") return false;
    // What happens in a group that this device left concerns it no more.
    if (group === undefined) return (await state.get(leftRecord(groupId))) !== undefined;
    const taken = await takeCommit(group, trust, suite, message.privateMessage, from);
    if (taken === undefined) return false;
    // Of a group that this device was taken out of no key stays.
    if (taken.isOut) this.#deleteStates(state, groupId);
    else states.write(state, groupRecord(groupId), taken.group);
    states.delete(state, pendingRecord(groupId));
    erase(taken.consumed);
    return true;
  }

  /** Devices that a commit or a welcome brings, and whose identity keys are to be known before it can be taken. */
  async strangers(
    state: StateTransaction,
    groupId: string,
    from: DeviceAddress,
    { kind, body }: Pick<ReceivedCiphertext, "kind" | "body">,
  ): Promise<readonly DeviceAddress[]> {
    const trust = new Trust(state, this.#listed(), true);
    const message = decodeMessage(body);
    if (message?.wireformat === "mls_welcome" && kind === kinds.welcome) {
      await this.#join(state, message.welcome, trust);
    } else if (message?.wireformat === "mls_private_message") {
      const group = await this.#device.states.read(state, groupRecord(groupId), trust);
      if (group !== undefined) await takeCommit(group, trust, this.#device.suite, message.privateMessage, from);
    }
    return [...trust.strangers.values()];
  }

  async encrypt(
    state: StateTransaction,
    groupId: string,
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<GroupCiphertext> {
    const { self, states, suite } = this.#device;
    const group = await this.#own(state, groupId);
    const sent = await createApplicationMessage(group, plaintext, suite, new TextEncoder().encode(messageId));
    states.write(state, groupRecord(groupId), sent.newState);
    erase(sent.consumed);
    const to = membersOf(group).flatMap(({ address }) => (isSameAddress(address, self) ? [] : [address]));
    return { kind: kinds.group, body: encodePrivate(sent.privateMessage), to, before: [] };
  }

  /** What is kept of the group is deleted. The others have this device in their tree until one of them takes it out. */
  async leave(state: StateTransaction, groupId: string): Promise<void> {
    this.#deleteStates(state, groupId);
    state.put(leftRecord(groupId), new Uint8Array());
  }

  /** Opens a group's message, or joins by a welcome. */
  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    { kind, body, groupId, messageId }: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    const message = groupId === undefined ? undefined : decodeMessage(body);
    if (groupId === undefined || message === undefined) return undecryptable;
    if (kind === kinds.welcome && message.wireformat === "mls_welcome") {
      return this.#welcome(state, groupId, from, identityKey, message.welcome);
    }
    if (kind !== kinds.group || message.wireformat !== "mls_private_message") return undecryptable;
    const { states, suite } = this.#device;
    const trust = this.#trust(state);
    const group = await states.read(state, groupRecord(groupId), trust);
    if (group === undefined) return undecryptable;
    const sender = { address: from, identityKey, messageId };
    const opened = await openMessage(group, trust, suite, message.privateMessage, sender);
    if (opened === undefined) return undecryptable;
    states.write(state, groupRecord(groupId), opened.group);
    return { kind: "message", plaintext: opened.plaintext, groupId, identityKey };
  }

  async #welcome(
    state: StateTransaction,
    groupId: string,
    from: DeviceAddress,
    identityKey: string,
    welcome: Welcome,
  ): Promise<Received> {
    // Nobody sets back a group that this device is in.
    if ((await this.members(state, groupId)) !== undefined) return undecryptable;
    const joined = await this.#join(state, welcome, this.#trust(state, [addressName(from), identityKey]));
    if (joined === undefined || !isGroup(joined.group, groupId)) return undecryptable;
    const isMember = membersOf(joined.group).some(
      (member) => isSameAddress(member.address, from) && member.identityKey === identityKey,
    );
    if (!isMember || !hasDistinctNames(joined.group)) return undecryptable;
    await this.#device.keyPackages.spend(state, joined.reference);
    this.#device.states.write(state, groupRecord(groupId), joined.group);
    state.delete(leftRecord(groupId));
    if ((await readPeer(state, addressName(from))) === undefined) await this.#sessions.trust(state, from, identityKey);
    return control;
  }

  async #join(
    state: StateTransaction,
    welcome: Welcome,
    trust: Trust,
  ): Promise<{ readonly group: ClientState; readonly reference: string } | undefined> {
    const { keyPackages, suite } = this.#device;
    const own = await keyPackages.find(state, welcome);
    if (own === undefined) return undefined;
    const group = await trust.attempt(() =>
      joinGroup(welcome, own.keyPackage, own.privateKeys, emptyPskIndex, suite, undefined, undefined, trust.config),
    );
    return group && { group, reference: own.reference };
  }

  #deleteStates(state: StateTransaction, groupId: string): void {
    this.#device.states.delete(state, pendingRecord(groupId));
    this.#device.states.delete(state, groupRecord(groupId));
  }

  async #own(state: StateTransaction, groupId: string): Promise<ClientState> {
    const group = await this.#device.states.read(state, groupRecord(groupId), this.#trust(state));
    if (group === undefined) throw new MessagingError("InvalidInput", `This device is in no group ${groupId}.`);
    return group;
  }

  #trust(state: StateTransaction, ...more: readonly (readonly [string, string])[]): Trust {
    return new Trust(state, new Map([...more, ...this.#listed()]));
  }

  #listed(): Map<string, string> {
    return new Map([[addressName(this.#device.self), this.#device.identityKey]]);
  }
}

/** @throws MessagingError InvalidInput when one is no member, or is this device itself */
function removalsOf(group: ClientState, self: DeviceAddress, remove: readonly DeviceAddress[]): Proposal[] {
  const members = new Map(membersOf(group).map((member) => [addressName(member.address), member.leafIndex]));
  return remove.map((address) => {
    const removed = members.get(addressName(address));
    if (removed === undefined || isSameAddress(address, self)) {
      throw new MessagingError("InvalidInput", `${addressName(address)} cannot be taken out: it is no other member.`);
    }
    return { proposalType: "remove", remove: { removed } };
  });
}

function isGroup({ groupContext }: ClientState, groupId: string): boolean {
  return new TextDecoder().decode(groupContext.groupId) === groupId;
}

function idBytes(groupId: string): Uint8Array {
  return new TextEncoder().encode(groupId);
}

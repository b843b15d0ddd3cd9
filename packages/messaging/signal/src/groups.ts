import {
  addressName,
  bytesOfBase64,
  type Ciphertext,
  checkId,
  type DeviceAddress,
  type GroupCiphertext,
  type GroupDevice,
  type MemberChange,
  type MemberList,
  type MembershipChange,
  MessagingError,
  type ProposedChange,
  parseAddress,
  planMemberChange,
  type Received,
  type ReceivedCiphertext,
  type StateTransaction,
  takeMemberChange,
} from "@coffer/messaging";
import { contentTypes } from "./content.ts";
import {
  encodeControl,
  type GroupControl,
  type GroupRecord,
  type OwnSenderKey,
  parseControl,
  readGroup,
  readOwnGroup,
  writeGroup,
} from "./group-record.ts";
import type { OwnDevice } from "./own-device.ts";
import {
  decryptBySenderKey,
  distributeSenderKey,
  dropSenderKeys,
  encryptBySenderKey,
  newDistributionId,
  takeSenderKey,
} from "./sender-keys.ts";
import { beginSession, encryptContent, hasSession, openInDraft } from "./sessions.ts";
import { stateKeys } from "./state-keys.ts";

/** How many messages a sender key encrypts before another takes its place. */
export const maxSenderKeyMessages = 100;
/** Of each sender, how many sender keys are kept: the latest, and the one before for messages that come late. */
const keptSenderKeys = 2;

/**
 * Groups by sender keys, as Signal's. There are no commits: who changes a group tells each member pairwise, and the relay
 * takes one change of an epoch. A sender key is made anew when somebody leaves.
 */
export class SignalGroups implements GroupDevice {
  readonly #own: OwnDevice;
  readonly #self: string;

  constructor(own: OwnDevice) {
    this.#own = own;
    this.#self = addressName(own.self);
  }

  async create(state: StateTransaction, groupId: string): Promise<void> {
    checkId(groupId, "group's id");
    if ((await readGroup(state, groupId)) !== undefined) {
      throw new MessagingError("InvalidInput", `This device is in a group "${groupId}" already.`);
    }
    writeGroup(state, groupId, { epoch: 0, members: [this.#self], heard: [] });
  }

  async members(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[] | undefined> {
    return (await readGroup(state, groupId))?.members.map(parseAddress);
  }

  async epoch(state: StateTransaction, groupId: string): Promise<number> {
    return (await readOwnGroup(state, groupId)).epoch;
  }

  async propose(state: StateTransaction, groupId: string, change: MembershipChange): Promise<ProposedChange> {
    const group = await readOwnGroup(state, groupId);
    const planned = planMemberChange(groupId, group, this.#self, change);
    for (const { address, bundle } of change.add) {
      if (!(await hasSession(this.#own, state, address))) await beginSession(this.#own, state, address, bundle);
    }
    const welcomes = await this.#tell(state, planned.members, planned);
    writeGroup(state, groupId, { ...group, pending: planned.members });
    return { epoch: group.epoch, commit: undefined, welcomes };
  }

  async settle(state: StateTransaction, groupId: string, accepted: boolean): Promise<void> {
    const { pending, ...group } = await readOwnGroup(state, groupId);
    if (pending === undefined || !accepted) return writeGroup(state, groupId, group);
    await this.#enter(state, groupId, group, { epoch: group.epoch + 1, members: pending });
  }

  // There are no commits: changes come pairwise.
  async applyCommit(): Promise<boolean> {
    return false;
  }

  async encrypt(
    state: StateTransaction,
    groupId: string,
    plaintext: Uint8Array,
    _messageId: string,
  ): Promise<GroupCiphertext> {
    const group = await readOwnGroup(state, groupId);
    const own = await this.#currentSenderKey(state, groupId, group.own);
    const others = group.members.filter((name) => name !== this.#self);
    const without = others.filter((name) => !own.sharedWith.includes(name));
    const before = without.length === 0 ? [] : await this.#share(state, groupId, own.distributionId, without);
    const body = await encryptBySenderKey(this.#own, state, groupId, own.distributionId, plaintext);
    writeGroup(state, groupId, { ...group, own: { ...own, sharedWith: others, messages: own.messages + 1 } });
    return { kind: "senderKey", body, to: others.map(parseAddress), before };
  }

  async leave(state: StateTransaction, groupId: string): Promise<void> {
    state.delete(stateKeys.group(groupId));
    for (const key of await state.list(stateKeys.senderKeys(groupId))) state.delete(key);
  }

  /** Opens a message of a group. */
  async receive(
    state: StateTransaction,
    from: DeviceAddress,
    { groupId, body }: ReceivedCiphertext,
    identityKey: string,
  ): Promise<Received> {
    if (groupId === undefined) return { kind: "undecryptable" };
    // There are sender keys of members alone, and of groups that this device is in.
    const opened = await openInDraft(state, (draft) =>
      decryptBySenderKey(this.#own, draft, groupId, from, identityKey, body),
    );
    return opened.kind === "opened" ? { kind: "message", plaintext: opened.value, groupId, identityKey } : opened;
  }

  /** Takes what a device sent pairwise for a group. What does not fit changes nothing. */
  async takeControl(
    state: StateTransaction,
    from: DeviceAddress,
    bytes: Uint8Array,
    identityKey: string,
  ): Promise<void> {
    const control = parseControl(bytes);
    if (control?.type === "change") await this.#takeChange(state, addressName(from), control);
    if (control?.type === "senderKey") await this.#takeSenderKey(state, from, control, identityKey);
  }

  /** Gives every group a new sender key at its next message: who took the old ones reads no further. */
  async rotateSenderKeys(state: StateTransaction): Promise<void> {
    for (const groupId of await this.#groupIds(state)) await this.#dropOwn(state, groupId);
  }

  /** Forgets a device's sender keys, and makes own ones anew that it had. */
  async forget(state: StateTransaction, peer: DeviceAddress): Promise<void> {
    const name = addressName(peer);
    for (const groupId of await this.#groupIds(state)) {
      await dropSenderKeys(state, groupId, peer);
      const group = await readOwnGroup(state, groupId);
      if (group.own?.sharedWith.includes(name)) await this.#dropOwn(state, groupId);
    }
  }

  async #groupIds(state: StateTransaction): Promise<string[]> {
    return (await state.list(stateKeys.groups)).map((key) => key.slice(stateKeys.groups.length));
  }

  async #dropOwn(state: StateTransaction, groupId: string): Promise<void> {
    await dropSenderKeys(state, groupId, this.#own.self);
    writeGroup(state, groupId, { ...(await readOwnGroup(state, groupId)), own: undefined });
  }

  async #currentSenderKey(
    state: StateTransaction,
    groupId: string,
    own: OwnSenderKey | undefined,
  ): Promise<OwnSenderKey> {
    if (own !== undefined && own.messages < maxSenderKeyMessages) return own;
    await dropSenderKeys(state, groupId, this.#own.self);
    return { distributionId: newDistributionId(), sharedWith: [], messages: 0 };
  }

  async #share(
    state: StateTransaction,
    groupId: string,
    distributionId: string,
    names: readonly string[],
  ): Promise<Ciphertext[]> {
    const distribution = (await distributeSenderKey(this.#own, state, groupId, distributionId)).toBase64();
    return this.#tell(state, names, { type: "senderKey", groupId, distribution });
  }

  async #tell(state: StateTransaction, names: readonly string[], control: GroupControl): Promise<Ciphertext[]> {
    const content = { type: contentTypes.group, bytes: encodeControl(control) };
    const messages: Ciphertext[] = [];
    for (const name of names) {
      if (name !== this.#self) messages.push(await encryptContent(this.#own, state, parseAddress(name), content));
    }
    return messages;
  }

  async #takeChange(state: StateTransaction, from: string, change: MemberChange): Promise<void> {
    const group = await readGroup(state, change.groupId);
    const list = takeMemberChange(group, this.#self, from, change);
    if (list === "left") return this.leave(state, change.groupId);
    if (list === undefined) return;
    await this.#enter(state, change.groupId, group ?? { ...list, heard: [] }, list);
  }

  async #enter(state: StateTransaction, groupId: string, group: GroupRecord, list: MemberList): Promise<void> {
    const { members } = list;
    const removed = group.members.filter((name) => !members.includes(name));
    for (const name of removed) await dropSenderKeys(state, groupId, parseAddress(name));
    // Who left has this device's sender key.
    if (removed.length > 0) await dropSenderKeys(state, groupId, this.#own.self);
    writeGroup(state, groupId, {
      ...list,
      own: removed.length > 0 ? undefined : group.own,
      heard: group.heard.filter(({ sender }) => members.includes(sender)),
    });
  }

  async #takeSenderKey(
    state: StateTransaction,
    from: DeviceAddress,
    { groupId, distribution }: Extract<GroupControl, { type: "senderKey" }>,
    identityKey: string,
  ): Promise<void> {
    const group = await readGroup(state, groupId);
    const bytes = bytesOfBase64(distribution);
    const sender = addressName(from);
    if (!group?.members.includes(sender) || bytes === undefined) return;
    const taken = await openInDraft(state, (draft) =>
      takeSenderKey(this.#own, draft, groupId, from, identityKey, bytes),
    );
    if (taken.kind !== "opened") return;
    const before = group.heard.find((heard) => heard.sender === sender)?.distributionIds ?? [];
    const distributionIds = [...new Set([taken.value, ...before])].slice(0, keptSenderKeys);
    await dropSenderKeys(state, groupId, from, distributionIds);
    const others = group.heard.filter((heard) => heard.sender !== sender);
    writeGroup(state, groupId, { ...group, heard: [...others, { sender, distributionIds }] });
  }
}

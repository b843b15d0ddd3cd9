import {
  addressName,
  checkId,
  type DeviceAddress,
  type GroupCiphertext,
  type GroupDevice,
  type MemberList,
  type MembershipChange,
  MessagingError,
  type ProposedChange,
  parseAddress,
  parseMemberChange,
  planMemberChange,
  type StateTransaction,
  takeMemberChange,
} from "@coffer/messaging";
import { contentTypes } from "./content.ts";
import type { Exchange } from "./exchange.ts";
import { readJson, stateKeys, writeJson } from "./state-keys.ts";

/** Groups: each message is encrypted once, with a key for each member. Members tell each other of changes. */
export class OpenPgpGroups implements GroupDevice {
  readonly #exchange: Exchange;
  readonly #self: string;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#self = addressName(exchange.self);
  }

  async create(state: StateTransaction, groupId: string): Promise<void> {
    checkId(groupId, "group's id");
    if ((await this.#find(state, groupId)) !== undefined) {
      throw new MessagingError("InvalidInput", `This device is in a group "${groupId}" already.`);
    }
    this.#write(state, groupId, { epoch: 0, members: [this.#self] });
  }

  async members(state: StateTransaction, groupId: string): Promise<readonly DeviceAddress[] | undefined> {
    return (await this.#find(state, groupId))?.members.map(parseAddress);
  }

  async epoch(state: StateTransaction, groupId: string): Promise<number> {
    return (await this.#get(state, groupId)).epoch;
  }

  async propose(state: StateTransaction, groupId: string, change: MembershipChange): Promise<ProposedChange> {
    const group = await this.#get(state, groupId);
    const planned = planMemberChange(groupId, group, this.#self, change);
    for (const { address, bundle } of change.add) await this.#exchange.peers.take(state, address, bundle);
    const welcomes = await this.#exchange.tell(state, planned.members.map(parseAddress), writeJson(planned));
    this.#write(state, groupId, { ...group, pending: planned.members });
    return { epoch: group.epoch, commit: undefined, welcomes };
  }

  async settle(state: StateTransaction, groupId: string, accepted: boolean): Promise<void> {
    const { pending, epoch, members } = await this.#get(state, groupId);
    const isTaken = accepted && pending !== undefined;
    this.#write(state, groupId, isTaken ? { epoch: epoch + 1, members: pending } : { epoch, members });
  }

  // There are no commits: changes come pairwise.
  async applyCommit(): Promise<boolean> {
    return false;
  }

  async encrypt(
    state: StateTransaction,
    groupId: string,
    plaintext: Uint8Array,
    messageId: string,
  ): Promise<GroupCiphertext> {
    const { members } = await this.#get(state, groupId);
    const to = members.filter((name) => name !== this.#self).map(parseAddress);
    const content = { type: contentTypes.message, messageId, groupId, bytes: plaintext };
    return { ...(await this.#exchange.write(state, to, content)), to, before: [] };
  }

  async leave(state: StateTransaction, groupId: string): Promise<void> {
    state.delete(stateKeys.group(groupId));
  }

  /** Whether a device is in a group that this device is in. */
  async isMember(state: StateTransaction, groupId: string, device: DeviceAddress): Promise<boolean> {
    return (await this.#find(state, groupId))?.members.includes(addressName(device)) ?? false;
  }

  /** Takes a change that a device told. What does not fit changes nothing. */
  async takeChange(state: StateTransaction, from: DeviceAddress, bytes: Uint8Array): Promise<void> {
    const change = parseMemberChange(parseJson(bytes));
    if (change === undefined) return;
    const group = await this.#find(state, change.groupId);
    const list = takeMemberChange(group, this.#self, addressName(from), change);
    if (list === "left") return this.leave(state, change.groupId);
    if (list !== undefined) this.#write(state, change.groupId, list);
  }

  async #find(state: StateTransaction, groupId: string): Promise<MemberList | undefined> {
    return readJson<MemberList>(await state.get(stateKeys.group(groupId)));
  }

  async #get(state: StateTransaction, groupId: string): Promise<MemberList> {
    const group = await this.#find(state, groupId);
    if (group === undefined) throw new MessagingError("InvalidInput", `This device is in no group "${groupId}".`);
    return group;
  }

  #write(state: StateTransaction, groupId: string, group: MemberList): void {
    state.put(stateKeys.group(groupId), writeJson(group));
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

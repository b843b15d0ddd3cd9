import { addressName, checkId, parseAddress } from "./addresses.ts";
import { MessagingError } from "./errors.ts";
import type { MembershipChange } from "./group-device.ts";

/**
 * A group of a protocol that has no commits: a list of devices, of which each member tells the others pairwise. Members are
 * names, `USER/DEVICE`. There is no agreement of all: the relay takes one change of an epoch, and each device believes members.
 */
export interface MemberList {
  /** The number of changes. */
  readonly epoch: number;
  readonly members: readonly string[];
  /** The members after a change of this device's that the relay has not taken yet. */
  readonly pending?: readonly string[] | undefined;
}

/** What a member tells each other member: everybody who is in from now on, and who came by this change. */
export interface MemberChange {
  readonly type: "change";
  readonly groupId: string;
  /** The epoch that begins. */
  readonly epoch: number;
  readonly members: readonly string[];
  readonly added: readonly string[];
}

/** The most devices of a group. */
export const maxMembers = 1000;

/**
 * The change that `self` tells.
 *
 * @throws MessagingError InvalidInput
 */
export function planMemberChange(
  groupId: string,
  { epoch, members: before }: MemberList,
  self: string,
  { add, remove }: MembershipChange,
): MemberChange {
  const removed = new Set(remove.map(addressName));
  if (removed.has(self)) throw new MessagingError("InvalidInput", "A device leaves by leave.");
  const added = [...new Set(add.map(({ address }) => addressName(address)))].filter((name) => !before.includes(name));
  const members = [...before.filter((name) => !removed.has(name)), ...added];
  if (members.length > maxMembers) throw new MessagingError("InvalidInput", `A group has up to ${maxMembers} devices.`);
  return { type: "change", groupId, epoch: epoch + 1, members, added };
}

/** Reads what a device told; undefined when it is no change. */
export function parseMemberChange(value: unknown): MemberChange | undefined {
  try {
    const { type, groupId, epoch, members, added } = value as Readonly<Record<string, unknown>>;
    checkId(groupId, "group's id");
    if (type !== "change" || !Number.isSafeInteger(epoch) || (epoch as number) < 1) return undefined;
    return { type, groupId, epoch: epoch as number, members: parseNames(members), added: parseNames(added) };
  } catch {
    return undefined;
  }
}

/**
 * What a change makes of a list. A change is a member's to make, and later than what is known; who is outside comes in only
 * as one who was added, so that nobody who left is brought back by others who do not know it yet.
 *
 * @param list undefined when this device is in no such group
 * @returns the new list, `left` when this device is no member any more, or undefined when the change is refused
 */
export function takeMemberChange(
  list: MemberList | undefined,
  self: string,
  from: string,
  { epoch, members, added }: MemberChange,
): MemberList | "left" | undefined {
  if (!members.includes(from)) return undefined;
  if (list === undefined) return members.includes(self) && added.includes(self) ? { epoch, members } : undefined;
  if (epoch <= list.epoch || !list.members.includes(from)) return undefined;
  return members.includes(self) ? { epoch, members, pending: list.pending } : "left";
}

function parseNames(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxMembers) throw new TypeError("no list of members");
  const names = value.map((name) => {
    if (typeof name !== "string") throw new TypeError("a member is no name");
    parseAddress(name);
    return name;
  });
  if (new Set(names).size !== names.length) throw new TypeError("a member stands there twice");
  return names;
}

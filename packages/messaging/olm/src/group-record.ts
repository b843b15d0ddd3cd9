import { checkId, MessagingError, parseAddress, type StateTransaction } from "@coffer/messaging";

/** A group as this device knows it. Members are names, `USER/DEVICE`. */
export interface GroupRecord {
  /** The number of changes. */
  readonly epoch: number;
  readonly members: readonly string[];
  /** The members after a change of this device's that the relay has not taken yet. */
  readonly pending?: readonly string[] | undefined;
}

/** The most devices of a group: each gets a message for each new key. */
export const maxMembers = 1000;

function groupKey(groupId: string): string {
  return `protocol/olm/groups/${groupId}`;
}

export async function readGroup(state: StateTransaction, groupId: string): Promise<GroupRecord | undefined> {
  const record = await state.get(groupKey(groupId));
  return record === undefined ? undefined : (JSON.parse(new TextDecoder().decode(record)) as GroupRecord);
}

export function writeGroup(state: StateTransaction, groupId: string, group: GroupRecord): void {
  state.put(groupKey(groupId), new TextEncoder().encode(JSON.stringify(group)));
}

export function removeGroup(state: StateTransaction, groupId: string): void {
  state.delete(groupKey(groupId));
}

/** @throws MessagingError InvalidInput when there are too many */
export function checkMembers(members: readonly string[]): void {
  if (members.length <= maxMembers) return;
  throw new MessagingError("InvalidInput", `A group has up to ${maxMembers} devices.`);
}

/** What somebody says are a group's members; undefined when it is malformed. */
export function parseMembership(
  content: Readonly<Record<string, unknown>>,
): { readonly groupId: string; readonly epoch: number; readonly members: readonly string[] } | undefined {
  const { groupId, epoch, members } = content;
  try {
    checkId(groupId, "group's id");
    if (!Number.isSafeInteger(epoch) || (epoch as number) < 1) return undefined;
    if (!Array.isArray(members) || members.length > maxMembers) return undefined;
    for (const name of members) {
      if (typeof name !== "string") return undefined;
      parseAddress(name);
    }
    if (new Set(members).size !== members.length) return undefined;
    return { groupId, epoch: epoch as number, members: members as readonly string[] };
  } catch {
    return undefined;
  }
}

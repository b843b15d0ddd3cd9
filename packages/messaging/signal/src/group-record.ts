import {
  checkId,
  type MemberChange,
  type MemberList,
  MessagingError,
  parseMemberChange,
  type StateTransaction,
} from "@coffer/messaging";
import { stateKeys } from "./state-keys.ts";

/** A group as this device knows it. Members are names, `USER/DEVICE`. */
export interface GroupRecord extends MemberList {
  /** This device's sender key; undefined when the next message needs a new one. */
  readonly own?: OwnSenderKey | undefined;
  /** Sender keys of others: of each the latest two, the latest first. */
  readonly heard: readonly HeardSenderKeys[];
}

export interface OwnSenderKey {
  /** A UUID. */
  readonly distributionId: string;
  /** Members that have it. */
  readonly sharedWith: readonly string[];
  /** How many messages it encrypted. */
  readonly messages: number;
}

export interface HeardSenderKeys {
  readonly sender: string;
  readonly distributionIds: readonly string[];
}

/** What is sent pairwise for a group. */
export type GroupControl =
  | MemberChange
  /** The sender's sender key: base64 of libsignal's SenderKeyDistributionMessage. */
  | { readonly type: "senderKey"; readonly groupId: string; readonly distribution: string };

export async function readGroup(state: StateTransaction, groupId: string): Promise<GroupRecord | undefined> {
  const bytes = await state.get(stateKeys.group(groupId));
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as GroupRecord);
}

/** @throws MessagingError InvalidInput when this device is in no such group */
export async function readOwnGroup(state: StateTransaction, groupId: string): Promise<GroupRecord> {
  const group = await readGroup(state, groupId);
  if (group === undefined) throw new MessagingError("InvalidInput", `This device is in no group "${groupId}".`);
  return group;
}

export function writeGroup(state: StateTransaction, groupId: string, group: GroupRecord): void {
  state.put(stateKeys.group(groupId), new TextEncoder().encode(JSON.stringify(group)));
}

export function encodeControl(control: GroupControl): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(control));
}

/** What a member sent; undefined when it is malformed. */
export function parseControl(bytes: Uint8Array): GroupControl | undefined {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Record<string, unknown>;
    const { type, groupId, distribution } = value;
    if (type !== "senderKey" || typeof distribution !== "string") return parseMemberChange(value);
    checkId(groupId, "group's id");
    return { type, groupId, distribution };
  } catch {
    return undefined;
  }
}

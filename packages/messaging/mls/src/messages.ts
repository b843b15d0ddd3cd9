import { addressName, base64OfBytes, type DeviceAddress, isSameAddress } from "@coffer/messaging";
import {
  type CiphersuiteImpl,
  type ClientState,
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  type LeafNode,
  type MLSMessage,
  type PrivateMessage,
  type ProposalWithSender,
  processPrivateMessage,
  type Welcome,
} from "ts-mls";
import { addressOf, type Trust } from "./trust.ts";

/** A member of a group. */
export interface Member {
  readonly address: DeviceAddress;
  /** Base64; the signature key of its leaf. */
  readonly identityKey: string;
  readonly leafIndex: number;
}

/** One message that is all of `bytes` from `offset` on; undefined when it is none. */
export function decodeMessage(bytes: Uint8Array, offset = 0): MLSMessage | undefined {
  const [message, length] = decodeFirstMessage(bytes, offset) ?? [];
  return length === bytes.length - offset ? message : undefined;
}

/** The message at `offset`, and how many octets it has. */
export function decodeFirstMessage(bytes: Uint8Array, offset: number): [MLSMessage, number] | undefined {
  try {
    return decodeMlsMessage(bytes, offset);
  } catch {
    return undefined;
  }
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  return encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome });
}

export function encodePrivate(privateMessage: PrivateMessage): Uint8Array {
  return encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage });
}

/** The members of a group, in the order of their leaves. */
export function membersOf({ ratchetTree }: Pick<ClientState, "ratchetTree">): Member[] {
  return ratchetTree.flatMap((node, at) => (node?.nodeType === "leaf" ? memberOf(node.leaf, at / 2) : []));
}

function memberOf(leaf: LeafNode, leafIndex: number): Member[] {
  const address = addressOf(leaf.credential);
  return address === undefined ? [] : [{ address, identityKey: base64OfBytes(leaf.signaturePublicKey), leafIndex }];
}

/**
 * Who sent a message that was opened. The library verifies the signature of the leaf that the header names, and does not say
 * which one that was; it is the one whose keys went forward: exactly one node of the secret tree is another object then.
 */
function senderOf(before: ClientState, { epoch }: PrivateMessage, after: ClientState): Member | undefined {
  const [from, to] = [keysOf(before, epoch), keysOf(after, epoch)];
  if (from === undefined || to === undefined) return undefined;
  const moved = to.secretTree.flatMap((node, at) => (node === from.secretTree[at] ? [] : [at]));
  const [at, ...more] = moved;
  if (at === undefined || more.length > 0) return undefined;
  const node = from.ratchetTree[at];
  return node?.nodeType === "leaf" ? memberOf(node.leaf, at / 2)[0] : undefined;
}

function keysOf(group: ClientState, epoch: bigint): Pick<ClientState, "secretTree" | "ratchetTree"> | undefined {
  return epoch === group.groupContext.epoch ? group : group.historicalReceiverData.get(epoch);
}

/** A message that opened. */
export interface Opened {
  readonly group: ClientState;
  readonly plaintext: Uint8Array;
}

/**
 * Opens an application message of one certain device.
 *
 * @param messageId under which it came; the sender signed it as authenticated data
 */
export function openMessage(
  group: ClientState,
  trust: Trust,
  suite: CiphersuiteImpl,
  message: PrivateMessage,
  from: { readonly address: DeviceAddress; readonly identityKey: string; readonly messageId: string },
): Promise<Opened | undefined> {
  return trust.attempt(async () => {
    if (message.contentType !== "application" || !isOfGroup(group, message)) return undefined;
    if (new TextDecoder().decode(message.authenticatedData) !== from.messageId) return undefined;
    const opened = await processPrivateMessage(group, message, emptyPskIndex, suite);
    if (opened.kind !== "applicationMessage") return undefined;
    const sender = senderOf(group, message, opened.newState);
    if (sender === undefined || sender.identityKey !== from.identityKey) return undefined;
    if (!isSameAddress(sender.address, from.address)) return undefined;
    erase(opened.consumed);
    return { group: opened.newState, plaintext: opened.message };
  });
}

/** A commit that was taken. */
export interface TakenCommit {
  /** After it. */
  readonly group: ClientState;
  /** Whether this device is in the group no more. */
  readonly isOut: boolean;
  /** Keys that have served, once the group after it is kept. */
  readonly consumed: readonly Uint8Array[];
}

/**
 * Takes a commit of one certain device: the next of the group, with members who come and go and nothing else.
 */
export function takeCommit(
  group: ClientState,
  trust: Trust,
  suite: CiphersuiteImpl,
  message: PrivateMessage,
  from: DeviceAddress,
): Promise<TakenCommit | undefined> {
  return trust.attempt(async () => {
    if (message.contentType !== "commit" || !isOfGroup(group, message)) return undefined;
    if (message.epoch !== group.groupContext.epoch) return undefined;
    const isFrom = (leafIndex: number | undefined) =>
      membersOf(group).some((member) => member.leafIndex === leafIndex && isSameAddress(member.address, from));
    const taken = await processPrivateMessage(group, message, emptyPskIndex, suite, (incoming) =>
      incoming.kind === "commit" && isFrom(incoming.senderLeafIndex) && incoming.proposals.every(isMembership)
        ? "accept"
        : "reject",
    );
    if (taken.kind !== "newState" || taken.actionTaken !== "accept") return undefined;
    const isOut = taken.newState.groupActiveState.kind === "removedFromGroup";
    if (!isOut && !hasDistinctNames(taken.newState)) return undefined;
    return { group: taken.newState, isOut, consumed: taken.consumed };
  });
}

/** Whether each member has a name, and one that no other has. */
export function hasDistinctNames(group: ClientState): boolean {
  const leaves = group.ratchetTree.filter((node) => node?.nodeType === "leaf").length;
  return new Set(membersOf(group).map(({ address }) => addressName(address))).size === leaves;
}

/** Overwrites keys that have served. */
export function erase(consumed: readonly Uint8Array[]): void {
  for (const key of consumed) key.fill(0);
}

function isMembership({ proposal }: ProposalWithSender): boolean {
  return proposal.proposalType === "add" || proposal.proposalType === "remove";
}

function isOfGroup({ groupContext }: ClientState, { groupId }: PrivateMessage): boolean {
  return base64OfBytes(groupContext.groupId) === base64OfBytes(groupId);
}

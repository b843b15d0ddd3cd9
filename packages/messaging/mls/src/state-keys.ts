import { addressName, type DeviceAddress } from "@coffer/messaging";

// Where what is kept stands in a device's state.

export const signingKeyRecord = "protocol/mls/signing-key";
export const lastResortRecord = "protocol/mls/last-resort";
const peerPrefix = "protocol/mls/peers/";

/** What is known of a device, as JSON. */
export function peerRecord(name: string): string {
  return `${peerPrefix}${name}`;
}

/** The state of a session of two, by the hexadecimal id of its group. */
export function sessionRecord(peer: DeviceAddress, id: string): string {
  return `protocol/mls/sessions/${addressName(peer)}/${id}`;
}

/** The state of a named group, in its epoch. */
export function groupRecord(groupId: string): string {
  return `protocol/mls/groups/${groupId}`;
}

/** The state of a named group after a change of ours that the relay has not taken yet. */
export function pendingRecord(groupId: string): string {
  return `protocol/mls/pending/${groupId}`;
}

/** The private part of a key package, by the hexadecimal reference of it (RFC 9420, section 5.2). */
export function keyPackageRecord(reference: string): string {
  return `protocol/mls/key-packages/${reference}`;
}

/** Marks a named group that this device left, while the others may not have taken it out yet. */
export function leftRecord(groupId: string): string {
  return `protocol/mls/left/${groupId}`;
}

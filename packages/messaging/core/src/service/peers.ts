import { type DeviceEntry, type DeviceList, parseDeviceList, type SignedDeviceList } from "../device-list.ts";
import { MessagingError } from "../errors.ts";
import { recordKind } from "./records.ts";

/** What a device knows of a user: the account key that it trusts, and the newest list that this key signed. */
export interface Peer {
  /** Base64, Ed25519: seen first, or accepted since. */
  readonly accountKey: string;
  /** Whether people compared safety numbers. */
  readonly verified: boolean;
  readonly list: SignedDeviceList;
  /** A list of another account key, which waits for being accepted. */
  readonly offered?: SignedDeviceList | undefined;
}

/** Peers, by user id. */
export const peers = recordKind<Peer>("peer");

/** What a list that came means. */
export interface Judgement {
  readonly peer: Peer;
  readonly list: DeviceList;
  /** Whether the record is to be kept. */
  readonly changed: boolean;
  /** Devices that went or that are others now: what was agreed with them is of no use. */
  readonly gone: readonly DeviceEntry[];
  readonly added: readonly DeviceEntry[];
}

/**
 * Judges a user's list that came from the relay or by hand: trust on first use, then the same account key until the
 * new one is accepted, and versions that never go back.
 *
 * @throws MessagingError DeviceListRefused, RelayDishonest
 */
export function judgeList(known: Peer | undefined, userId: string, signed: SignedDeviceList): Judgement {
  const list = parseDeviceList(signed);
  if (list.userId !== userId) {
    throw new MessagingError("DeviceListRefused", `The device list that came for ${userId} is another user's.`);
  }
  const kept = { text: signed.text, signature: signed.signature };
  if (known === undefined) {
    const peer = { accountKey: list.accountKey, verified: false, list: kept };
    return { peer, list, changed: true, gone: [], added: list.devices };
  }
  const before = parseDeviceList(known.list);
  if (list.accountKey !== known.accountKey) {
    return { peer: { ...known, offered: kept }, list: before, changed: true, gone: [], added: [] };
  }
  if (list.version < before.version) {
    throw new MessagingError(
      "RelayDishonest",
      `The device list of ${userId} went back from version ${before.version} to ${list.version}: it is not used.`,
    );
  }
  if (list.version === before.version) {
    if (signed.text === known.list.text) {
      const { offered, ...peer } = known;
      return { peer, list, changed: offered !== undefined, gone: [], added: [] };
    }
    throw new MessagingError("RelayDishonest", `There are two device lists of ${userId} of version ${list.version}.`);
  }
  const stays = (one: DeviceEntry, others: readonly DeviceEntry[]) => others.some((other) => isSameDevice(one, other));
  return {
    peer: { accountKey: known.accountKey, verified: known.verified, list: kept },
    list,
    changed: true,
    gone: before.devices.filter((device) => !stays(device, list.devices)),
    added: list.devices.filter((device) => !stays(device, before.devices)),
  };
}

/** The newest list that a trusted account key signed. */
export function trustedList(peer: Peer): DeviceList {
  return parseDeviceList(peer.list);
}

/**
 * The record of a peer whose new account key is accepted.
 *
 * @returns undefined when none was offered
 */
export function acceptOffer(known: Peer, userId: string): Judgement | undefined {
  if (known.offered === undefined) return undefined;
  const { peer, list } = judgeList(undefined, userId, known.offered);
  return { peer, list, changed: true, gone: trustedList(known).devices, added: list.devices };
}

/** The error of a user whose account key is another one now. */
export function identityChanged(userId: string): MessagingError {
  return new MessagingError(
    "IdentityChanged",
    `The account key of ${userId} is another one than before; nothing was sent. Compare safety numbers with ${userId}, then call acceptNewIdentity.`,
  );
}

function isSameDevice(a: DeviceEntry, b: DeviceEntry): boolean {
  return (
    a.deviceId === b.deviceId &&
    a.protocol === b.protocol &&
    a.identityKey === b.identityKey &&
    a.registrationId === b.registrationId
  );
}

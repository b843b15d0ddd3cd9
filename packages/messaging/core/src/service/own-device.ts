import { ed25519 } from "@noble/curves/ed25519.js";
import type { DeviceAddress } from "../addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "../base64.ts";
import { type DeviceEntry, type DeviceList, type SignedDeviceList, signDeviceList } from "../device-list.ts";
import type { E2EDevice, E2EProtocol } from "../e2e-protocol.ts";
import { MessagingError } from "../errors.ts";
import { randomBytes } from "../platform.ts";
import type { ProtocolId } from "../protocols.ts";
import type { StateTransaction, Vault } from "../vault/vault.ts";
import { recordKind } from "./records.ts";

/** What a device knows of itself. Keys are base64 of 32 bytes (Ed25519, RFC 8032). */
export interface OwnDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly protocol: ProtocolId;
  readonly registrationId: number;
  readonly signingPrivateKey: string;
  readonly accountKey: string;
  readonly accountPrivateKey: string;
}

/** What a device has before it has an account. */
export type DeviceKeys = Omit<OwnDevice, "accountKey" | "accountPrivateKey">;

const ownDevices = recordKind<OwnDevice>("self");

/** A device that was opened, and whether its vault was empty before. */
export interface OpenedDevice {
  readonly own: OwnDevice;
  readonly device: E2EDevice;
  readonly isNew: boolean;
}

/**
 * Opens a device's records, or sets it up in an empty vault.
 *
 * @param accountPrivateKey of the user, from another device of theirs; a new account is made without
 * @throws MessagingError VaultUnreadable when the vault is another device's
 */
export function openOwnDevice(
  vault: Vault,
  protocol: E2EProtocol,
  address: DeviceAddress,
  accountPrivateKey: Uint8Array | undefined,
): Promise<OpenedDevice> {
  return vault.transact(async (state) => {
    const known = await ownDevices.get(state);
    const own = known ?? newDevice(address, protocol.facts.id, accountPrivateKey);
    const isSame =
      own.userId === address.userId && own.deviceId === address.deviceId && own.protocol === protocol.facts.id;
    if (!isSame) {
      throw new MessagingError(
        "VaultUnreadable",
        `The vault is that of ${own.userId}/${own.deviceId} for ${own.protocol}: give each device one of its own.`,
      );
    }
    if (accountPrivateKey !== undefined && base64OfBytes(accountPrivateKey) !== own.accountPrivateKey) {
      throw new MessagingError("InvalidInput", "The vault's device belongs to another account key than the given one.");
    }
    if (known === undefined) ownDevices.put(state, own);
    return { own, device: await protocol.open(address, state), isNew: known === undefined };
  });
}

/** Whether a device was set up. */
export async function hasOwnDevice(state: StateTransaction): Promise<boolean> {
  return (await ownDevices.get(state)) !== undefined;
}

/** Sets up a device with an account of another's. @throws MessagingError InvalidInput when there is one */
export async function keepOwnDevice(state: StateTransaction, own: OwnDevice): Promise<void> {
  if (await hasOwnDevice(state)) throw new MessagingError("InvalidInput", "The vault has a device already.");
  ownDevices.put(state, own);
}

/** 32 bytes: the account's private key. @throws MessagingError VaultUnreadable */
export async function accountPrivateKeyOf(state: StateTransaction): Promise<Uint8Array> {
  const own = await ownDevices.get(state);
  if (own === undefined) throw new MessagingError("VaultUnreadable", "The vault has no device.");
  return bytesOfBase64(own.accountPrivateKey)!;
}

/** The entry of the own device as its list names it. */
export function ownEntry(own: DeviceKeys, identityKey: string): DeviceEntry {
  const { deviceId, protocol, registrationId } = own;
  const signingKey = base64OfBytes(ed25519.getPublicKey(bytesOfBase64(own.signingPrivateKey)!));
  return { deviceId, protocol, identityKey, signingKey, registrationId };
}

/** Signs by the device's key. */
export function signByDevice(own: OwnDevice, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, bytesOfBase64(own.signingPrivateKey)!);
}

/** Signs the user's list of devices. */
export function signOwnList(own: OwnDevice, list: Pick<DeviceList, "version" | "devices">): SignedDeviceList {
  const { userId, accountKey } = own;
  return signDeviceList(
    { userId, version: list.version, accountKey, devices: list.devices },
    bytesOfBase64(own.accountPrivateKey)!,
  );
}

function newDevice(address: DeviceAddress, protocol: ProtocolId, given: Uint8Array | undefined): OwnDevice {
  if (given !== undefined && given.length !== 32) {
    throw new MessagingError("InvalidInput", "The account's private key must have 32 bytes.");
  }
  const accountPrivateKey = given ?? randomBytes(32);
  return {
    ...deviceKeys(address, protocol),
    accountKey: base64OfBytes(ed25519.getPublicKey(accountPrivateKey)),
    accountPrivateKey: base64OfBytes(accountPrivateKey),
  };
}

/** Keys of a new device. */
export function deviceKeys({ userId, deviceId }: DeviceAddress, protocol: ProtocolId): DeviceKeys {
  return {
    userId,
    deviceId,
    protocol,
    registrationId: newRegistrationId(),
    signingPrivateKey: base64OfBytes(randomBytes(32)),
  };
}

/** 1 to 2^31 - 1. */
function newRegistrationId(): number {
  const number = new DataView(randomBytes(4).buffer).getUint32(0) >>> 1;
  return number === 0 ? 1 : number;
}

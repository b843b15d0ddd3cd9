import { ed25519 } from "@noble/curves/ed25519.js";
import { checkId } from "./addresses.ts";
import { base64OfBytes, bytesOfBase64 } from "./base64.ts";
import { MessagingError } from "./errors.ts";
import { type ProtocolId, protocols } from "./protocols.ts";

/** One device as its account vouches for it. */
export interface DeviceEntry {
  readonly deviceId: string;
  readonly protocol: ProtocolId;
  /** Base64; the protocol's own identity of the device. */
  readonly identityKey: string;
  /** Base64, 32 bytes, Ed25519: by it the device proves to the relay that it is this one. */
  readonly signingKey: string;
  /** 1 to 2^31 - 1; another one when a device is set up anew under the same id. */
  readonly registrationId: number;
}

/** All devices of a user. */
export interface DeviceList {
  readonly userId: string;
  /** From 1; each list of a user is one more than the one before. */
  readonly version: number;
  /** Base64, 32 bytes, Ed25519: the user's own, which no server has. */
  readonly accountKey: string;
  /** Up to `maxDevices`, no id twice. */
  readonly devices: readonly DeviceEntry[];
}

/** A list as its account signed it: the exact text, so that nothing has to be written again to check it. */
export interface SignedDeviceList {
  readonly text: string;
  /** Base64, 64 bytes. */
  readonly signature: string;
}

/** The most devices that a user has. */
export const maxDevices = 100;
/** The most characters of a signed list's text. */
export const maxDeviceListCharacters = 128 * 1024;

// What is signed begins with what it is, so that no signature serves for anything else.
const label = "coffer device list 1\n";
const registrationIdLimit = 2 ** 31;

/** Signs a list by the account's private key (32 bytes, Ed25519, RFC 8032). */
export function signDeviceList(list: DeviceList, accountPrivateKey: Uint8Array): SignedDeviceList {
  const text = JSON.stringify(list);
  return { text, signature: base64OfBytes(ed25519.sign(encode(text), accountPrivateKey)) };
}

/**
 * Reads a list and checks its signature by the account key that it names. Whether that is the user's key is for the caller
 * to know.
 *
 * @throws MessagingError DeviceListRefused
 */
export function parseDeviceList({ text, signature }: SignedDeviceList): DeviceList {
  if (typeof text !== "string" || text.length > maxDeviceListCharacters) throw refused("it is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused("it is no JSON");
  }
  const list = readList(value);
  const signatureBytes = bytesOfBase64(signature);
  const key = bytesOfBase64(list.accountKey);
  if (signatureBytes?.length !== 64 || !isSigned(signatureBytes, encode(text), key!)) {
    throw refused("its signature is not its account's");
  }
  return list;
}

function isSigned(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

function readList(value: unknown): DeviceList {
  if (!isRecord(value)) throw refused("it is no object");
  const { userId, version, accountKey, devices, ...others } = value;
  checkNothingElse(others);
  checkListId(userId, "user's id");
  if (!isPositive(version, Number.MAX_SAFE_INTEGER)) throw refused("its version is no number from 1");
  if (!isKey(accountKey)) throw refused("its account key is no Ed25519 key");
  if (!Array.isArray(devices) || devices.length > maxDevices) throw refused(`it has not up to ${maxDevices} devices`);
  const entries = devices.map(readDeviceEntry);
  if (new Set(entries.map(({ deviceId }) => deviceId)).size !== entries.length) throw refused("it has a device twice");
  return { userId, version, accountKey, devices: entries };
}

/** Reads one device's entry. @throws MessagingError DeviceListRefused */
export function readDeviceEntry(value: unknown): DeviceEntry {
  if (!isRecord(value)) throw refused("a device is no object");
  const { deviceId, protocol, identityKey, signingKey, registrationId, ...others } = value;
  checkNothingElse(others);
  checkListId(deviceId, "device's id");
  if (typeof protocol !== "string" || !protocols.has(protocol as ProtocolId)) throw refused("a protocol is unknown");
  if (typeof identityKey !== "string" || !bytesOfBase64(identityKey)?.length)
    throw refused("an identity key is no base64");
  if (!isKey(signingKey)) throw refused("a signing key is no Ed25519 key");
  if (!isPositive(registrationId, registrationIdLimit - 1))
    throw refused("a registration id is no number from 1 to 2^31 - 1");
  return { deviceId, protocol: protocol as ProtocolId, identityKey, signingKey, registrationId };
}

function checkListId(id: unknown, what: string): asserts id is string {
  try {
    checkId(id, what);
  } catch (cause) {
    throw refused(`the ${what} is none`, cause);
  }
}

function checkNothingElse(others: object): void {
  if (Object.keys(others).length > 0) throw refused("it has members that are unknown");
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && bytesOfBase64(value)?.length === 32;
}

function isPositive(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(label + text);
}

function refused(why: string, cause?: unknown): MessagingError {
  return new MessagingError("DeviceListRefused", `The device list is refused: ${why}.`, { cause });
}

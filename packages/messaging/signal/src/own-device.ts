import {
  addressName,
  base64OfBytes,
  type DeviceAddress,
  MessagingError,
  randomBytes,
  type StateTransaction,
} from "@coffer/messaging";
import { IdentityKeyPair, type ProtocolAddress } from "@signalapp/libsignal-client";
import { protocolAddress } from "./addresses.ts";
import { stateKeys } from "./state-keys.ts";

/** What does not change while a device exists, and its clock. */
export interface OwnDevice {
  readonly self: DeviceAddress;
  readonly local: ProtocolAddress;
  /** As libsignal names a device. */
  readonly addressOf: (address: DeviceAddress) => ProtocolAddress;
  readonly identity: IdentityKeyPair;
  /** Base64 of the 33 bytes of the public identity key. */
  readonly identityKey: string;
  /** 1 to 16380, as Signal's. */
  readonly registrationId: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

interface DeviceRecord {
  readonly v: 1;
  /** Base64: libsignal's `IdentityKeyPair`. */
  readonly identity: string;
  readonly registrationId: number;
  /** One counter for the keys of all sets. */
  readonly nextKeyId: number;
}

const registrationIds = 16_380;
const maxRememberedAddresses = 1000;

/** Reads who this device is, or makes it. */
export async function openOwnDevice(
  self: DeviceAddress,
  state: StateTransaction,
  nowMs: () => number,
): Promise<OwnDevice> {
  const record = (await readRecord(state)) ?? makeRecord();
  writeRecord(state, record);
  const identity = IdentityKeyPair.deserialize(Uint8Array.fromBase64(record.identity));
  return {
    self,
    local: protocolAddress(self),
    addressOf: rememberAddresses(),
    identity,
    identityKey: base64OfBytes(identity.publicKey.serialize()),
    registrationId: record.registrationId,
    nowMs,
  };
}

/** Addresses follow from names by a key derivation: the last ones are remembered. */
function rememberAddresses(): (address: DeviceAddress) => ProtocolAddress {
  const known = new Map<string, ProtocolAddress>();
  return (address) => {
    const name = addressName(address);
    const found = known.get(name) ?? protocolAddress(address);
    if (known.size >= maxRememberedAddresses) known.clear();
    known.set(name, found);
    return found;
  };
}

/** Takes ids that no key of this device had. Each is below 2^31. */
export async function takeKeyIds(state: StateTransaction, count: number): Promise<number[]> {
  const record = await readRecord(state);
  if (record === undefined) throw new MessagingError("InvalidInput", "The state is not this device's: open it first.");
  writeRecord(state, { ...record, nextKeyId: record.nextKeyId + count });
  return Array.from({ length: count }, (_, n) => record.nextKeyId + n);
}

function makeRecord(): DeviceRecord {
  // 32 bits, of which the last few are not quite as likely: the number is a label, no secret.
  const random = new DataView(randomBytes(4).buffer).getUint32(0);
  return {
    v: 1,
    identity: base64OfBytes(IdentityKeyPair.generate().serialize()),
    registrationId: 1 + (random % registrationIds),
    nextKeyId: 1,
  };
}

async function readRecord(state: StateTransaction): Promise<DeviceRecord | undefined> {
  const bytes = await state.get(stateKeys.device);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as DeviceRecord);
}

function writeRecord(state: StateTransaction, record: DeviceRecord): void {
  state.put(stateKeys.device, new TextEncoder().encode(JSON.stringify(record)));
}

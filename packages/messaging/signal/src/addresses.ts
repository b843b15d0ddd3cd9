import { addressName, type DeviceAddress } from "@coffer/messaging";
import { Aci, hkdf, ProtocolAddress } from "@signalapp/libsignal-client";

const encoder = new TextEncoder();
const label = "coffer signal address 1";

/**
 * A device as libsignal names it: an ACI (a UUID, version 8 of RFC 9562) that follows from `USER/DEVICE` by HKDF-SHA-256
 * (RFC 5869), and the device number 1. Between addresses of that form libsignal binds sender and recipient to each
 * message's MAC, which it does not between free names.
 */
export function protocolAddress(address: DeviceAddress): ProtocolAddress {
  const bytes = hkdf(16, encoder.encode(addressName(address)), encoder.encode(label), null);
  return ProtocolAddress.new(Aci.fromUuid(uuidOfBytes(bytes)), 1);
}

/** The text of a UUID, version 8 (RFC 9562, section 5.8), of 16 bytes. */
export function uuidOfBytes(bytes: Uint8Array): string {
  const octets = bytes.slice();
  octets[6] = (octets[6]! & 0x0f) | 0x80;
  octets[8] = (octets[8]! & 0x3f) | 0x80;
  const hex = octets.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

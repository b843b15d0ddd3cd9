import type { PublicKey, SignaturePacket } from "openpgp";

/** Intended Recipient Fingerprint (RFC 9580, section 5.2.3.36): the key's version, then its fingerprint. */
const subpacketType = 35;

/** What openpgp.js has and does not declare: the hashed subpackets with their length before them. */
interface WithHashedSubpackets {
  writeHashedSubPackets(): Uint8Array;
}

/**
 * Names the recipients in a signature that is yet to be made. openpgp.js knows no such subpacket, so it is added to what is
 * hashed. It is not critical: who does not know it reads on. A v4 signature has room for 65,535 octets of them: 1,000 recipients need 35,000 at most.
 */
export function nameIntendedRecipients(
  packet: SignaturePacket,
  recipients: readonly PublicKey[],
  version: number,
): void {
  const writer = packet as SignaturePacket & WithHashedSubpackets;
  const write = writer.writeHashedSubPackets.bind(writer);
  const lengthBytes = version === 6 ? 4 : 2;
  writer.writeHashedSubPackets = () => {
    const subpackets = [write().subarray(lengthBytes), ...recipients.map(writeSubpacket)];
    const length = subpackets.reduce((sum, octets) => sum + octets.length, 0);
    const written = new Uint8Array(lengthBytes + length);
    const view = new DataView(written.buffer);
    if (lengthBytes === 4) view.setUint32(0, length);
    else view.setUint16(0, length);
    let at = lengthBytes;
    for (const octets of subpackets) {
      written.set(octets, at);
      at += octets.length;
    }
    return written;
  };
}

/** Whether a signature that was checked names a certificate among its recipients; undefined when it names none at all. */
export function isIntendedRecipient(packet: SignaturePacket, certificate: PublicKey): boolean | undefined {
  // Of subpackets that are not hashed openpgp.js keeps none here.
  const named = packet.unknownSubpackets.filter(({ type }) => type === subpacketType);
  if (named.length === 0) return undefined;
  const own = recipientOf(certificate).toHex();
  return named.some(({ body }) => body.toHex() === own);
}

function recipientOf({ keyPacket }: PublicKey): Uint8Array {
  const fingerprint = keyPacket.getFingerprintBytes() ?? new Uint8Array();
  const recipient = new Uint8Array(1 + fingerprint.length);
  recipient[0] = keyPacket.version;
  recipient.set(fingerprint, 1);
  return recipient;
}

// Lengths below 192 are one octet (RFC 9580, section 5.2.3.7): 22 or 34 of them here.
function writeSubpacket(certificate: PublicKey): Uint8Array {
  const recipient = recipientOf(certificate);
  const subpacket = new Uint8Array(2 + recipient.length);
  subpacket[0] = 1 + recipient.length;
  subpacket[1] = subpacketType;
  subpacket.set(recipient, 2);
  return subpacket;
}

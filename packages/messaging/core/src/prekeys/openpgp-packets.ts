import { bytesOfBase64 } from "../base64.ts";
import { ByteReader } from "./byte-reader.ts";

/** A packet of OpenPGP (RFC 9580, section 4). */
export interface Packet {
  readonly type: number;
  readonly body: Uint8Array;
}

const armor =
  /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[!-9;-~]+: [^\r\n]*\r?\n)*[ \t]*\r?\n([A-Za-z0-9+/=\r\n]*)-----END PGP PUBLIC KEY BLOCK-----\s*$/;
// CRC-24, which readers are not to insist on (RFC 9580, section 6.1).
const checksum = /\r?\n=[A-Za-z0-9+/]{4}\r?\n$/;
const maxPackets = 1000;

/** The bytes of an armored certificate (RFC 9580, section 6.2), and of nothing beside it; undefined when it is none. */
export function dearmorCertificate(text: string): Uint8Array | undefined {
  const [, base64] = armor.exec(text) ?? [];
  return base64 === undefined ? undefined : bytesOfBase64(base64.replace(checksum, "").replaceAll(/[\r\n]/g, ""));
}

/** All packets; undefined when one is malformed or has no definite length (RFC 9580, section 4.2). */
export function readPackets(bytes: Uint8Array): Packet[] | undefined {
  const reader = new ByteReader(bytes);
  const packets: Packet[] = [];
  while (!reader.isAtEnd) {
    const header = reader.number(1)!;
    const isOld = (header & 0x40) === 0;
    const length = isOld ? readOldLength(reader, header & 0x03) : readLength(reader);
    const body = length === undefined ? undefined : reader.take(length);
    if (header < 0x80 || body === undefined || packets.length === maxPackets) return undefined;
    packets.push({ type: isOld ? (header >> 2) & 0x0f : header & 0x3f, body });
  }
  return packets;
}

/** RFC 9580, section 4.2.2. */
function readOldLength(reader: ByteReader, lengthType: number): number | undefined {
  return lengthType === 3 ? undefined : reader.number(2 ** lengthType);
}

/** RFC 9580, section 4.2.1. */
function readLength(reader: ByteReader): number | undefined {
  const first = reader.number(1);
  if (first === undefined || first < 192) return first;
  if (first === 255) return reader.number(4);
  const second = first < 224 ? reader.number(1) : undefined;
  return second === undefined ? undefined : (first - 192) * 256 + second + 192;
}

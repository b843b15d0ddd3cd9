import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesOfBase64 } from "../base64.ts";
import type { KeyUpload } from "../key-bundle.ts";
import { dearmorCertificate, type Packet, readPackets } from "./openpgp-packets.ts";
import { refuseKeys } from "./refuse-keys.ts";

const packetTypes = { publicKey: 6, secretKey: 5, secretSubkey: 7 } as const;

interface FingerprintRule {
  readonly bytes: number;
  readonly firstByte: number;
  readonly lengthBytes: number;
  readonly hash: (bytes: Uint8Array) => Uint8Array;
}

/** How the fingerprint of a key packet comes about, by its version (RFC 9580, section 5.5.4). */
const fingerprintRules: ReadonlyMap<number, FingerprintRule> = new Map([
  [4, { bytes: 20, firstByte: 0x99, lengthBytes: 2, hash: sha1 }],
  [6, { bytes: 32, firstByte: 0x9b, lengthBytes: 4, hash: sha256 }],
]);

/**
 * OpenPGP's keys: the identity key is the fingerprint of the primary key, 20 bytes of version 4 and 32 of version 6. `details`
 * is the certificate, armored: its first packet is the public key of that fingerprint, and none is a secret key. Whether user
 * ids and subkeys are signed and valid is for those to judge who write to it. There are no sets. Source: RFC 9580, sections
 * 5.5.4, 6.2 and 10.1.
 */
export function checkOpenPgpKeys(identityKey: string, { details, sets }: KeyUpload): void {
  if (Object.keys(sets).length > 0) throw refuseKeys("OpenPGP has no sets of keys");
  const fingerprint = bytesOfBase64(identityKey);
  const isOfKnownLength = [...fingerprintRules.values()].some(({ bytes }) => bytes === fingerprint?.length);
  if (fingerprint === undefined || !isOfKnownLength) throw refuseKeys("the identity key is no fingerprint");
  if (details === undefined) return;
  const bytes = dearmorCertificate(details);
  const packets = bytes && readPackets(bytes);
  if (packets === undefined) throw refuseKeys("the certificate is malformed");
  const isSecret = ({ type }: Packet) => type === packetTypes.secretKey || type === packetTypes.secretSubkey;
  if (packets.some(isSecret)) throw refuseKeys("the certificate holds a secret key: publish the public one alone");
  const [primary] = packets;
  if (primary?.type !== packetTypes.publicKey || !isOfFingerprint(primary.body, fingerprint)) {
    throw refuseKeys("the certificate is not of the identity key");
  }
}

function isOfFingerprint(body: Uint8Array, fingerprint: Uint8Array): boolean {
  const rule = fingerprintRules.get(body[0] ?? 0);
  if (rule === undefined || rule.bytes !== fingerprint.length) return false;
  const { firstByte, hash, lengthBytes } = rule;
  const hashed = new Uint8Array(1 + lengthBytes + body.length);
  hashed[0] = firstByte;
  const view = new DataView(hashed.buffer);
  if (lengthBytes === 2) view.setUint16(1, body.length);
  else view.setUint32(1, body.length);
  hashed.set(body, 1 + lengthBytes);
  return hash(hashed).every((byte, at) => byte === fingerprint[at]);
}

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesOfBase64 } from "../base64.ts";
import type { DeviceList, SignedDeviceList } from "../device-list.ts";
import { hashBytes } from "./tree-hash.ts";

const encoder = new TextEncoder();
const label = encoder.encode("coffer transparency leaf 1\n");

/** Bytes of a leaf: the label, then user, version, list and account key, each of a fixed length. */
export const leafBytes = label.length + hashBytes + 8 + hashBytes + 32;

/** What a log says of one device list. */
export interface LeafFacts {
  /** SHA-256 of the user's id in UTF-8: who knows an id finds it, who does not may guess. */
  readonly userHash: Uint8Array;
  readonly version: number;
  /** SHA-256 of the list's text in UTF-8 and its signature. */
  readonly listHash: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly accountKey: Uint8Array;
}

/** SHA-256 of a user's id, as leaves have it. */
export function hashUserId(userId: string): Uint8Array {
  return sha256(encoder.encode(userId));
}

/** The leaf of a device list that was parsed: what the log has for it, byte by byte. */
export function encodeLeaf(list: DeviceList, { text, signature }: SignedDeviceList): Uint8Array {
  const signatureBytes = bytesOfBase64(signature)!;
  const textBytes = encoder.encode(text);
  const signed = new Uint8Array(textBytes.length + signatureBytes.length);
  signed.set(textBytes);
  signed.set(signatureBytes, textBytes.length);
  const leaf = new Uint8Array(leafBytes);
  leaf.set(label);
  leaf.set(hashUserId(list.userId), label.length);
  new DataView(leaf.buffer).setBigUint64(label.length + hashBytes, BigInt(list.version));
  leaf.set(sha256(signed), label.length + hashBytes + 8);
  leaf.set(bytesOfBase64(list.accountKey)!, label.length + 2 * hashBytes + 8);
  return leaf;
}

/** Reads a leaf; undefined when it is none of this version. */
export function decodeLeaf(leaf: Uint8Array): LeafFacts | undefined {
  if (leaf.length !== leafBytes || label.some((byte, at) => leaf[at] !== byte)) return undefined;
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  const at = label.length;
  return {
    userHash: leaf.slice(at, at + hashBytes),
    version: Number(view.getBigUint64(at + hashBytes)),
    listHash: leaf.slice(at + hashBytes + 8, at + 2 * hashBytes + 8),
    accountKey: leaf.slice(at + 2 * hashBytes + 8),
  };
}

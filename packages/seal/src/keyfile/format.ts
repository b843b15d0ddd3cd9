import { allocateSecretBuffer, SecretBytes, sha256, timingSafeEqualBytes } from "@coffer/crypto";

/**
 * The key file's format, version 1. Three lines of ASCII, each ended by a line feed:
 *
 *     coffer key file v1
 *     64 hex digits: the key
 *     16 hex digits: the first 8 bytes of SHA-256 over the first two lines
 *
 * The last line tells a damaged file from a wrong one. All work is done in buffers that are wiped: a string could not be.
 */
const magic = "coffer key file v1\n";
const keyBytes = 32;
const checkBytes = 8;
const keyOffset = magic.length;
const checkOffset = keyOffset + 2 * keyBytes + 1;

/** The length of every key file. */
export const keyFileBytes = checkOffset + 2 * checkBytes + 1;

const lineFeed = 0x0a;
const hexDigits = Buffer.from("0123456789abcdef", "latin1");

/** The file's content for a key of 32 bytes. The caller wipes it. */
export function encodeKeyFile(key: SecretBytes): Buffer {
  const file = Buffer.alloc(keyFileBytes, lineFeed);
  file.write(magic, "latin1");
  key.use((bytes) => writeHex(bytes.subarray(0, keyBytes), file, keyOffset));
  writeHex(checkOf(file), file, checkOffset);
  return file;
}

/** What a file is: a key, or why it is none. */
export type DecodedKeyFile = { readonly key: SecretBytes } | { readonly fault: string };

/** Reads a file's content. The caller wipes it. `fault` is a clause about the file, which it does not quote. */
export function decodeKeyFile(file: Buffer): DecodedKeyFile {
  if (!file.subarray(0, keyOffset).equals(Buffer.from(magic, "latin1"))) {
    return { fault: "does not start with a line that this version knows" };
  }
  if (file.length !== keyFileBytes) return { fault: `does not have ${keyFileBytes} bytes` };
  if (file[checkOffset - 1] !== lineFeed || file[keyFileBytes - 1] !== lineFeed) return { fault: "has other lines" };
  const check = readHex(file, checkOffset, checkBytes);
  const key = readHex(file, keyOffset, keyBytes);
  if (check === undefined || key === undefined) {
    key?.fill(0);
    return { fault: "has other characters than lower-case hex digits" };
  }
  const owned = SecretBytes.takeFrom(key);
  if (timingSafeEqualBytes(check, checkOf(file))) return { key: owned };
  owned.dispose();
  return { fault: "does not match its checksum" };
}

function checkOf(file: Buffer): Buffer {
  return sha256(file.subarray(0, checkOffset)).subarray(0, checkBytes);
}

function writeHex(bytes: Uint8Array, target: Buffer, offset: number): void {
  let at = offset;
  for (const byte of bytes) {
    target[at++] = hexDigits[byte >> 4] as number;
    target[at++] = hexDigits[byte & 15] as number;
  }
}

function readHex(source: Buffer, offset: number, byteLength: number): Buffer | undefined {
  const bytes = allocateSecretBuffer(byteLength);
  for (let index = 0; index < byteLength; index++) {
    const high = hexDigits.indexOf(source[offset + 2 * index] as number);
    const low = hexDigits.indexOf(source[offset + 2 * index + 1] as number);
    if (high < 0 || low < 0) {
      bytes.fill(0);
      return undefined;
    }
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

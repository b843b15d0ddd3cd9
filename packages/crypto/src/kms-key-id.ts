const dash = 0x2d;
const textLength = 36;
const multiRegionPrefix = "mrk-";
const dashPositions: readonly number[] = [8, 13, 18, 23];

/** Bytes of a key id in a ciphertext blob, without its kind. */
export const keyIdBytes = 16;

/** How a key id reads: a UUID, or `mrk-` and 32 hex digits (a multi-Region key). */
export const keyIdKinds = { uuid: 0, multiRegion: 1 } as const;

/**
 * Writes the 16 bytes of a key id.
 *
 * @returns the id's kind, or undefined when `keyId` is neither a lowercase UUID nor `mrk-` and 32 lowercase hex digits
 */
export function writeKeyId(keyId: string, out: Buffer, offset: number): number | undefined {
  if (keyId.length !== textLength) return undefined;
  const multiRegion = keyId.startsWith(multiRegionPrefix);
  let position = multiRegion ? multiRegionPrefix.length : 0;
  let writeAt = offset;
  while (position < textLength) {
    if (!multiRegion && dashPositions.includes(position)) {
      if (keyId.charCodeAt(position) !== dash) return undefined;
      position++;
      continue;
    }
    const high = hexNibble(keyId.charCodeAt(position));
    const low = hexNibble(keyId.charCodeAt(position + 1));
    if (high < 0 || low < 0) return undefined;
    out[writeAt++] = (high << 4) | low;
    position += 2;
  }
  return multiRegion ? keyIdKinds.multiRegion : keyIdKinds.uuid;
}

/** Reads what {@link writeKeyId} wrote. Undefined for an unknown kind. */
export function readKeyId(kind: number, bytes: Buffer, offset: number): string | undefined {
  const hex = bytes.toString("hex", offset, offset + keyIdBytes);
  if (kind === keyIdKinds.multiRegion) return multiRegionPrefix + hex;
  if (kind !== keyIdKinds.uuid) return undefined;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function hexNibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}

import { concatBytes } from "../bytes.ts";
import { curves } from "./curves.ts";
import type { CurveName } from "./platform.ts";

/** The DER of a signature (`ECDSA-Sig-Value`, SEC 1, C.5) of its two halves. */
export function derOfRawSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  const content = concatBytes(derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
  // At most 2 * (2 + 49) bytes: one byte says the length.
  return concatBytes(Uint8Array.of(0x30, content.length), content);
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const sign = bytes[start]! & 0x80 ? [0] : [];
  return Uint8Array.of(2, bytes.length - start + sign.length, ...sign, ...bytes.subarray(start));
}

/** The two halves of a signature in DER. @returns undefined when it is not one */
export function rawOfDerSignature(der: Uint8Array, curve: CurveName): Uint8Array<ArrayBuffer> | undefined {
  const { fieldBytes } = curves[curve];
  if (der.length < 2 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2, fieldBytes);
  const s = r && readInteger(der, r.end, fieldBytes);
  return s && s.end === der.length ? concatBytes(r.bytes, s.bytes) : undefined;
}

function readInteger(
  der: Uint8Array,
  offset: number,
  fieldBytes: number,
): { bytes: Uint8Array; end: number } | undefined {
  const length = der[offset + 1] ?? 0;
  const end = offset + 2 + length;
  if (der[offset] !== 2 || length === 0 || end > der.length) return undefined;
  const content = der.subarray(offset + 2, end);
  const unsigned = content[0] === 0 ? content.subarray(1) : content;
  const minimal = content[0] !== 0 || length === 1 || (content[1]! & 0x80) !== 0;
  if ((content[0]! & 0x80) !== 0 || !minimal || unsigned.length > fieldBytes) return undefined;
  const bytes = new Uint8Array(fieldBytes);
  bytes.set(unsigned, fieldBytes - unsigned.length);
  return { bytes, end };
}

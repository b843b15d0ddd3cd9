import { malformed } from "../errors.ts";
import { type FrameKind, finalFrameHeadBytes, finalFrameMark, frameHeadBytes, frameIv } from "./frames.ts";
import { ivBytes } from "./header.ts";

/** What frames of a message have in common. */
export interface FrameFormat {
  /** The message format's. */
  readonly version: 1 | 2;
  /** Bytes of plaintext in each frame but the last. */
  readonly frameBytes: number;
}

/** What stands before a frame's ciphertext. */
export interface FrameHead {
  readonly kind: FrameKind;
  readonly iv: Uint8Array;
  readonly contentBytes: number;
}

/** How long a frame's head is. @param begin at least 4 bytes of it */
export function frameHeadBytesOf(begin: Uint8Array): number {
  return uint32At(begin, 0) === finalFrameMark ? finalFrameHeadBytes : frameHeadBytes;
}

/**
 * Reads and checks the head of a frame.
 *
 * The IV of a frame is its number (client-apis/decrypt.md). Early AWS SDKs drew those of version 1, which all of AWS's
 * readers take as they stand: its tag authenticates what it was made with.
 *
 * @param head as many bytes as `frameHeadBytesOf` says
 * @param offset where the frame begins in the message
 * @throws EnvelopeError MessageMalformed
 */
export function decodeFrameHead(head: Uint8Array, format: FrameFormat, sequence: number, offset: number): FrameHead {
  const kind = head.length === frameHeadBytes ? "frame" : "finalFrame";
  const start = kind === "frame" ? 0 : 4;
  if (uint32At(head, start) !== sequence) throw malformed(`Frame ${sequence} is not where it belongs`, offset);
  const iv = head.subarray(start + 4, start + 4 + ivBytes);
  if (format.version === 2) checkIv(iv, sequence, offset);
  const contentBytes = kind === "frame" ? format.frameBytes : uint32At(head, finalFrameHeadBytes - 4);
  if (contentBytes > format.frameBytes) throw malformed("The last frame is longer than a frame", offset);
  return { kind, iv, contentBytes };
}

/** @throws EnvelopeError MessageMalformed */
export function checkIv(iv: Uint8Array, sequence: number, offset: number): void {
  const expected = frameIv(sequence);
  if (!iv.every((byte, index) => byte === expected[index])) {
    throw malformed(`The IV of frame ${sequence} is not its number`, offset);
  }
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}

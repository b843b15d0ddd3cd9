import type { KeyObject } from "node:crypto";
import { decryptionFailed, malformed } from "../errors.ts";
import { decodeFrameHead, type FrameFormat, frameHeadBytesOf } from "../message/decode-frame-head.ts";
import { finalFrameHeadBytes, frameAad, frameHead, frameHeadBytes, frameIv } from "../message/frames.ts";
import { tagBytes } from "../message/header.ts";
import { openInto, sealInto } from "./frame-cipher.ts";

/** What all frames of one message are sealed or opened with. */
export interface FrameKey extends FrameFormat {
  readonly key: KeyObject;
  readonly messageId: Uint8Array;
}

/** Some frames that follow each other. */
export interface FrameBatch {
  /** The first frame's number. */
  readonly sequence: number;
  /** Frames in it at most. */
  readonly frames: number;
  /** Whether the source ends with it. */
  readonly last: boolean;
  /** Where it begins in the message. */
  readonly offset: number;
}

/** What became of a batch. */
export interface FrameBatchResult {
  /** Bytes of the input that were of frames. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Whether the message's last frame was in it. */
  readonly final: boolean;
}

/** Bytes of a frame that is not the last. */
export function sealedFrameBytes(frameBytes: number): number {
  return frameHeadBytes + frameBytes + tagBytes;
}

/** What a last frame has more than another: the bytes of the longer head. */
export const finalFrameExtraBytes = finalFrameHeadBytes - frameHeadBytes;

/** Seals plaintext in frames, all of them whole but the message's last. */
export function sealBatch(
  { key, messageId, frameBytes }: FrameKey,
  { sequence: first, frames, last }: FrameBatch,
  plaintext: Uint8Array,
  target: Uint8Array,
): FrameBatchResult {
  let at = 0;
  for (let sequence = first; sequence < first + frames; sequence++) {
    const begin = (sequence - first) * frameBytes;
    const content = plaintext.subarray(begin, begin + frameBytes);
    const final = last && begin + frameBytes >= plaintext.length;
    const kind = final ? "finalFrame" : "frame";
    const head = frameHead(kind, sequence, content.length);
    target.set(head, at);
    at += head.length;
    const aad = frameAad(messageId, kind, sequence, content.length);
    at += sealInto(key, frameIv(sequence), aad, content, target.subarray(at));
    if (final) break;
  }
  return { inputBytes: plaintext.length, outputBytes: at, final: last };
}

/**
 * Opens frames.
 *
 * @param sealed the frames, and what may be behind them: a last frame is longer, and a signature may follow
 * @throws EnvelopeError MessageMalformed, DecryptionFailed
 */
export function openBatch(
  frameKey: FrameKey,
  batch: FrameBatch,
  sealed: Uint8Array,
  target: Uint8Array,
): FrameBatchResult {
  const need = (end: number) => {
    if (end > sealed.length) throw malformed("The message ends too early", batch.offset + sealed.length);
  };
  let at = 0;
  let outputBytes = 0;
  for (let sequence = batch.sequence; sequence < batch.sequence + batch.frames; sequence++) {
    const offset = batch.offset + at;
    need(at + frameHeadBytes);
    const headEnd = at + frameHeadBytesOf(sealed.subarray(at));
    need(headEnd);
    const { kind, iv, contentBytes } = decodeFrameHead(sealed.subarray(at, headEnd), frameKey, sequence, offset);
    const contentEnd = headEnd + contentBytes;
    at = contentEnd + tagBytes;
    need(at);
    const aad = frameAad(frameKey.messageId, kind, sequence, contentBytes);
    const [content, tag] = [sealed.subarray(headEnd, contentEnd), sealed.subarray(contentEnd, at)];
    if (!openInto(frameKey.key, iv, aad, content, tag, target.subarray(outputBytes))) throw decryptionFailed(offset);
    outputBytes += contentBytes;
    if (kind === "finalFrame") return { inputBytes: at, outputBytes, final: true };
  }
  return { inputBytes: at, outputBytes, final: false };
}

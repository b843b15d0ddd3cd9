import { concatBytes, utf8 } from "../bytes.ts";
import { ivBytes } from "./header.ts";

/** Bytes before the ciphertext of a frame that is not the last: its number and IV. */
export const frameHeadBytes = 4 + ivBytes;
/** Bytes before the ciphertext of the last frame: a mark, its number, IV and length. */
export const finalFrameHeadBytes = 4 + 4 + ivBytes + 4;
/** Bytes before the ciphertext of a body of one block: its IV and length. */
export const blockHeadBytes = ivBytes + 8;

/** The number that says that the last frame begins, so that no frame has it. */
export const finalFrameMark = 0xffff_ffff;

/** Bytes of a body of one block at most: those that one IV of AES-GCM encrypts (NIST SP 800-38D, 5.2.1.1). */
export const maxBlockBytes = 2 ** 36 - 32;

/** What a part of a body is. */
export type FrameKind = "frame" | "finalFrame" | "block";

const labels: Readonly<Record<FrameKind, Uint8Array>> = {
  frame: utf8("AWSKMSEncryptionClient Frame"),
  finalFrame: utf8("AWSKMSEncryptionClient Final Frame"),
  block: utf8("AWSKMSEncryptionClient Single Block"),
};

/** Source: AWS Encryption SDK specification, data-format/message-body-aad.md. */
export function frameAad(messageId: Uint8Array, kind: FrameKind, sequence: number, contentBytes: number): Uint8Array {
  const numbers = new Uint8Array(12);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, sequence);
  view.setBigUint64(4, BigInt(contentBytes));
  return concatBytes(messageId, labels[kind], numbers);
}

/** A frame's IV is its number. Source: client-apis/encrypt.md, "Construct a frame". */
export function frameIv(sequence: number): Uint8Array<ArrayBuffer> {
  const iv = new Uint8Array(ivBytes);
  new DataView(iv.buffer).setUint32(ivBytes - 4, sequence);
  return iv;
}

/** What stands before a part's ciphertext. Source: data-format/message-body.md. */
export function frameHead(kind: FrameKind, sequence: number, contentBytes: number): Uint8Array<ArrayBuffer> {
  const iv = frameIv(sequence);
  const head = new Uint8Array({ frame: frameHeadBytes, finalFrame: finalFrameHeadBytes, block: blockHeadBytes }[kind]);
  const view = new DataView(head.buffer);
  if (kind === "block") {
    head.set(iv);
    view.setBigUint64(ivBytes, BigInt(contentBytes));
    return head;
  }
  const start = kind === "frame" ? 0 : 4;
  if (kind === "finalFrame") {
    view.setUint32(0, finalFrameMark);
    view.setUint32(finalFrameHeadBytes - 4, contentBytes);
  }
  view.setUint32(start, sequence);
  head.set(iv, start + 4);
  return head;
}

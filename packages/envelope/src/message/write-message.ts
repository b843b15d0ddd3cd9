import { platform } from "#platform";
import { ByteQueue, type ChunkSource } from "../byte-queue.ts";
import { concatBytes, uint16Bytes } from "../bytes.ts";
import { serializeContext } from "../encryption-context.ts";
import { EnvelopeError } from "../errors.ts";
import type { EncryptionMaterials } from "../materials/materials.ts";
import type { AesGcmKey, MaybePromise, MessageSigner } from "../platform/platform.ts";
import { type FrameKind, finalFrameMark, frameAad, frameHead, frameIv } from "./frames.ts";
import { encodeHeaderBody, ivBytes, messageIdBytes } from "./header.ts";
import { deriveMessageKeys } from "./message-keys.ts";

/** A message whose header is made, and whose frames are still to be sealed. */
export interface OpenMessage {
  /** With its authentication. */
  readonly header: Uint8Array;
  readonly messageId: Uint8Array;
  readonly messageKey: AesGcmKey;
  readonly frameBytes: number;
  /** Of a suite that signs; the header is signed already. */
  readonly signer: MessageSigner | undefined;
}

/** Frames of a message at most: numbers begin at 1, and one number is the mark of the last frame. */
export const maxFrames = finalFrameMark - 1;

/**
 * Makes a message's id, keys and header. Source: AWS Encryption SDK specification, client-apis/encrypt.md,
 * "Construct the header".
 */
export async function openMessage(materials: EncryptionMaterials, frameBytes: number): Promise<OpenMessage> {
  const { suite, requiredContextNames: required } = materials;
  const messageId = platform.randomBytes(messageIdBytes(suite));
  const { messageKey, commitment } = await deriveMessageKeys(suite, materials.dataKey, messageId);
  const stored = new Map([...materials.context].filter(([name]) => !required.has(name)));
  const brought = new Map([...materials.context].filter(([name]) => required.has(name)));
  const { encryptedDataKeys } = materials;
  const body = encodeHeaderBody({ suite, messageId, context: stored, encryptedDataKeys, frameBytes, commitment });
  const iv = new Uint8Array(ivBytes);
  const { tag } = await messageKey.seal(iv, concatBytes(body, serializeContext(brought)), new Uint8Array(0));
  const header = suite.version === 2 ? concatBytes(body, tag) : concatBytes(body, iv, tag);
  const signer = materials.signingKey?.begin();
  signer?.update(header);
  return { header, messageId, messageKey, frameBytes, signer };
}

/** Seals one part of a body. @returns its bytes in pieces */
export function sealFrame(
  { messageKey, messageId }: Pick<OpenMessage, "messageKey" | "messageId">,
  kind: FrameKind,
  sequence: number,
  plaintext: Uint8Array,
): MaybePromise<readonly [head: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array]> {
  const aad = frameAad(messageId, kind, sequence, plaintext.length);
  const head = frameHead(kind, sequence, plaintext.length);
  const sealed = messageKey.seal(frameIv(sequence), aad, plaintext);
  return sealed instanceof Promise
    ? sealed.then(({ ciphertext, tag }) => [head, ciphertext, tag] as const)
    : [head, sealed.ciphertext, sealed.tag];
}

/** What ends a signed message: the signature's length and the signature. Source: data-format/message-footer.md. */
export async function signMessage(signer: MessageSigner): Promise<Uint8Array> {
  const signature = await signer.sign();
  return concatBytes(uint16Bytes(signature.length), signature);
}

/** More than `maxFrames`. */
export function tooManyFrames(): EnvelopeError {
  return new EnvelopeError("LimitExceeded", "The plaintext has too many frames; give a larger frameBytes.");
}

/** A message of one frame, at once: a record's way. @returns its bytes in pieces */
export async function sealSmallMessage(message: OpenMessage, plaintext: Uint8Array): Promise<readonly Uint8Array[]> {
  const { header, signer } = message;
  const frame = await sealFrame(message, "finalFrame", 1, plaintext);
  if (signer === undefined) return [header, ...frame];
  for (const piece of frame) signer.update(piece);
  return [header, ...frame, await signMessage(signer)];
}

/** A framed message, piece by piece, of plaintext that comes piece by piece. */
export async function* writeMessage(message: OpenMessage, plaintext: ChunkSource): AsyncGenerator<Uint8Array> {
  const { frameBytes, signer } = message;
  const queue = new ByteQueue(plaintext);
  try {
    yield message.header;
    for (let sequence = 1, last = false; !last; sequence++) {
      // A frame is the last when nothing is behind it.
      last = !(await queue.fill(frameBytes + 1));
      if (sequence > maxFrames) throw tooManyFrames();
      const content = queue.take(last ? queue.available : frameBytes);
      for (const piece of await sealFrame(message, last ? "finalFrame" : "frame", sequence, content)) {
        signer?.update(piece);
        if (piece.length > 0) yield piece;
      }
    }
    if (signer !== undefined) yield await signMessage(signer);
  } finally {
    await queue.close();
  }
}

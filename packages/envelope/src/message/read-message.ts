import { platform } from "#platform";
import type { ByteQueue } from "../byte-queue.ts";
import { concatBytes } from "../bytes.ts";
import { publicKeyName, publicKeyOf, serializeContext } from "../encryption-context.ts";
import { decryptionFailed, EnvelopeError, malformed } from "../errors.ts";
import type { DecryptionMaterials } from "../materials/materials.ts";
import type { AesGcmKey, MessageVerifier } from "../platform/platform.ts";
import { checkIv, decodeFrameHead, frameHeadBytesOf } from "./decode-frame-head.ts";
import { decodeHeader } from "./decode-header.ts";
import { blockHeadBytes, type FrameKind, frameAad, frameHeadBytes, maxBlockBytes } from "./frames.ts";
import { type DecodedHeader, ivBytes, tagBytes } from "./header.ts";
import { deriveMessageKeys } from "./message-keys.ts";

/** A message whose header is authentic. */
export interface ReadableMessage {
  readonly header: DecodedHeader;
  /** All that the message is bound to. */
  readonly context: ReadonlyMap<string, string>;
  readonly messageKey: AesGcmKey;
  /** Of a suite that signs; it has seen the header. */
  readonly verifier: MessageVerifier | undefined;
}

/** Reads a message's header from the front of a queue. @throws EnvelopeError MessageMalformed, LimitExceeded */
export async function takeHeader(queue: ByteQueue, maxEncryptedDataKeys: number): Promise<DecodedHeader> {
  const reading = decodeHeader(maxEncryptedDataKeys);
  for (let step = reading.next(); ; step = reading.next(queue.take(step.value))) {
    if (step.done) return step.value;
    if (queue.available < step.value && !(await queue.fill(step.value))) {
      throw malformed("The message ends within its header", queue.offset + queue.available);
    }
  }
}

/**
 * Checks a header's commitment and tag. Source: AWS Encryption SDK specification, client-apis/decrypt.md,
 * "Get the decryption materials" and "Verify the header".
 *
 * @throws EnvelopeError DecryptionFailed
 */
export async function openHeader(header: DecodedHeader, materials: DecryptionMaterials): Promise<ReadableMessage> {
  const { suite, messageId } = header;
  // An encrypted data key of another suite's message.
  if (materials.dataKey.byteLength !== suite.keyBytes) throw decryptionFailed(0);
  const { messageKey, commitment } = await deriveMessageKeys(suite, materials.dataKey, messageId);
  if (commitment !== undefined && !platform.equalBytes(commitment, header.commitment!)) throw decryptionFailed(0);
  const brought = new Map([...materials.context].filter(([name]) => materials.requiredContextNames.has(name)));
  const aad = concatBytes(header.bodyBytes, serializeContext(brought));
  await openPart(messageKey, 0, header.iv, aad, new Uint8Array(0), header.tag);
  const verifier = await openVerifier(header);
  verifier?.update(header.bodyBytes);
  if (suite.version === 1) verifier?.update(header.iv);
  verifier?.update(header.tag);
  return { header, context: materials.context, messageKey, verifier };
}

async function openVerifier({ suite, context }: DecodedHeader): Promise<MessageVerifier | undefined> {
  if (suite.signature === undefined) {
    // Whoever took a signature off would leave the key behind (framework/default-cmm.md, "Decrypt Materials").
    if (context.has(publicKeyName)) throw malformed("The message is not signed and has a public key", 0);
    return undefined;
  }
  const publicKey = publicKeyOf(context);
  if (publicKey === undefined) throw malformed("The message is signed and has no public key", 0);
  return platform.messageVerifier(suite.signature.curve, suite.signature.hash, publicKey);
}

async function openPart(
  key: AesGcmKey,
  offset: number,
  iv: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await key.open(iv, aad, ciphertext, tag);
  } catch {
    throw decryptionFailed(offset);
  }
}

/** One part of a body, as it stands in the message. */
export interface SealedFrame {
  readonly kind: FrameKind;
  readonly sequence: number;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
  /** Where it begins in the message. */
  readonly offset: number;
}

/** Limits of what is kept in memory. */
export interface ReadLimits {
  /** Bytes of one frame, or of a body without frames, at most. */
  readonly maxBufferedBytes: number;
}

/**
 * The parts of a body, in their order, none of them opened yet. Everything but the content is checked: the order of the
 * numbers, IVs and lengths. Each part is shown to the verifier.
 *
 * @throws EnvelopeError MessageMalformed, LimitExceeded
 */
export async function* takeFrames(
  message: Pick<ReadableMessage, "header" | "verifier">,
  queue: ByteQueue,
  limits: ReadLimits,
): AsyncGenerator<SealedFrame> {
  const { frameBytes } = message.header;
  if (frameBytes === 0) {
    yield await takeBlock(message, queue, limits);
    return;
  }
  if (frameBytes > limits.maxBufferedBytes) throw tooLarge("frames", frameBytes, limits);
  for (let sequence = 1; ; sequence++) {
    const frame = await takeFrame(message, queue, sequence);
    yield frame;
    if (frame.kind === "finalFrame") return;
  }
}

function tooLarge(what: string, bytes: number, { maxBufferedBytes }: ReadLimits): EnvelopeError {
  return new EnvelopeError(
    "LimitExceeded",
    `The message has ${what} of ${bytes} bytes, and ${maxBufferedBytes} are kept in memory at most (maxBufferedBytes).`,
  );
}

async function takeFrame(
  { header, verifier }: Pick<ReadableMessage, "header" | "verifier">,
  queue: ByteQueue,
  sequence: number,
): Promise<SealedFrame> {
  const offset = queue.offset;
  await needBytes(queue, frameHeadBytes);
  const headBytes = frameHeadBytesOf(queue.peek(frameHeadBytes));
  await needBytes(queue, headBytes);
  const head = queue.take(headBytes);
  const format = { version: header.suite.version, frameBytes: header.frameBytes };
  const { kind, iv, contentBytes } = decodeFrameHead(head, format, sequence, offset);
  const { ciphertext, tag } = await takeContent(queue, contentBytes);
  for (const piece of [head, ciphertext, tag]) verifier?.update(piece);
  return { kind, sequence, iv, ciphertext, tag, offset };
}

async function takeBlock(
  { header, verifier }: Pick<ReadableMessage, "header" | "verifier">,
  queue: ByteQueue,
  limits: ReadLimits,
): Promise<SealedFrame> {
  const offset = queue.offset;
  await needBytes(queue, blockHeadBytes);
  const head = queue.take(blockHeadBytes);
  const iv = head.subarray(0, ivBytes);
  if (header.suite.version === 2) checkIv(iv, 1, offset);
  const length = new DataView(head.buffer, head.byteOffset + ivBytes, 8).getBigUint64(0);
  if (length > maxBlockBytes) throw malformed("The message's body is longer than AES-GCM can encrypt", offset);
  if (length > limits.maxBufferedBytes) throw tooLarge("a body", Number(length), limits);
  const { ciphertext, tag } = await takeContent(queue, Number(length));
  for (const piece of [head, ciphertext, tag]) verifier?.update(piece);
  return { kind: "block", sequence: 1, iv, ciphertext, tag, offset };
}

async function takeContent(queue: ByteQueue, byteLength: number): Promise<{ ciphertext: Uint8Array; tag: Uint8Array }> {
  await needBytes(queue, byteLength + tagBytes);
  return { ciphertext: queue.take(byteLength), tag: queue.take(tagBytes) };
}

async function needBytes(queue: ByteQueue, byteLength: number): Promise<void> {
  if (!(await queue.fill(byteLength))) throw malformed("The message ends too early", queue.offset + queue.available);
}

/** Opens one part. @throws EnvelopeError DecryptionFailed, with where the part begins */
export function openFrame(
  { messageKey, messageId }: { readonly messageKey: AesGcmKey; readonly messageId: Uint8Array },
  { kind, sequence, iv, ciphertext, tag, offset }: SealedFrame,
): Promise<Uint8Array> {
  const aad = frameAad(messageId, kind, sequence, ciphertext.length);
  return openPart(messageKey, offset, iv, aad, ciphertext, tag);
}

/**
 * Reads what is behind the body: the signature, if there is one, and then nothing.
 *
 * @throws EnvelopeError MessageMalformed, DecryptionFailed
 */
export async function finishMessage({ verifier }: Pick<ReadableMessage, "verifier">, queue: ByteQueue): Promise<void> {
  const offset = queue.offset;
  if (verifier !== undefined) {
    await needBytes(queue, 2);
    const lengthBytes = queue.take(2);
    const length = (lengthBytes[0]! << 8) | lengthBytes[1]!;
    await needBytes(queue, length);
    if (!(await verifier.verify(queue.take(length)))) throw decryptionFailed(offset);
  }
  if (await queue.fill(1)) throw malformed("There are bytes behind the message's end", queue.offset);
}

/** A message's plaintext, part by part, as its parts turn out to be authentic. The signature is checked at the end. */
export async function* readPlaintext(
  message: ReadableMessage,
  queue: ByteQueue,
  limits: ReadLimits,
): AsyncGenerator<Uint8Array> {
  const key = { messageKey: message.messageKey, messageId: message.header.messageId };
  for await (const frame of takeFrames(message, queue, limits)) yield await openFrame(key, frame);
  await finishMessage(message, queue);
}

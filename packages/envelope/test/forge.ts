import { platform } from "#platform";
import { concatBytes, joinBytes, uint16Bytes, utf8 } from "../src/bytes.ts";
import { PlaintextDataKey } from "../src/data-key.ts";
import { serializeContext } from "../src/encryption-context.ts";
import type { EncryptedDataKey, MaterialsSource } from "../src/index.ts";
import { type FrameKind, frameAad, frameHead, frameIv } from "../src/message/frames.ts";
import { commitmentBytes, ivBytes, messageIdBytes } from "../src/message/header.ts";
import { deriveMessageKeys } from "../src/message/message-keys.ts";
import type { MessageSigner } from "../src/platform/platform.ts";
import type { Suite } from "../src/suites.ts";

/** What a message is made of, by somebody who has its data key and keeps to no rule. */
export interface Forgery {
  readonly suite: Suite;
  readonly dataKey: Uint8Array;
  readonly plaintext: Uint8Array;
  /** 0: one block. */
  readonly frameBytes: number;
  readonly encryptedDataKeys?: readonly EncryptedDataKey[];
  readonly context?: ReadonlyMap<string, string>;
  /** The context as it stands in the header, when not in its canonical form. */
  readonly contextBytes?: Uint8Array;
  readonly commitment?: Uint8Array;
  readonly signer?: MessageSigner;
  /** The bytes of version 1 that are zero. */
  readonly reserved?: readonly [number, number, number, number];
  /** The IV of a part, when not its number. */
  readonly partIv?: (sequence: number) => Uint8Array;
}

/** The parts of a message, to be put together otherwise. */
export interface ForgedMessage {
  readonly header: Uint8Array;
  readonly parts: readonly Uint8Array[];
  readonly footer: Uint8Array;
}

/** A data key's encrypted form where nobody asks for it. */
export const someEncryptedDataKey: EncryptedDataKey = {
  providerId: "forged",
  providerInfo: utf8("key"),
  ciphertext: new Uint8Array(16),
};

/** Writes a message of any suite, in the order of data-format/message.md, whatever is in it. */
export async function forgeParts(forgery: Forgery): Promise<ForgedMessage> {
  const { suite, plaintext, frameBytes, signer, context = new Map() } = forgery;
  const { encryptedDataKeys = [someEncryptedDataKey], partIv = frameIv, reserved = [0, 0, 0, 0] } = forgery;
  const contextBytes = forgery.contextBytes ?? serializeContext(context);
  const messageId = platform.randomBytes(messageIdBytes(suite));
  const dataKey = PlaintextDataKey.takeFrom(Uint8Array.from(forgery.dataKey));
  const { messageKey, commitment = new Uint8Array(commitmentBytes) } = await deriveMessageKeys(
    suite,
    dataKey,
    messageId,
  );
  const frameLength = new Uint8Array(4);
  new DataView(frameLength.buffer).setUint32(0, frameBytes);
  const body = joinBytes([
    suite.version === 2 ? Uint8Array.of(2) : Uint8Array.of(1, 0x80),
    uint16Bytes(suite.id),
    messageId,
    uint16Bytes(contextBytes.length),
    contextBytes,
    uint16Bytes(encryptedDataKeys.length),
    ...encryptedDataKeys.flatMap(({ providerId, providerInfo, ciphertext }) =>
      [utf8(providerId), providerInfo, ciphertext].flatMap((part) => [uint16Bytes(part.length), part]),
    ),
    Uint8Array.of(frameBytes === 0 ? 1 : 2),
    ...(suite.version === 2
      ? [frameLength, forgery.commitment ?? commitment]
      : [Uint8Array.of(...reserved, ivBytes), frameLength]),
  ]);
  const iv = new Uint8Array(ivBytes);
  const { tag } = await messageKey.seal(iv, body, new Uint8Array(0));
  const header = concatBytes(body, ...(suite.version === 2 ? [] : [iv]), tag);
  const parts: Uint8Array[] = [];
  for (let sequence = 1, offset = 0; ; sequence++, offset += frameBytes) {
    const last = frameBytes === 0 || plaintext.length - offset <= frameBytes;
    const kind: FrameKind = frameBytes === 0 ? "block" : last ? "finalFrame" : "frame";
    const content = plaintext.subarray(offset, last ? undefined : offset + frameBytes);
    const own = partIv(sequence);
    const sealed = await messageKey.seal(own, frameAad(messageId, kind, sequence, content.length), content);
    const head = frameHead(kind, sequence, content.length);
    head.set(own, { frame: 4, finalFrame: 8, block: 0 }[kind]);
    parts.push(concatBytes(head, sealed.ciphertext, sealed.tag));
    if (last) break;
  }
  if (signer === undefined) return { header, parts, footer: new Uint8Array(0) };
  for (const piece of [header, ...parts]) signer.update(piece);
  const signature = await signer.sign();
  return { header, parts, footer: concatBytes(uint16Bytes(signature.length), signature) };
}

/** A whole one. */
export async function forge(forgery: Forgery): Promise<Uint8Array<ArrayBuffer>> {
  const { header, parts, footer } = await forgeParts(forgery);
  return concatBytes(header, ...parts, footer);
}

/** Gives every message the same data key, as a cache may, and looks at no encrypted one. */
export function fixedKey(dataKey: Uint8Array): MaterialsSource {
  const key = () => PlaintextDataKey.takeFrom(Uint8Array.from(dataKey));
  return {
    async forEncryption({ suite, context }) {
      return {
        suite,
        context,
        requiredContextNames: new Set<string>(),
        dataKey: key(),
        encryptedDataKeys: [someEncryptedDataKey],
        signingKey: undefined,
        [Symbol.dispose]() {},
      };
    },
    async forDecryption({ context }) {
      return { dataKey: key(), context, requiredContextNames: new Set<string>(), [Symbol.dispose]() {} };
    },
  };
}

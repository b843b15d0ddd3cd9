import { bytesOfBase64, compareBytes, joinBytes, uint16Bytes, utf8 } from "./bytes.ts";
import { invalidInput, malformed } from "./errors.ts";

/** What a message is bound to: names and values, readable by anybody, that must come back to decrypt. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** The name under which a signed message keeps its public key. */
export const publicKeyName = "aws-crypto-public-key";

/** Names with this beginning are the format's own. */
const reservedPrefix = "aws-crypto-";

/** Bytes of a serialized context at most: its length field has two bytes. */
export const maxContextBytes = 65_535;

/**
 * Checks a context that a caller gives.
 *
 * @throws EnvelopeError InvalidInput
 */
export function parseContext(context: EncryptionContext): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const [name, value] of Object.entries(context)) {
    if (typeof value !== "string") throw invalidInput(`The encryption context's "${name}" is not a text.`);
    if (name === "") throw invalidInput("The encryption context has a name without characters.");
    if (name.startsWith(reservedPrefix)) {
      throw invalidInput(`The encryption context's name "${name}" is reserved: it begins with ${reservedPrefix}.`);
    }
    if (!name.isWellFormed() || !value.isWellFormed()) {
      throw invalidInput("The encryption context has half of a surrogate pair, which is no character.");
    }
    pairs.set(name, value);
  }
  if (serializeContext(pairs).length > maxContextBytes) {
    throw invalidInput(`The encryption context has more than ${maxContextBytes} bytes.`);
  }
  return pairs;
}

/**
 * The canonical bytes of a context: the number of pairs, then each with its lengths, in the order of the names' UTF-8;
 * nothing at all for none. Source: AWS Encryption SDK specification, framework/structures.md, "Serialization".
 */
export function serializeContext(context: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer> {
  if (context.size === 0) return new Uint8Array(0);
  const pairs = [...context].map(([name, value]) => [utf8(name), utf8(value)] as const);
  pairs.sort(([a], [b]) => compareBytes(a, b));
  for (const part of pairs.flat()) {
    if (part.length > maxContextBytes)
      throw invalidInput(`The encryption context has more than ${maxContextBytes} bytes.`);
  }
  return joinBytes([
    uint16Bytes(pairs.length),
    ...pairs.flatMap(([name, value]) => [uint16Bytes(name.length), name, uint16Bytes(value.length), value]),
  ]);
}

/**
 * Reads a serialized context.
 *
 * @param offset where the bytes stand in the message, for errors
 * @throws EnvelopeError MessageMalformed
 */
export function decodeContext(bytes: Uint8Array, offset: number): ReadonlyMap<string, string> {
  const context = new Map<string, string>();
  if (bytes.length === 0) return context;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let position = 2;
  const readText = () => {
    const end = position + 2 <= bytes.length ? position + 2 + view.getUint16(position) : bytes.length + 1;
    if (end > bytes.length) throw malformed("The encryption context ends too early", offset + position);
    try {
      return text.decode(bytes.subarray(position + 2, end));
    } catch {
      throw malformed("The encryption context is not UTF-8", offset + position);
    } finally {
      position = end;
    }
  };
  if (bytes.length < 2) throw malformed("The encryption context ends too early", offset);
  const count = view.getUint16(0);
  for (let index = 0; index < count; index++) {
    const name = readText();
    if (context.has(name)) throw malformed("The encryption context has a name twice", offset + position);
    context.set(name, readText());
  }
  if (position !== bytes.length || count === 0) {
    throw malformed("The encryption context's length is not that of its pairs", offset + position);
  }
  return context;
}

/** The public key that a signed message carries. @returns undefined when there is none, or it is not base64 */
export function publicKeyOf(context: ReadonlyMap<string, string>): Uint8Array | undefined {
  const text = context.get(publicKeyName);
  return text === undefined ? undefined : bytesOfBase64(text);
}

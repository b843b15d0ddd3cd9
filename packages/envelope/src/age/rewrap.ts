import { ByteQueue, type ChunkSource } from "../byte-queue.ts";
import { joinBytes } from "../bytes.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { EnvelopeError, invalidInput, malformed } from "../errors.ts";
import { maxHeaderBytes } from "../message/header.ts";
import type { AgeIdentity, AgeRecipient } from "./age.ts";
import { type AgeStanza, decodeAgeHeader, endOfHeader, isAuthentic, sealAgeHeader } from "./header.ts";

/** What gets a file key out of a whole header. `Decrypter` of npm `age-encryption` does, with any of its identities. */
export interface AgeHeaderReader {
  decryptHeader(header: Uint8Array): Promise<Uint8Array>;
}

/** How an age file gets other recipients. */
export interface RewrapAgeOptions {
  /** Which of the stanzas that are there stay, such as those of X25519. Default: none. */
  readonly keep?: (stanza: AgeStanza) => boolean;
}

const firstReadBytes = 4096;

/**
 * Gives an age file other recipients. Its body stays as it is: the header's MAC is an HMAC under a key derived from the file
 * key, so that making it anew gives nothing away. Who could open the file before may have kept its file key: encrypt anew
 * to shut somebody out.
 *
 * @param file not armored
 * @param identity opens it
 * @param recipients all that the file is for from now on, beside those that `keep` names
 * @throws EnvelopeError InvalidInput, MessageMalformed, KeyUnavailable, DecryptionFailed, LimitExceeded
 */
export async function rewrapAge(
  file: Uint8Array,
  identity: AgeIdentity | AgeHeaderReader,
  recipients: readonly AgeRecipient[],
  options: RewrapAgeOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of rewrapAgeChunks([file], identity, recipients, options)) pieces.push(piece);
  return joinBytes(pieces);
}

/** As `rewrapAge`, of a file that comes in chunks. Memory: the header, which has 1 MiB at most. */
export async function* rewrapAgeChunks(
  file: ChunkSource,
  identity: AgeIdentity | AgeHeaderReader,
  recipients: readonly AgeRecipient[],
  options: RewrapAgeOptions = {},
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(file);
  try {
    yield await rewrapHeader(await takeHeader(queue), identity, recipients, options);
    yield* queue;
  } finally {
    await queue.close();
  }
}

async function takeHeader(queue: ByteQueue): Promise<Uint8Array> {
  for (let wanted = firstReadBytes; ; wanted *= 2) {
    const more = await queue.fill(wanted);
    const end = endOfHeader(textOf(queue.peek(queue.available)));
    if (end !== undefined && end <= maxHeaderBytes) return queue.take(end);
    if (!more) throw malformed("The age file ends within its header", queue.available);
    if (wanted >= maxHeaderBytes) {
      throw new EnvelopeError("LimitExceeded", `The age file's header has more than ${maxHeaderBytes} bytes.`);
    }
  }
}

async function rewrapHeader(
  bytes: Uint8Array,
  identity: AgeIdentity | AgeHeaderReader,
  recipients: readonly AgeRecipient[],
  { keep = () => false }: RewrapAgeOptions,
): Promise<Uint8Array> {
  const header = decodeAgeHeader(textOf(bytes));
  const unwrapped =
    "decryptHeader" in identity
      ? await identity.decryptHeader(Uint8Array.from(bytes))
      : await identity.unwrapFileKey(header.stanzas);
  if (unwrapped === null) throw new EnvelopeError("KeyUnavailable", "The file is for none of the identity's keys.");
  using fileKey = PlaintextDataKey.takeFrom(unwrapped);
  if (!(await fileKey.use((key) => isAuthentic(header, key)))) {
    throw new EnvelopeError("DecryptionFailed", "The file's header is damaged, or was made with another key.");
  }
  const wrapped = await fileKey.use((key) => Promise.all(recipients.map((recipient) => recipient.wrapFileKey(key))));
  const stanzas = [...header.stanzas.filter((stanza) => keep(stanza)), ...wrapped.flat()];
  if (stanzas.length === 0) throw invalidInput("Nobody could open the age file: give recipients, or keep some.");
  // Source: C2SP, age.md, "scrypt recipient stanza".
  if (stanzas.length > 1 && stanzas.some(({ args }) => args[0] === "scrypt")) {
    throw invalidInput("An age file with a passphrase has no other recipients: leave its stanza out with `keep`.");
  }
  return await fileKey.use((key) => sealAgeHeader(stanzas, key));
}

/** A character for each byte. */
function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let offset = 0; offset < bytes.length; offset += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(offset, offset + 0x8000));
  }
  return text;
}

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Keyring } from "@coffer/envelope";
import { ageIdentity, ageRecipient, rewrapAgeChunks } from "@coffer/envelope/age";
import { decryptJwe, encryptJwe } from "@coffer/envelope/jwe";
import { FileError } from "./file-problem.ts";

/** How a file of a format other than AWS's is put under other keys. */
export interface OtherRewrap {
  readonly reading: Keyring;
  /** The keys afterwards: such a file does not tell them as messages do, so they are always given. */
  readonly keys: Keyring | undefined;
  readonly context: Readonly<Record<string, string>>;
}

/** Bytes of a file that is rewrapped in memory, at most. */
const maxBytes = 2 ** 30;

async function readWhole(path: string, size: number): Promise<Buffer> {
  if (size > maxBytes) throw new FileError(`it has more than ${maxBytes} bytes, which rewrapping keeps in memory.`);
  return readFile(path);
}

function givenKeys({ keys }: OtherRewrap): Keyring {
  if (keys === undefined) throw new FileError("name the keys afterwards with --key or --vault-key.");
  return keys;
}

/**
 * An age file with another header, whose body stays as it is. Recipients that are no keys of a server, such as X25519, stay
 * in it.
 *
 * @throws EnvelopeError, FileError
 */
export async function* rewrapAgeFile(path: string, _size: number, options: OtherRewrap): AsyncGenerator<Uint8Array> {
  const keyring = givenKeys(options);
  let context = options.context;
  const told: Keyring = {
    ...options.reading,
    async unwrapDataKey(keys, request) {
      const outcome = await options.reading.unwrapDataKey(keys, request);
      if (outcome.dataKey !== undefined) context = Object.fromEntries(request.context);
      return outcome;
    },
  };
  // The context is known once the file is open.
  const recipient = { wrapFileKey: (fileKey: Uint8Array) => ageRecipient({ keyring, context }).wrapFileKey(fileKey) };
  const identity = ageIdentity({ keyring: told, context: options.context });
  const keep = ({ args }: { readonly args: readonly string[] }) => args[0] !== "coffer.dev/envelope";
  yield* rewrapAgeChunks(createReadStream(path, { highWaterMark: 1024 * 1024 }), identity, [recipient], { keep });
}

/** A JWE's header is authenticated with its body, so that it is encrypted anew. @throws EnvelopeError, FileError */
export async function* rewrapJweFile(path: string, size: number, options: OtherRewrap): AsyncGenerator<Uint8Array> {
  const text = (await readWhole(path, size)).toString("latin1").trim();
  const keyring = givenKeys(options);
  const { plaintext, context } = await decryptJwe(text, { keyring: options.reading, context: options.context });
  try {
    yield Buffer.from(`${await encryptJwe(plaintext, { keyring, context })}\n`);
  } finally {
    plaintext.fill(0);
  }
}

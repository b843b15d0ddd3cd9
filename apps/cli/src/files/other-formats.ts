import type { Keyring } from "@coffer/envelope";
import { ageIdentity, ageRecipient } from "@coffer/envelope/age";
import { decryptJwe, encryptJwe } from "@coffer/envelope/jwe";
import { armor, Decrypter, Encrypter } from "age-encryption";
import { FileError } from "./file-problem.ts";
import { type BytesTransform, readAll } from "./transfer-bytes.ts";

/** What a format needs to know. */
export interface FormatOptions {
  readonly keyring: Keyring;
  readonly context: Readonly<Record<string, string>>;
}

/** Bytes of a plaintext in a JWE at most, and of an armored age file: both are text, in memory as a whole. */
const maxTextBytes = 45 * 1024 * 1024;
const maxJweBytes = 64 * 1024 * 1024;

/** A JWE in its compact form, and a line end. */
export function encryptToJwe(options: FormatOptions): BytesTransform {
  return async function* (source) {
    yield Buffer.from(`${await encryptJwe(await readAll(source, maxTextBytes), options)}\n`);
  };
}

export function decryptFromJwe(options: FormatOptions): BytesTransform {
  return async function* (source) {
    const text = (await readAll(source, maxJweBytes)).toString("latin1").trim();
    yield (await decryptJwe(text, options)).plaintext;
  };
}

/** An age file, not armored. Source: C2SP, age.md. */
export function encryptToAge(options: FormatOptions): BytesTransform {
  return async function* (source) {
    const encrypter = new Encrypter();
    encrypter.addRecipient(ageRecipient(options));
    yield* await encrypter.encrypt(ReadableStream.from(source));
  };
}

export function decryptFromAge(options: FormatOptions): BytesTransform {
  return async function* (source) {
    yield* readable(await told(() => openAge(options).decrypt(ReadableStream.from(source))));
  };
}

export function decryptFromArmoredAge(options: FormatOptions): BytesTransform {
  return async function* (source) {
    const text = (await readAll(source, maxJweBytes)).toString("latin1");
    yield await told(async () => openAge(options).decrypt(armor.decode(text)));
  };
}

function openAge(options: FormatOptions): Decrypter {
  const decrypter = new Decrypter();
  decrypter.addIdentity(ageIdentity(options));
  return decrypter;
}

/** The library's errors have no class of their own. */
async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Error && error.name === "Error")
      throw new FileError(`the age file cannot be read: ${error.message}.`);
    throw error;
  }
}

async function* readable(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  for (let next = await told(() => chunks.next()); next.done !== true; next = await told(() => chunks.next()))
    yield next.value;
}

import { createSecretKey, type KeyObject } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SecretBytes } from "@coffer/crypto";
import { OperatorError } from "../operator-error.ts";

/** Makes and opens data keys under a key that stays where it is. */
export interface DataKeys {
  /** For people: which key it is. */
  readonly name: string;
  /** 32 bytes, plain and wrapped. @throws OperatorError */
  generate(): Promise<{ readonly plaintext: Uint8Array; readonly wrapped: Uint8Array }>;
  /** @throws OperatorError when the key cannot be reached, is disabled, or is another one */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

const keyBytes = 32;
const wrappedFile = "row-key.wrapped";
const plainFile = "row-key";
const privateMode = 0o600;

/**
 * The key that seals the relay's rows. Under a Coffer key the directory has it wrapped alone; without one it lies there, in a
 * file of mode 0600, and protects from nobody who has the disk.
 *
 * @throws OperatorError
 */
export async function openRowKey(directory: string, dataKeys: DataKeys | undefined): Promise<KeyObject> {
  return dataKeys === undefined ? openPlainKey(directory) : openWrappedKey(directory, dataKeys);
}

async function openWrappedKey(directory: string, dataKeys: DataKeys): Promise<KeyObject> {
  const file = join(directory, wrappedFile);
  if (readIfThere(join(directory, plainFile)) !== undefined) {
    throw new OperatorError(
      `${directory} has a relay with a key of its own: start it with --local-key, or name another --data-dir.`,
    );
  }
  const wrapped = readIfThere(file);
  if (wrapped !== undefined) return toKey(await dataKeys.unwrap(wrapped));
  const made = await dataKeys.generate();
  writeDurably(file, made.wrapped);
  return toKey(made.plaintext);
}

function openPlainKey(directory: string): KeyObject {
  const file = join(directory, plainFile);
  if (readIfThere(join(directory, wrappedFile)) !== undefined) {
    throw new OperatorError(`the relay in ${directory} is under a Coffer key: name it with --key.`);
  }
  const found = readIfThere(file);
  if (found === undefined) {
    using key = SecretBytes.random(keyBytes);
    key.use((bytes) => writeDurably(file, bytes));
    return key.toKeyObject();
  }
  if ((statSync(file).mode & 0o077) !== 0) throw new OperatorError(`${file} can be read by others: chmod 600 ${file}`);
  return toKey(found);
}

function toKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== keyBytes) throw new OperatorError("the relay's data key has another length: it is damaged.");
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** A file's bytes; undefined when there is none. @throws OperatorError */
export function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new OperatorError(`cannot read ${file}: ${code}.`, 1, { cause });
  }
}

/** Writes a file of mode 0600 as a whole, and waits until it and its name are on the disk. */
export function writeDurably(file: string, bytes: Uint8Array): void {
  const made = `${file}.new`;
  const descriptor = openSync(made, "w", privateMode);
  try {
    writeFileSync(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(made, file);
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

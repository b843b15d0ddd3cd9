import type { KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { SecretBytes } from "@coffer/crypto";
import type { Seal, SealedRootKey } from "@coffer/service";
import { parseSealed, unwrapRootKey, wrapRootKey } from "../sealed-fields.ts";
import { SealFileDamaged, SealFileMissing } from "./errors.ts";
import { decodeKeyFile, encodeKeyFile, keyFileBytes } from "./format.ts";
import { createPrivateFile, readPrivateFile } from "./private-file.ts";

const kind = "keyfile";
const keyBytes = 32;

export interface KeyFileSealOptions {
  /** The key file, in a directory of its own. */
  readonly path: string;
  /** Whether to make a new key, with its directory, when there is none. */
  readonly create: boolean;
}

/** Protects the root key with 32 random bytes in a file. */
class KeyFileSeal implements Seal {
  readonly kind = kind;
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  async seal(rootKey: SecretBytes): Promise<SealedRootKey> {
    return wrapRootKey(this.#key, kind, {}, rootKey);
  }

  async unseal(sealed: SealedRootKey): Promise<SecretBytes | undefined> {
    const parsed = parseSealed(sealed, kind);
    return parsed === undefined ? undefined : unwrapRootKey(this.#key, parsed);
  }
}

/**
 * Opens the seal that keeps its key in a file of mode 0600 in a directory of mode 0700.
 *
 * @throws SealFileMissing when there is no file and `create` is false
 * @throws SealFileUnsafe when others than this user can reach the file or its directory, or either is a symbolic link
 * @throws SealFileDamaged when the file is not as it was written
 */
export async function openKeyFileSeal(options: KeyFileSealOptions): Promise<Seal> {
  const path = resolve(options.path);
  const found = await readKey(path);
  if ("key" in found) return openWith(found.key);
  if (!options.create) throw new SealFileMissing(path, found.missing);
  await createKey(path);
  // What the file holds counts: another process may have created it first, and what was not written must not be used.
  const made = await readKey(path);
  if ("key" in made) return openWith(made.key);
  throw new SealFileMissing(path, made.missing);
}

function openWith(key: SecretBytes): Seal {
  const seal = new KeyFileSeal(key.toKeyObject());
  key.dispose();
  return seal;
}

async function readKey(path: string): Promise<{ readonly key: SecretBytes } | { readonly missing: unknown }> {
  let content: Buffer;
  try {
    // One byte more than it may have, to see that it has more.
    content = await readPrivateFile(path, keyFileBytes + 1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { missing: error };
    throw error;
  }
  const decoded = decodeKeyFile(content);
  content.fill(0);
  if ("fault" in decoded) throw new SealFileDamaged(path, decoded.fault);
  return decoded;
}

async function createKey(path: string): Promise<void> {
  const key = SecretBytes.random(keyBytes);
  const content = encodeKeyFile(key);
  key.dispose();
  try {
    await createPrivateFile(path, content);
  } finally {
    content.fill(0);
  }
}

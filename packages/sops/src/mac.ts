import { createHash, timingSafeEqual } from "node:crypto";
import type { SealedValue, ValueCipher } from "./value-cipher.ts";

/**
 * SOPS's message authentication code: SHA-512 over the plaintext values in the file's order, without what parts them, keys
 * or comments, encrypted like a value and bound to the time of the last change. What it does not cover, the values' binding
 * to their paths does in part. Source: SOPS 3.13, sops.go (`Tree.Encrypt`) and cmd/sops/common (`EncryptTree`).
 */
export class MacDigest {
  readonly #hash = createHash("sha512");
  readonly #onlyEncrypted: boolean;

  /** @param onlyEncrypted whether plaintext values are left out (`mac_only_encrypted`) */
  constructor(onlyEncrypted: boolean) {
    this.#onlyEncrypted = onlyEncrypted;
    // A MAC of one sort is never one of the other: SHA-256 of "sops", by SOPS 3.13.
    if (onlyEncrypted) this.#hash.update(createHash("sha256").update("sops").digest());
  }

  add({ kind, bytes }: SealedValue, encrypted: boolean): void {
    if (kind === "comment" || (this.#onlyEncrypted && !encrypted)) return;
    this.#hash.update(bytes);
  }

  /** In upper-case hexadecimal. Once. */
  finish(): string {
    return this.#hash.digest("hex").toUpperCase();
  }
}

/** The `mac` of the metadata. @param lastModified as the metadata writes it */
export function sealMac(cipher: ValueCipher, mac: string, lastModified: string): string {
  return cipher.seal({ kind: "str", bytes: Buffer.from(mac) }, macBinding(lastModified));
}

/** Whether the metadata's `mac` is this one. */
export function isMac(cipher: ValueCipher, sealed: string, mac: string, lastModified: string): boolean {
  const opened = cipher.open(sealed, macBinding(lastModified));
  const expected = Buffer.from(mac);
  return opened !== undefined && opened.bytes.length === expected.length && timingSafeEqual(opened.bytes, expected);
}

/** SOPS writes the time that it has read anew, to whole seconds. */
function macBinding(lastModified: string): string {
  return lastModified.replace(/\.\d+/, "").replace(/[+-]00:00$/, "Z");
}

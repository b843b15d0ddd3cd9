import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { EnvelopeError, type PlaintextDataKey } from "@coffer/envelope";
import type { LeafKind } from "./document.ts";

/** A value as it is encrypted: its kind and its bytes. */
export interface SealedValue {
  readonly kind: LeafKind;
  readonly bytes: Buffer;
}

const ivBytes = 32;
const tagBytes = 16;
const base64 = "[A-Za-z0-9+/]+={0,2}";
const pattern = new RegExp(`^ENC\\[AES256_GCM,data:(${base64}),iv:(${base64}),tag:(${base64}),type:([a-z]+)\\]$`);
const kinds = new Map<string, LeafKind>(
  (["str", "int", "float", "bool", "bytes", "time", "comment"] as const).map((kind) => [kind, kind]),
);

/** Whether the text looks like an encrypted value. */
export function isEncrypted(text: string): boolean {
  return text.startsWith("ENC[AES256_GCM,") && pattern.test(text);
}

/**
 * Encrypts the values of a file under its data key: AES-256-GCM with IVs of 32 bytes (NIST SP 800-38D, section 7.1: an IV
 * of another length than 96 bits goes through GHASH), 128-bit tags, and what the value is bound to as additional data.
 * Source: SOPS 3.13, aes/cipher.go and the section "Encryption protocol" of its documentation.
 */
export class ValueCipher {
  readonly #key: KeyObject;

  /** @throws EnvelopeError DecryptionFailed when the key has not 32 bytes */
  constructor(dataKey: PlaintextDataKey) {
    if (dataKey.byteLength !== 32) {
      throw new EnvelopeError(
        "DecryptionFailed",
        `The data key has ${dataKey.byteLength} bytes instead of 32: the metadata is not of this file.`,
      );
    }
    this.#key = dataKey.use((bytes) => createSecretKey(bytes));
  }

  /**
   * @param boundTo the additional data
   * @returns `ENC[AES256_GCM,data:...,iv:...,tag:...,type:...]`; an empty text for no bytes, as SOPS leaves them
   */
  seal({ kind, bytes }: SealedValue, boundTo: string): string {
    if (bytes.length === 0) return "";
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv, { authTagLength: tagBytes });
    cipher.setAAD(Buffer.from(boundTo));
    const data = cipher.update(bytes).toString("base64");
    cipher.final();
    const tag = cipher.getAuthTag().toString("base64");
    const type = kind === "bytes" ? "str" : kind;
    return `ENC[AES256_GCM,data:${data},iv:${iv.toString("base64")},tag:${tag},type:${type}]`;
  }

  /** @returns undefined when it is no ciphertext of this key, bound to this */
  open(text: string, boundTo: string): SealedValue | undefined {
    if (text === "") return { kind: "str", bytes: Buffer.alloc(0) };
    const [, data = "", iv = "", tag = "", type = ""] = pattern.exec(text) ?? [];
    const kind = kinds.get(type);
    const [body, nonce, mark] = [bytesOf(data), bytesOf(iv), bytesOf(tag)];
    if (kind === undefined || body === undefined || nonce === undefined || mark?.length !== tagBytes) return undefined;
    // OpenSSL takes no longer ones, and shorter ones than 96 bits are no good.
    if (nonce.length < 12 || nonce.length > 128) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(mark);
    const bytes = decipher.update(body);
    try {
      decipher.final();
    } catch {
      bytes.fill(0);
      return undefined;
    }
    return { kind, bytes };
  }
}

function bytesOf(text: string): Buffer | undefined {
  return text.length > 0 && text.length % 4 === 0 ? Buffer.from(text, "base64") : undefined;
}

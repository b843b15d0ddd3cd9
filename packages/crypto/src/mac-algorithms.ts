import { createHmac, type KeyObject } from "node:crypto";
import { timingSafeEqualBytes } from "./digest.ts";

/** One MAC algorithm: its name in AWS KMS, and what it does with a secret key. */
export interface MacAlgorithmRow {
  readonly name: string;
  /** Length of every MAC. */
  readonly macBytes: number;
  /** The MAC of a message of any length. */
  readonly generate: (key: KeyObject, message: Uint8Array) => Buffer;
  /** Whether `mac` is that of the message, whole: a shortened one is not. Constant time for MACs of the right length. */
  readonly verify: (key: KeyObject, message: Uint8Array, mac: Uint8Array) => boolean;
}

/** HMAC (FIPS 198-1) with a hash by OpenSSL's name. */
function hmac(name: string, hash: string, macBytes: number): MacAlgorithmRow {
  const generate = (key: KeyObject, message: Uint8Array) => createHmac(hash, key).update(message).digest();
  return {
    name,
    macBytes,
    generate,
    verify: (key, message, mac) => timingSafeEqualBytes(generate(key, message), mac),
  };
}

const rows: readonly MacAlgorithmRow[] = [
  hmac("HMAC_SHA_224", "sha224", 28),
  hmac("HMAC_SHA_256", "sha256", 32),
  hmac("HMAC_SHA_384", "sha384", 48),
  hmac("HMAC_SHA_512", "sha512", 64),
];

const rowsByName: ReadonlyMap<string, MacAlgorithmRow> = new Map(rows.map((row) => [row.name, row]));

/** The row of an untrusted MAC algorithm name, exactly as AWS KMS writes it. */
export function findMacAlgorithm(name: string): MacAlgorithmRow | undefined {
  return rowsByName.get(name);
}

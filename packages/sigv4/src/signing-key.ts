import type { KeyObject } from "node:crypto";
import { hmacSha256, SecretBytes } from "@coffer/crypto";
import { scopeTerminator } from "./request.ts";

/** What a signing key is good for: one day, region and service. */
export interface KeyScope {
  /** `YYYYMMDD`, UTC. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/**
 * Derives the signing key of a scope (AWS Signature Version 4, "Calculate the signature"): four chained HMAC-SHA256 that
 * start from `AWS4` and the secret access key. The intermediate keys are wiped.
 *
 * @throws CryptoInvariantError when the secret was disposed
 */
export function deriveSigningKey(secret: SecretBytes, scope: KeyScope): KeyObject {
  let key = secret.use((bytes) => {
    const start = Buffer.allocUnsafeSlow(4 + bytes.length);
    start.write("AWS4", "latin1");
    start.set(bytes, 4);
    return hmacStep(start, scope.date);
  });
  key = hmacStep(key, scope.region);
  key = hmacStep(key, scope.service);
  key = hmacStep(key, scopeTerminator);
  using owned = SecretBytes.takeFrom(key);
  return owned.toKeyObject();
}

function hmacStep(key: Buffer, text: string): Buffer {
  const next = hmacSha256(key, text);
  key.fill(0);
  return next;
}

/** The name of a key in the cache. None of the four holds a slash: the parser sees to that. */
export function signingKeyId(accessKeyId: string, scope: KeyScope): string {
  return `${accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
}

/** Derived signing keys, bounded in number. The least used half goes when it is full. Made by {@link createSigningKeyCache}. */
export interface SigningKeyCache {
  /** How many keys it holds. */
  readonly size: number;
  /** The key kept under `id`, if it was derived from this very `secret` object. */
  find(id: string, secret: SecretBytes): KeyObject | undefined;
  /** Keeps `key`, derived from `secret`, under `id`, instead of what was there. */
  keep(id: string, secret: SecretBytes, key: KeyObject): void;
  /** Drops every key of an access key: for its deletion, so that nothing derived from it stays in memory. */
  forget(accessKeyId: string): void;
}

interface CachedKey {
  readonly secret: SecretBytes;
  readonly key: KeyObject;
}

/**
 * Makes a cache of at most `maxEntries` signing keys (2 or more). An entry is bound to the SecretBytes object that it came
 * from: after a change of the secret the old key is not found again.
 *
 * @throws RangeError when `maxEntries` is not a whole number from 2 on
 */
export function createSigningKeyCache(maxEntries: number): SigningKeyCache {
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 2) {
    throw new RangeError("a signing key cache holds a whole number of entries, at least 2");
  }
  const halfEntries = Math.floor(maxEntries / 2);
  // Two generations instead of a list in order of use: a hit in the young one, nearly every hit, changes nothing.
  let young = new Map<string, CachedKey>();
  let old = new Map<string, CachedKey>();

  function put(id: string, entry: CachedKey): void {
    old.delete(id);
    if (!young.has(id) && young.size >= halfEntries) {
      old = young;
      young = new Map();
    }
    young.set(id, entry);
  }

  return {
    get size() {
      return young.size + old.size;
    },
    find(id, secret) {
      const recent = young.get(id);
      if (recent !== undefined) return recent.secret === secret ? recent.key : undefined;
      const entry = old.get(id);
      if (entry === undefined || entry.secret !== secret) return undefined;
      put(id, entry);
      return entry.key;
    },
    keep(id, secret, key) {
      put(id, { secret, key });
    },
    forget(accessKeyId) {
      for (const generation of [young, old]) {
        for (const id of generation.keys()) if (id.startsWith(`${accessKeyId}/`)) generation.delete(id);
      }
    },
  };
}

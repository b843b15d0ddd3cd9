import type { KeyObject } from "node:crypto";
import { sha256Hex } from "@coffer/crypto";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import type { Principal, TokenRecord } from "../model/principal.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { batchTokenPrefix, openBatchToken } from "../vault/batch-token.ts";
import { vaultPrincipal } from "../vault/vault-principal.ts";

/** A token, and whom it shows: made anew only when the principal behind it changed. */
interface CachedToken {
  readonly record: TokenRecord;
  /** Of a token of an IAM principal, as it was when it was shown last; of one of the Vault API, its holder for good. */
  base: Principal | undefined;
  shown: Principal | undefined;
}

type FindPrincipal = (record: TokenRecord) => Principal | undefined | Promise<Principal | undefined>;

/**
 * Finds tokens, in memory when they were used lately. A token holds as long as the token that made it: a revoked or expired
 * one ends everything below it at once, and what is below is deleted later.
 */
export class TokenDirectory {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #batchKey: KeyObject;
  readonly #findPrincipal: FindPrincipal;
  /** By digest. */
  readonly #tokens = new ReadThroughCache<CachedToken>(limits.cachedIdentities.value);

  constructor(store: Store, clock: Clock, batchKey: KeyObject, findPrincipal: FindPrincipal) {
    this.#store = store;
    this.#clock = clock;
    this.#batchKey = batchKey;
    this.#findPrincipal = findPrincipal;
  }

  /** @returns undefined for an unknown, expired or revoked token */
  async find(token: string): Promise<Principal | undefined> {
    // Digests are looked up, so the time that it takes says nothing of any token.
    const digest = sha256Hex(token);
    if (!token.startsWith(batchTokenPrefix)) return this.findByDigest(digest);
    const cached = await this.#tokens.find(digest, async () => {
      const record = openBatchToken(this.#batchKey, token);
      return record && cacheToken(record);
    });
    return cached && this.#show(cached);
  }

  /** As `find`. @param digest lower-case hex SHA-256 of the token */
  async findByDigest(digest: string): Promise<Principal | undefined> {
    const cached = this.#tokens.cached(digest) ?? (await this.#load(digest));
    return cached && this.#show(cached);
  }

  /** Whether a token that was stored holds. */
  async isLive(record: TokenRecord): Promise<boolean> {
    return (await this.#show(cacheToken(record))) !== undefined;
  }

  forget(digest: string): void {
    this.#tokens.forget(digest);
  }

  forgetAll(): void {
    this.#tokens.forgetAll();
  }

  #load(digest: string): Promise<CachedToken | undefined> {
    return this.#tokens.find(digest, async () => {
      const record = await this.#store.get("tokens", { digest });
      return record && cacheToken(record);
    });
  }

  async #show(cached: CachedToken): Promise<Principal | undefined> {
    const { record } = cached;
    const found = record.vault === undefined ? this.#findPrincipal(record) : cached.base;
    const principal = found instanceof Promise ? await found : found;
    if (principal === undefined || this.#isOver(record)) return undefined;
    for (let digest = record.parentDigest; digest !== undefined; ) {
      const parent = this.#tokens.cached(digest) ?? (await this.#load(digest));
      if (parent === undefined || this.#isOver(parent.record)) return undefined;
      if (parent.record.vault === undefined && (await this.#findPrincipal(parent.record)) === undefined)
        return undefined;
      digest = parent.record.parentDigest;
    }
    if (cached.shown === undefined || cached.base !== principal) {
      cached.shown = record.vault === undefined ? { ...principal, token: record } : principal;
      cached.base = principal;
    }
    return cached.shown;
  }

  #isOver({ expiresAtMs, vault }: TokenRecord): boolean {
    if (vault !== undefined && vault.numUses < 0) return true;
    return expiresAtMs !== undefined && expiresAtMs <= this.#clock.nowMs();
  }
}

function cacheToken(record: TokenRecord): CachedToken {
  return { record, base: record.vault === undefined ? undefined : vaultPrincipal(record), shown: undefined };
}

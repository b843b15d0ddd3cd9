import { ServiceError } from "../errors.ts";
import { BoundedCache } from "../keys/bounded-cache.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import type { RequestContext } from "../model/request.ts";
import type { Operation } from "../pipeline/operation.ts";
import { keyStoreQuota, quotaBySpec, requestRates, symmetricQuota } from "./request-rates.ts";

/** What is left of one quota, as of a time. */
interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Counts the requests of each account and region against request quotas: a token bucket a quota, which holds what one
 * second gives, and one request at least.
 */
export class RequestQuotas {
  readonly #rates: ReadonlyMap<string, number>;
  readonly #buckets = new BoundedCache<string, Bucket>(limits.requestQuotaBuckets.value);

  /** `rates`: requests a second, by the names of `requestRates`. What has no rate is not limited. */
  constructor(rates: ReadonlyMap<string, number>) {
    this.#rates = rates;
  }

  /**
   * Counts a request: its account's, whoever owns the keys (AWS KMS: cross-account requests), and a denied one, too.
   *
   * @param keys the keys that the request uses
   * @throws ServiceError Throttled
   */
  take<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    keys: readonly KeyEntry[],
    { principal, region }: RequestContext,
    nowMs: number,
  ): void {
    for (const quota of quotasOf(operation, input, keys)) {
      const rate = this.#rates.get(quota);
      if (rate !== undefined) this.#takeOne(`${principal.account}/${region}/${quota}`, rate, nowMs);
    }
  }

  #takeOne(name: string, rate: number, nowMs: number): void {
    const capacity = Math.max(1, rate);
    const bucket = this.#buckets.get(name) ?? { tokens: capacity, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsedMs * rate) / 1000);
    bucket.atMs = nowMs;
    this.#buckets.set(name, bucket);
    if (bucket.tokens < 1) {
      const reason = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
      throw ServiceError.of("Throttled", { reason });
    }
    bucket.tokens -= 1;
  }
}

/** The quotas that a request counts against: its operation's own, or else those of the keys that it uses. */
function quotasOf<Input, Output>(
  { name, plane, quota }: Operation<Input, Output>,
  input: Input,
  keys: readonly KeyEntry[],
): readonly string[] {
  if (quota !== undefined) return [quota(input)];
  if (plane === "control" || requestRates.has(name)) return [name];
  return keys.length === 0 ? [symmetricQuota] : keys.map(quotaOfKey);
}

function quotaOfKey({ record }: KeyEntry): string {
  return record.customKeyStoreId === undefined ? (quotaBySpec.get(record.spec) ?? symmetricQuota) : keyStoreQuota;
}

import { ServiceError } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { limits } from "../limits.ts";
import { aliasArn, isKeyId, keyArn, parseKeyReference } from "../model/arn.ts";
import type { Store, Write } from "../ports/store.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { KeyEntry } from "./key-entry.ts";

/** Finds keys by reference, through a bounded cache that every commit keeps true. */
export class KeyDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #keys = new BoundedCache<string, KeyEntry>(limits.cachedKeys.value);
  /** `account/region/alias` to key id. */
  readonly #aliases = new BoundedCache<string, string>(limits.cachedKeys.value);
  /** Counts commits: what was read before a commit is not cached after it. */
  #generation = 0;

  constructor(store: Store, keyring: Keyring) {
    this.#store = store;
    this.#keyring = keyring;
  }

  /** A key by region and id, when it is in memory. */
  cached(region: string, keyId: string): KeyEntry | undefined {
    return this.#keys.get(`${region}/${keyId}`);
  }

  /** A key by region and id. */
  async find(region: string, keyId: string): Promise<KeyEntry | undefined> {
    const name = `${region}/${keyId}`;
    const cached = this.#keys.get(name);
    if (cached !== undefined) return cached;
    if (!isKeyId(keyId)) return undefined;
    const generation = this.#generation;
    const record = await this.#store.get("keys", { region, keyId });
    if (record === undefined) return undefined;
    const entry = new KeyEntry(record, this.#store, this.#keyring);
    if (generation === this.#generation) this.#keys.set(name, entry);
    return entry;
  }

  /** The key id behind an alias. */
  async findAlias(account: string, region: string, name: string): Promise<string | undefined> {
    const cacheKey = `${account}/${region}/${name}`;
    const cached = this.#aliases.get(cacheKey);
    if (cached !== undefined) return cached;
    const generation = this.#generation;
    const record = await this.#store.get("aliases", { account, region, name });
    if (record === undefined) return undefined;
    if (generation === this.#generation) this.#aliases.set(cacheKey, record.keyId);
    return record.keyId;
  }

  /**
   * A key by key id, key ARN, alias name or alias ARN, as seen from an account and region.
   *
   * @throws ServiceError NotFound; InvalidInput kind `arn` for a malformed ARN
   */
  async resolve(reference: string, account: string, region: string): Promise<KeyEntry> {
    const hot = this.#keys.get(`${region}/${reference}`);
    if (hot !== undefined && hot.record.account === account) return hot;
    const parsed = parseKeyReference(reference);
    if (parsed === undefined) {
      throw ServiceError.of("InvalidInput", { kind: "arn", reason: `Invalid arn ${reference}` });
    }
    const inRegion = parsed.region ?? region;
    const inAccount = parsed.account ?? account;
    if (inRegion !== region) {
      throw ServiceError.of("NotFound", { resource: "region", id: inRegion });
    }
    const keyId = parsed.kind === "alias" ? await this.findAlias(inAccount, inRegion, parsed.name) : parsed.name;
    if (keyId === undefined) {
      throw ServiceError.of("NotFound", { resource: "alias", id: aliasArn(inRegion, inAccount, parsed.name) });
    }
    const entry = await this.find(inRegion, keyId);
    if (entry === undefined || entry.record.account !== inAccount) {
      throw ServiceError.of("NotFound", { resource: "key", id: keyArn(inRegion, inAccount, keyId) });
    }
    return entry;
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    this.#generation += 1;
    for (const write of writes) {
      if (write.table === "keys") {
        const { region, keyId } = write.op === "delete" ? write.key : write.row;
        this.#keys.delete(`${region}/${keyId}`);
      } else if (write.table === "keyVersions") {
        const { region, keyId } = write.op === "delete" ? write.key : write.row;
        this.#keys.delete(`${region}/${keyId}`);
      } else if (write.table === "aliases") {
        const { account, region, name } = write.op === "delete" ? write.key : write.row;
        this.#aliases.delete(`${account}/${region}/${name}`);
      }
    }
  }
}

import { ServiceError } from "../errors.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { limits } from "../limits.ts";
import { aliasArn, isKeyId, keyArn, parseKeyReference } from "../model/arn.ts";
import type { Store, Write } from "../ports/store.ts";
import { KeyEntry } from "./key-entry.ts";
import { ReadThroughCache } from "./read-through-cache.ts";

/** Finds keys by reference, through bounded caches that every commit keeps true. */
export class KeyDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  /** By `region/key id`; a region holds no slash. */
  readonly #keys = new ReadThroughCache<KeyEntry>(limits.cachedKeys.value);
  /** `account/region/alias` to key id. */
  readonly #aliases = new ReadThroughCache<string>(limits.cachedKeys.value);

  constructor(store: Store, keyring: Keyring) {
    this.#store = store;
    this.#keyring = keyring;
  }

  /** A key by region and id, when it is in memory. */
  cached(region: string, keyId: string): KeyEntry | undefined {
    return this.#keys.cached(`${region}/${keyId}`);
  }

  /**
   * What `resolve` would find, when all of it is in memory.
   *
   * @returns undefined when it is not, or when there is something to refuse
   */
  resolveCached(reference: string, account: string, region: string): KeyEntry | undefined {
    const byId = this.cached(region, reference);
    if (byId !== undefined) return byId.record.account === account ? byId : undefined;
    const parsed = parseKeyReference(reference);
    if (parsed === undefined || (parsed.region ?? region) !== region) return undefined;
    const inAccount = parsed.account ?? account;
    const keyId = parsed.kind === "id" ? parsed.name : this.#aliases.cached(`${inAccount}/${region}/${parsed.name}`);
    const entry = keyId === undefined ? undefined : this.cached(region, keyId);
    return entry?.record.account === inAccount ? entry : undefined;
  }

  /** A key by region and id. */
  async find(region: string, keyId: string): Promise<KeyEntry | undefined> {
    if (!isKeyId(keyId)) return undefined;
    return this.#keys.find(`${region}/${keyId}`, async () => {
      const record = await this.#store.get("keys", { region, keyId });
      if (record === undefined) return undefined;
      const max = limits.aliasesPerKey.value;
      const aliases = await this.#store.listKeyAliases(record.account, region, keyId, undefined, max);
      return new KeyEntry(
        record,
        aliases.map(({ name }) => name),
        this.#store,
        this.#keyring,
      );
    });
  }

  /** Whether an alias is there; synchronous when it is in memory. */
  hasAlias(account: string, region: string, name: string): boolean | Promise<boolean> {
    if (this.#aliases.cached(`${account}/${region}/${name}`) !== undefined) return true;
    return this.findAlias(account, region, name).then((keyId) => keyId !== undefined);
  }

  /** The key id behind an alias. */
  findAlias(account: string, region: string, name: string): Promise<string | undefined> {
    return this.#aliases.find(
      `${account}/${region}/${name}`,
      async () => (await this.#store.get("aliases", { account, region, name }))?.keyId,
    );
  }

  /**
   * A key by key id, key ARN, alias name or alias ARN, as seen from an account and region.
   *
   * @throws ServiceError NotFound; InvalidInput kind `arn` for a malformed ARN, kind `size` for an endless one
   */
  async resolve(reference: string, account: string, region: string): Promise<KeyEntry> {
    const max = limits.keyReferenceChars.value;
    if (reference.length > max) {
      const reason = `A key id, key ARN, alias name or alias ARN has at most ${max} characters.`;
      throw ServiceError.of("InvalidInput", { kind: "size", member: "keyId", reason });
    }
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
    for (const write of writes) {
      if (write.table === "keys" || write.table === "keyVersions") {
        const { region, keyId } = write.op === "delete" ? write.key : write.row;
        this.#keys.forget(`${region}/${keyId}`);
      } else if (write.table === "aliases") {
        const { account, region, name } = write.op === "delete" ? write.key : write.row;
        this.#aliases.forget(`${account}/${region}/${name}`);
      }
    }
  }
}

import type { SecretBytes } from "@coffer/crypto";
import type { Keyring } from "../keyring/keyring.ts";
import { keyStoreIdentity } from "../keys/identity.ts";
import { ReadThroughCache } from "../keys/read-through-cache.ts";
import { limits } from "../limits.ts";
import type { CustomKeyStoreRecord } from "../model/key-store.ts";
import type { ExternalKeyProxy } from "../ports/external-keys.ts";
import type { Store, Write } from "../ports/store.ts";

/** A custom key store as operations see it: its record, and its proxy with the credential unwrapped. */
export interface KeyStoreEntry {
  readonly record: CustomKeyStoreRecord;
  readonly proxy: ExternalKeyProxy;
}

/** Finds custom key stores, through a bounded cache that every commit keeps true. */
export class KeyStoreDirectory {
  readonly #store: Store;
  readonly #keyring: Keyring;
  /** By `account/region/id`. */
  readonly #entries = new ReadThroughCache<KeyStoreEntry>(limits.cachedKeyStores.value);

  constructor(store: Store, keyring: Keyring) {
    this.#store = store;
    this.#keyring = keyring;
  }

  async find(account: string, region: string, customKeyStoreId: string): Promise<KeyStoreEntry | undefined> {
    return this.#entries.find(`${account}/${region}/${customKeyStoreId}`, async () => {
      const record = await this.#store.get("customKeyStores", { account, region, customKeyStoreId });
      return record === undefined ? undefined : { record, proxy: proxyOf(record, unwrapSecret(this.#keyring, record)) };
    });
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.table !== "customKeyStores") continue;
      const { account, region, customKeyStoreId } = write.op === "delete" ? write.key : write.row;
      this.#entries.forget(`${account}/${region}/${customKeyStoreId}`);
    }
  }
}

/** The credential's secret. The caller disposes of it. */
export function unwrapSecret(keyring: Keyring, record: CustomKeyStoreRecord): SecretBytes {
  const { wrappingKeyId, wrappedSecret: wrapped } = record;
  return keyring.unwrap({ wrappingKeyId, wrapped }, keyStoreIdentity(record));
}

/** The proxy of a key store, with a secret that its credential has or is to have. */
export function proxyOf(
  { uriEndpoint, uriPath, accessKeyId, region }: Omit<ExternalKeyProxy, "secret">,
  secret: SecretBytes,
): ExternalKeyProxy {
  return { uriEndpoint, uriPath, accessKeyId, region, secret };
}

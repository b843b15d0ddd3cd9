import { SecretBytes } from "@coffer/crypto";
import type { Keyring } from "../keyring/keyring.ts";
import { vaultEntryIdentity } from "../keys/identity.ts";
import { limits } from "../limits.ts";
import type { VaultEntryRecord } from "../model/vault-entry.ts";
import type { Clock } from "../ports/clock.ts";
import type { Store, Write } from "../ports/store.ts";

/** A record of the Vault API, unwrapped. */
export interface VaultEntry<T> {
  readonly area: string;
  readonly name: string;
  readonly value: T;
  readonly expiresAtMs?: number;
  readonly revision: number;
}

/** A page of a folder: names, and folders with a slash at their end. */
export interface VaultFolderPage {
  readonly names: readonly string[];
  /** Whether there may be more after the last one. */
  readonly more: boolean;
}

/** Above every name that begins with a folder's own. */
const lastCharacter = "\u{10ffff}";

/**
 * What the Vault API keeps: any JSON value under an area and a name, wrapped by the keyring, so that nothing of it is in
 * the clear at rest, as behind Vault's barrier. Changes are writes for `core.commit`, each on the revision it was decided
 * on: two at once see each other.
 */
export class VaultEntries {
  readonly #store: Store;
  readonly #keyring: Keyring;
  readonly #clock: Clock;

  constructor(store: Store, keyring: Keyring, clock: Clock) {
    this.#store = store;
    this.#keyring = keyring;
    this.#clock = clock;
  }

  /** @returns undefined when there is none, or its time is over */
  async get<T>(area: string, name: string): Promise<VaultEntry<T> | undefined> {
    const record = await this.#store.get("vaultEntries", { area, name });
    return record === undefined || this.#isOver(record) ? undefined : this.#open<T>(record);
  }

  /** Entries of an area by name, from a cursor; those whose time is over are left out. */
  async page<T>(area: string, afterName: string | undefined, limit: number): Promise<readonly VaultEntry<T>[]> {
    const records = await this.#store.listVaultEntries(area, afterName, limit);
    return records.filter((record) => !this.#isOver(record)).map((record) => this.#open<T>(record));
  }

  /**
   * The names right below a folder, by name (Vault API: LIST). Skips over the folders in it, however full they are, unless
   * the list is `deep`: then it has what is in them instead.
   *
   * @param folder empty, or with a slash at its end
   * @param after a name or folder of the listing before
   * @param limit at most `limits.pageItems`
   */
  async list(
    area: string,
    folder: string,
    after: string | undefined,
    limit: number,
    deep = false,
  ): Promise<VaultFolderPage> {
    const names: string[] = [];
    let cursor: string | undefined = folder === "" ? undefined : folder;
    if (after !== undefined && after !== "") cursor = behind(`${folder}${after}`);
    for (;;) {
      const records = await this.#store.listVaultEntries(area, cursor, limits.pageItems.value);
      for (const record of records) {
        if (!record.name.startsWith(folder)) return { names, more: false };
        const child = deep ? record.name.slice(folder.length) : childOf(folder, record.name);
        if (child === names.at(-1) || this.#isOver(record)) continue;
        if (names.length === limit) return { names, more: true };
        names.push(child);
      }
      const last = records.at(-1);
      if (last === undefined || records.length < limits.pageItems.value) return { names, more: false };
      cursor = deep ? last.name : behind(folder + childOf(folder, last.name));
    }
  }

  /** The write of a new entry. The commit throws StoreConflict `exists` when there is one, also one whose time is over. */
  insert(area: string, name: string, value: unknown, expiresAtMs?: number): Write {
    return { op: "insert", table: "vaultEntries", row: this.#seal(area, name, value, expiresAtMs, 1) };
  }

  /** The write of an entry's new value; `expiresAtMs` undefined keeps it for ever. */
  update(entry: VaultEntry<unknown>, value: unknown, expiresAtMs?: number): Write {
    const { area, name, revision } = entry;
    return { op: "update", table: "vaultEntries", row: this.#seal(area, name, value, expiresAtMs, revision + 1) };
  }

  /** The writes of a value whatever is there now, an entry whose time is over too. */
  replace(area: string, name: string, value: unknown, expiresAtMs?: number): readonly Write[] {
    return [
      { op: "delete", table: "vaultEntries", key: { area, name }, revision: "any" },
      this.insert(area, name, value, expiresAtMs),
    ];
  }

  /** The write that deletes what was read. */
  delete({ area, name, revision }: Pick<VaultEntry<unknown>, "area" | "name" | "revision">): Write {
    return { op: "delete", table: "vaultEntries", key: { area, name }, revision };
  }

  /** Writes that delete the first entries of an area; none when it is empty. For areas that nothing else writes any more. */
  async deleteSome(area: string): Promise<readonly Write[]> {
    const records = await this.#store.listVaultEntries(area, undefined, limits.pageItems.value);
    return records.map(({ name }) => ({ op: "delete", table: "vaultEntries", key: { area, name }, revision: "any" }));
  }

  /** As `deleteSome`, for all areas whose name begins with `areaPrefix`. */
  async deleteSomeUnder(areaPrefix: string): Promise<readonly Write[]> {
    const records = await this.#store.listVaultEntriesUnder(areaPrefix, limits.pageItems.value);
    return records.map(({ area, name }) => ({
      op: "delete",
      table: "vaultEntries",
      key: { area, name },
      revision: "any",
    }));
  }

  #isOver({ expiresAtMs }: VaultEntryRecord): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.#clock.nowMs();
  }

  #seal(
    area: string,
    name: string,
    value: unknown,
    expiresAtMs: number | undefined,
    revision: number,
  ): VaultEntryRecord {
    using plain = SecretBytes.takeFrom(Buffer.from(JSON.stringify(value)));
    const { wrappingKeyId, wrapped } = this.#keyring.wrap(plain, vaultEntryIdentity({ area, name }));
    const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
    return { area, name, wrappingKeyId, wrappedValue: wrapped, ...expiry, revision };
  }

  #open<T>(record: VaultEntryRecord): VaultEntry<T> {
    const { area, name, wrappingKeyId, wrappedValue: wrapped, expiresAtMs, revision } = record;
    using plain = this.#keyring.unwrap({ wrappingKeyId, wrapped }, vaultEntryIdentity(record));
    const value = plain.use((bytes) => JSON.parse(bytes.toString("utf8"))) as T;
    return { area, name, value, ...(expiresAtMs === undefined ? {} : { expiresAtMs }), revision };
  }
}

/** What lies right below a folder on the way to a name: the name's rest, or a folder with its slash. */
function childOf(folder: string, name: string): string {
  const slash = name.indexOf("/", folder.length);
  return name.slice(folder.length, slash < 0 ? undefined : slash + 1);
}

/** The cursor behind a name, or behind a folder and everything in it. */
function behind(name: string): string {
  return name.endsWith("/") ? name + lastCharacter : name;
}

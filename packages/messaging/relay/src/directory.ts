import { type DeviceEntry, type DeviceList, parseDeviceList, type SignedDeviceList } from "@coffer/messaging";
import type { Database } from "./database.ts";
import type { RowCipher } from "./row-cipher.ts";

/** A user as the directory knows it. */
export interface KnownUser {
  readonly user: Buffer;
  readonly signed: SignedDeviceList;
  readonly list: DeviceList;
  /** Index of the list's leaf in the log. */
  readonly leaf: number;
  /** Whether an operator lets the next list be of another account key. */
  readonly isReset: boolean;
}

/** Of lists that are kept read, in all. */
const cachedCharacters = 16 << 20;

/** Users and their device lists. */
export class Directory {
  readonly #database: Database;
  readonly #cipher: RowCipher;
  readonly #cache = new Map<string, KnownUser>();
  readonly #mostCharacters: number;
  #characters = 0;

  /** @param mostCharacters of lists that are kept read: anybody may have lists of the largest size */
  constructor(database: Database, cipher: RowCipher, mostCharacters = cachedCharacters) {
    this.#database = database;
    this.#cipher = cipher;
    this.#mostCharacters = mostCharacters;
  }

  userKey(userId: string): Buffer {
    return this.#cipher.lookup("user", userId);
  }

  deviceKey(userId: string, deviceId: string): Buffer {
    return this.#cipher.lookup("device", `${userId}/${deviceId}`);
  }

  find(userId: string): KnownUser | undefined {
    const cached = this.#cache.get(userId);
    if (cached !== undefined) return cached;
    const user = this.userKey(userId);
    const row = this.#database.get<{ leaf: number; reset: number; sealed: Uint8Array }>(
      "select leaf, reset, sealed from users where user = ?",
      user,
    );
    if (row === undefined) return undefined;
    const signed = JSON.parse(this.#cipher.open(placeOf(user), row.sealed).toString()) as SignedDeviceList;
    const known = { user, signed, list: parseDeviceList(signed), leaf: row.leaf, isReset: row.reset === 1 };
    this.#cache.set(userId, known);
    this.#characters += signed.text.length;
    while (this.#characters > this.#mostCharacters) this.forget(this.#cache.keys().next().value!);
    return known;
  }

  /** One device of a user's list; undefined when the account was reset since: its devices are erased. */
  findDevice(userId: string, deviceId: string): DeviceEntry | undefined {
    const known = this.find(userId);
    return known?.isReset ? undefined : known?.list.devices.find((device) => device.deviceId === deviceId);
  }

  /** Stores a list; only within a write of the database. */
  store({ list, signed, leaf }: Omit<KnownUser, "user" | "isReset">): void {
    const user = this.userKey(list.userId);
    const sealed = this.#cipher.seal(placeOf(user), Buffer.from(JSON.stringify(signed)));
    this.#database.run(
      "insert into users (user, version, leaf, reset, sealed) values (?, ?, ?, 0, ?) on conflict (user) do update set version = excluded.version, leaf = excluded.leaf, reset = 0, sealed = excluded.sealed",
      user,
      list.version,
      leaf,
      sealed,
    );
    this.forget(list.userId);
  }

  /** Lets the user's next list be of another account key; only within a write. @returns false when there is no such user */
  reset(userId: string): boolean {
    this.forget(userId);
    return this.#database.run("update users set reset = 1 where user = ?", this.userKey(userId)) > 0;
  }

  /** Reads a user from the database again next time, as after a write that failed. */
  forget(userId: string): void {
    this.#characters -= this.#cache.get(userId)?.signed.text.length ?? 0;
    this.#cache.delete(userId);
  }
}

function placeOf(user: Buffer): string {
  return `users/${user.toString("hex")}`;
}

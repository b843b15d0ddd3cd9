import { limits } from "../limits.ts";
import type { MountRecord } from "../model/mount.ts";
import type { TokenRecord } from "../model/principal.ts";
import type { Store, Write } from "../ports/store.ts";

/** A mount and what of a path lies behind it. */
export interface MountMatch {
  readonly mount: MountRecord;
  /** The rest of the path, without the slash behind the mount's own path. */
  readonly rest: string;
}

/** Finds the mount that a path lies on. All mounts are few (`limits.mounts`), so they stay in memory until one changes. */
export class MountDirectory {
  readonly #store: Store;
  readonly #builtIns: readonly MountRecord[];
  #mounts: ReadonlyMap<string, MountRecord> | undefined;
  /** Counts commits: what was read before a commit is not kept after it. */
  #generation = 0;

  /** @param builtIns mounts that are always there; what the store has of one instead is its changed settings */
  constructor(store: Store, builtIns: readonly MountRecord[]) {
    this.#store = store;
    this.#builtIns = builtIns;
  }

  /** All mounts by path, built-in ones too; synchronous when they are in memory. */
  all(): ReadonlyMap<string, MountRecord> | Promise<ReadonlyMap<string, MountRecord>> {
    return this.#mounts ?? this.#load();
  }

  /**
   * The mount with the longest path that `path` starts with; synchronous when the mounts are in memory.
   *
   * @param path segments joined by single slashes, without leading slash
   * @returns undefined when no mount covers the path
   */
  match(path: string): MountMatch | undefined | Promise<MountMatch | undefined> {
    const mounts = this.#mounts;
    return mounts === undefined
      ? this.#load().then((loaded) => longestMatch(loaded, path))
      : longestMatch(mounts, path);
  }

  /**
   * Whether the auth method that made a token is mounted as it was then: neither disabled nor moved since. Tokens of other
   * origin have none, and stand.
   */
  stands({ vault, createdAtMs }: TokenRecord): boolean | Promise<boolean> {
    const path = vault?.path ?? "";
    if (!path.startsWith("auth/")) return true;
    const isOf = (found: MountMatch | undefined) => found !== undefined && found.mount.createdAtMs <= createdAtMs;
    const match = this.match(path);
    return match instanceof Promise ? match.then(isOf) : isOf(match);
  }

  /** Drops from memory what the writes changed. Called once after each commit. */
  forget(writes: readonly Write[]): void {
    if (!writes.some(({ table }) => table === "mounts")) return;
    this.#generation += 1;
    this.#mounts = undefined;
  }

  async #load(): Promise<ReadonlyMap<string, MountRecord>> {
    const generation = this.#generation;
    const records = await this.#store.listMounts(undefined, limits.mounts.value + this.#builtIns.length);
    const mounts = new Map([...this.#builtIns, ...records].map((mount) => [mount.path, mount]));
    if (generation === this.#generation) this.#mounts = mounts;
    return mounts;
  }
}

function longestMatch(mounts: ReadonlyMap<string, MountRecord>, path: string): MountMatch | undefined {
  let end = path.length;
  while (end > 0) {
    const mount = mounts.get(path.slice(0, end));
    if (mount !== undefined) return { mount, rest: path.slice(end + 1) };
    end = path.lastIndexOf("/", end - 1);
  }
  return undefined;
}

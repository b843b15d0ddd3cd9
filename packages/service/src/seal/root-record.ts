import type { SealedRootKey } from "../ports/seal.ts";
import type { Store, Write } from "../ports/store.ts";

/** The setting with the root key as the server's seal keeps it. */
export const rootKeySetting = "seal.rootKey";

/** The setting with the root key sealed with recovery shares, for a seal that opens by itself. */
export const recoverySetting = "seal.recovery";

export type RootKeySetting = typeof rootKeySetting | typeof recoverySetting;

/** A sealed root key as it is stored. */
export interface StoredRootKey {
  readonly sealed: SealedRootKey;
  readonly revision: number;
}

/** @returns undefined when there is none */
export async function readSealedRootKey(store: Store, name: RootKeySetting): Promise<StoredRootKey | undefined> {
  const stored = await store.get("settings", { name });
  if (stored === undefined) return undefined;
  return { sealed: JSON.parse(stored.value) as SealedRootKey, revision: stored.revision };
}

/** The write that stores a sealed root key, in the place of the one that was there before. */
export function sealedRootKeyWrite(
  name: RootKeySetting,
  sealed: SealedRootKey,
  before: StoredRootKey | undefined,
): Write {
  const row = { name, value: JSON.stringify(sealed), revision: (before?.revision ?? 0) + 1 };
  return { op: before === undefined ? "insert" : "update", table: "settings", row };
}

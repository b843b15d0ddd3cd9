import { randomId } from "@coffer/crypto";
import type { Core } from "../core.ts";
import { InvariantError, invariant } from "../errors.ts";
import {
  accessKeyIdentity,
  hmacKeyIdentity,
  keyStoreIdentity,
  keyVersionIdentity,
  vaultEntryIdentity,
} from "../keys/identity.ts";
import type { KeyVersionRecord } from "../model/key.ts";
import { StoreConflict, type Write } from "../ports/store.ts";
import {
  encodeSecretSetting,
  type StoredSecretSetting,
  secretSettingNames,
  unwrapSecretSetting,
} from "./secret-setting.ts";

/** Rows of one rewrap transaction: small enough that other commits wait little. */
const batchRows = 200;
/** How often in a row a transaction may lose against others before the rest is left to the next rotation. */
const maxConflicts = 8;
/** More damaged rows than this and the rest is left alone: each round would read all of them again. */
const maxDamaged = 1000;

export interface RewrapOutcome {
  /** How many secrets moved to the current wrapping key. */
  readonly moved: number;
  /** Whether the older wrapping key wraps nothing any more, so that it may be destroyed. */
  readonly done: boolean;
}

/** One stored secret under an older wrapping key. */
interface Rewrap {
  /** Says which row it is, for the operator; no secret. */
  readonly row: string;
  readonly write: () => Write;
}

/**
 * Rewraps what an older wrapping key still wraps under the current one, in transactions of a few rows. A row that does
 * not unwrap is told to the operator and left as it is, and does not stop the others.
 */
export async function rewrapSecrets(core: Core, olderId: string): Promise<RewrapOutcome> {
  invariant(olderId !== core.keyring.currentWrappingKeyId, "only older wrapping keys are replaced");
  const damaged = new Set<string>();
  let moved = 0;
  for (let conflicts = 0; conflicts < maxConflicts && damaged.size <= maxDamaged; ) {
    const found = (await findWrapped(core, olderId, damaged.size)).filter(({ row }) => !damaged.has(row));
    if (found.length === 0) return { moved, done: damaged.size === 0 };
    const writes = rewrapAll(core, found, damaged);
    if (writes.length === 0) continue;
    try {
      await core.commit(writes);
      moved += writes.length;
      conflicts = 0;
    } catch (error) {
      // A row changed meanwhile: the next round reads it anew.
      if (!(error instanceof StoreConflict)) throw error;
      conflicts += 1;
    }
  }
  return { moved, done: false };
}

function rewrapAll(core: Core, found: readonly Rewrap[], damaged: Set<string>): Write[] {
  const writes: Write[] = [];
  for (const { row, write } of found) {
    try {
      writes.push(write());
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      damaged.add(row);
      core.reportBug(randomId(), new Error(`${row} does not unwrap`, { cause: error }));
    }
  }
  return writes;
}

async function findWrapped(core: Core, olderId: string, skipped: number): Promise<Rewrap[]> {
  const { store } = core;
  const versions = await store.listKeyVersionsWrappedBy(olderId, batchRows + skipped);
  const accessKeys = await store.listAccessKeysWrappedBy(olderId, batchRows + skipped);
  const keyStores = await store.listCustomKeyStoresWrappedBy(olderId, batchRows + skipped);
  const entries = await store.listVaultEntriesWrappedBy(olderId, batchRows + skipped);
  return [
    ...versions.map((row) => ({
      row: `version ${row.version} of key ${row.keyId} in ${row.region}`,
      write: (): Write => {
        const stored = { wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedMaterial };
        const { wrappingKeyId, wrapped } = rewrap(core, stored, keyVersionIdentity(row));
        const hmac = row.wrappedHmacKey && rewrapHmacKey(core, row, row.wrappedHmacKey);
        const wrappedHmacKey = hmac === undefined ? {} : { wrappedHmacKey: hmac };
        const changed = {
          ...row,
          wrappingKeyId,
          wrappedMaterial: wrapped,
          ...wrappedHmacKey,
          revision: row.revision + 1,
        };
        return { op: "update", table: "keyVersions", row: changed };
      },
    })),
    ...accessKeys.map((row) => ({
      row: `access key ${row.accessKeyId}`,
      write: (): Write => {
        const stored = { wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedSecret };
        const { wrappingKeyId, wrapped } = rewrap(core, stored, accessKeyIdentity(row));
        const changed = { ...row, wrappingKeyId, wrappedSecret: wrapped, revision: row.revision + 1 };
        return { op: "update", table: "accessKeys", row: changed };
      },
    })),
    ...keyStores.map((row) => ({
      row: `custom key store ${row.customKeyStoreId}`,
      write: (): Write => {
        const stored = { wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedSecret };
        const { wrappingKeyId, wrapped } = rewrap(core, stored, keyStoreIdentity(row));
        const changed = { ...row, wrappingKeyId, wrappedSecret: wrapped, revision: row.revision + 1 };
        return { op: "update", table: "customKeyStores", row: changed };
      },
    })),
    ...entries.map((row) => ({
      row: `Vault record ${row.name} in ${row.area}`,
      write: (): Write => {
        const stored = { wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedValue };
        const { wrappingKeyId, wrapped } = rewrap(core, stored, vaultEntryIdentity(row));
        const changed = { ...row, wrappingKeyId, wrappedValue: wrapped, revision: row.revision + 1 };
        return { op: "update", table: "vaultEntries", row: changed };
      },
    })),
    ...(await findWrappedSettings(core, olderId)),
  ];
}

function rewrapHmacKey(core: Core, row: KeyVersionRecord, wrapped: Uint8Array): Uint8Array {
  return rewrap(core, { wrappingKeyId: row.wrappingKeyId, wrapped }, hmacKeyIdentity(row)).wrapped;
}

function rewrap(core: Core, stored: { wrappingKeyId: string; wrapped: Uint8Array }, identity: Uint8Array) {
  using secret = core.keyring.unwrap(stored, identity);
  return core.keyring.wrap(secret, identity);
}

async function findWrappedSettings(core: Core, olderId: string): Promise<Rewrap[]> {
  const found: Rewrap[] = [];
  for (const name of secretSettingNames) {
    const stored = await core.store.get("settings", { name });
    if (stored === undefined) continue;
    const fields = JSON.parse(stored.value) as StoredSecretSetting;
    if (fields.wrappingKeyId !== olderId) continue;
    found.push({
      row: `setting ${name}`,
      write: (): Write => {
        using secret = unwrapSecretSetting(core.keyring, name, fields);
        const value = encodeSecretSetting(core.keyring, name, secret, fields.publicPart);
        return { op: "update", table: "settings", row: { name, value, revision: stored.revision + 1 } };
      },
    });
  }
  return found;
}

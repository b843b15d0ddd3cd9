import type { Core } from "../core.ts";
import { accessKeyIdentity, keyVersionIdentity, settingIdentity } from "../keys/identity.ts";
import { StoreConflict, type Write } from "../ports/store.ts";
import { openSecretSetting, secretSettingNames } from "./secret-setting.ts";

/** Rows of one rewrap transaction: small enough that other commits wait little. */
const batchRows = 200;

/**
 * Rewraps some of what an older wrapping key still wraps under the current one, in one transaction.
 *
 * @returns how many secrets moved; 0 when nothing is left
 */
export async function rewrapBatch(core: Core, olderId: string): Promise<number> {
  const writes = [
    ...(await keyVersionWrites(core, olderId)),
    ...(await accessKeyWrites(core, olderId)),
    ...(await settingWrites(core, olderId)),
  ];
  if (writes.length === 0) return 0;
  try {
    await core.commit(writes);
  } catch (error) {
    // A row changed meanwhile: the next round reads it anew.
    if (!(error instanceof StoreConflict)) throw error;
  }
  return writes.length;
}

async function keyVersionWrites(core: Core, olderId: string): Promise<Write[]> {
  const rows = await core.store.listKeyVersionsWrappedBy(olderId, batchRows);
  return rows.map((row) => {
    const identity = keyVersionIdentity(row);
    const secret = core.keyring.unwrap({ wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedMaterial }, identity);
    const { wrappingKeyId, wrapped } = core.keyring.wrap(secret, identity);
    secret.dispose();
    return {
      op: "update",
      table: "keyVersions",
      row: { ...row, wrappingKeyId, wrappedMaterial: wrapped, revision: row.revision + 1 },
    };
  });
}

async function accessKeyWrites(core: Core, olderId: string): Promise<Write[]> {
  const rows = await core.store.listAccessKeysWrappedBy(olderId, batchRows);
  return rows.map((row) => {
    const identity = accessKeyIdentity(row);
    const secret = core.keyring.unwrap({ wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedSecret }, identity);
    const { wrappingKeyId, wrapped } = core.keyring.wrap(secret, identity);
    secret.dispose();
    return {
      op: "update",
      table: "accessKeys",
      row: { ...row, wrappingKeyId, wrappedSecret: wrapped, revision: row.revision + 1 },
    };
  });
}

async function settingWrites(core: Core, olderId: string): Promise<Write[]> {
  const writes: Write[] = [];
  for (const name of secretSettingNames) {
    const stored = await openSecretSetting(core.store, core.keyring, name);
    if (stored === undefined || stored.wrappingKeyId !== olderId) continue;
    const { wrappingKeyId, wrapped } = core.keyring.wrap(stored.secret, settingIdentity(name));
    stored.secret.dispose();
    const value = JSON.stringify({ ...stored.fields, wrappingKeyId, wrapped: Buffer.from(wrapped).toString("base64") });
    writes.push({ op: "update", table: "settings", row: { name, value, revision: stored.revision + 1 } });
  }
  return writes;
}

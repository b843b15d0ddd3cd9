import { randomId } from "@coffer/crypto";
import { serviceEventJson } from "../audit/event.ts";
import type { Core } from "../core.ts";
import { deletionOf } from "../grants/deletion.ts";
import { changeKey } from "../model/due.ts";
import { isPrimary, type KeyRecord, materialRegion } from "../model/key.ts";
import { minRotationPeriodMs } from "../operations/rotation/checks.ts";
import { rotate } from "../operations/rotation/rotate.ts";
import { recordedChange } from "../pipeline/recorded-change.ts";
import type { ChangeEvent } from "../pipeline/unrecorded.ts";
import { deletionsOfKey, deletionsOfVersions, pageRows } from "./deletions.ts";
import { destroyReplica } from "./destroy-replica.ts";
import { expireMaterial } from "./expire-material.ts";

/**
 * Rotates a key whose time has come.
 *
 * @returns the audit record, still to be written
 * @throws StoreConflict when somebody else changed the key meanwhile
 */
export async function rotateDueKey(core: Core, record: KeyRecord): Promise<ChangeEvent> {
  const { rotation } = record;
  // A stored period that is too short must not keep the key due for ever.
  const periodMs = Math.max(rotation.periodMs, minRotationPeriodMs);
  const nowMs = core.clock.nowMs();
  const event = eventOf(record, "RotateKey", nowMs, { keyId: record.keyId, rotationType: "AUTOMATIC" });
  const change = recordedChange(core, () => event);
  await rotate(change.core, record, "AUTOMATIC", { rotation: { ...rotation, nextAtMs: nowMs + periodMs } });
  return event;
}

/**
 * Deletes the expired material of a key.
 *
 * @returns the audit record, still to be written
 * @throws StoreConflict when somebody else changed the key meanwhile
 */
export async function expireDueKey(core: Core, record: KeyRecord): Promise<ChangeEvent> {
  const event = eventOf(record, "DeleteExpiredKeyMaterial", core.clock.nowMs(), { keyId: record.keyId });
  const change = recordedChange(core, () => event);
  await expireMaterial(change.core, record);
  return event;
}

/**
 * Destroys a key whose waiting period is over: its material, aliases, grants and itself. A key with very many of them takes
 * several transactions; each checks that nobody cancelled the deletion, and the first one takes the current version, so
 * that a cancellation afterwards is refused (`requireMaterial`). After a crash in between the key is still due.
 *
 * @returns the audit record, still to be written
 * @throws StoreConflict when somebody else changed the key meanwhile
 */
export async function destroyDueKey(core: Core, record: KeyRecord): Promise<ChangeEvent> {
  const { keyId } = record;
  const { store } = core;
  const { region, currentVersion } = record;
  const materialAt = materialRegion(record);
  const event = eventOf(record, "DeleteKey", core.clock.nowMs(), { keyId });
  const change = recordedChange(core, () => event);
  if (!isPrimary(record)) {
    await destroyReplica(change.core, await destroyManyGrants(core, record));
    return event;
  }
  for (let key = record; ; ) {
    const rows = await store.listKeyVersions(materialAt, keyId, 0, pageRows);
    const versions = new Set([currentVersion, ...rows.map(({ version }) => version)]);
    const material = deletionsOfVersions(materialAt, keyId, versions);
    const grants = await store.listGrants(region, keyId, undefined, pageRows);
    const granted = grants.flatMap(deletionOf);
    if (rows.length < pageRows && grants.length < pageRows) {
      await change.core.commit([...(await deletionsOfKey(core, key)), ...material, ...granted]);
      break;
    }
    key = changeKey(key, {});
    await core.commit([{ op: "update", table: "keys", row: key }, ...material, ...granted]);
  }
  return event;
}

/** Deletes the grants of a replica but for a last few. @returns the replica's record as it is then */
async function destroyManyGrants(core: Core, record: KeyRecord): Promise<KeyRecord> {
  for (let key = record; ; ) {
    const grants = await core.store.listGrants(key.region, key.keyId, undefined, pageRows);
    if (grants.length < pageRows) return key;
    key = changeKey(key, {});
    await core.commit([{ op: "update", table: "keys", row: key }, ...grants.flatMap(deletionOf)]);
  }
}

function eventOf(
  key: KeyRecord,
  eventName: string,
  nowMs: number,
  details: Readonly<Record<string, unknown>>,
): ChangeEvent {
  const eventId = randomId();
  return { eventId, eventJson: serviceEventJson({ eventId, eventName, nowMs, key, details }) };
}

import { generateSigningKeyPair, signBytes } from "@coffer/crypto";
import {
  type AuditLog,
  type Clock,
  checkpointKeySetting,
  type Keyring,
  openSecretSetting,
  type Store,
  secretSettingWrite,
} from "@coffer/service";
import { openFileAuditLog } from "@coffer/store";
import { OperatorError } from "./operator-error.ts";

/** Where an audit trail lies. */
export interface TrailPlace {
  readonly auditDirectory: string;
  readonly auditDurability: "disk" | "os";
  /** Where the files of audit devices lie. */
  readonly auditDevicesDirectory: string;
}

/** An open audit trail. */
export interface AuditTrail {
  readonly log: AuditLog;
  /** Closes the trail, then keeps its newest hash in the store and wipes the signing key. */
  close(): Promise<void>;
}

const checkpointEveryRecords = 10_000;
const trustedHeadSetting = "audit.trustedHead";
const trustedHeadEveryMs = 60_000;

/** Opens the audit trail of a store; on the first start makes the key that signs its checkpoints. */
export async function openAuditTrail(
  store: Store,
  keyring: Keyring,
  place: TrailPlace,
  clock: Clock,
): Promise<AuditTrail> {
  const { secret, publicPart } = await openCheckpointKey(store, keyring);
  try {
    const head = await store.get("settings", { name: trustedHeadSetting });
    const log = await openFileAuditLog({
      directory: place.auditDirectory,
      durability: place.auditDurability,
      clock,
      checkpoint: {
        sign: (bytes: Uint8Array) => signBytes(secret, bytes),
        publicKeyPem: publicPart,
        everyRecords: checkpointEveryRecords,
      },
      ...(head === undefined ? {} : { trustedHead: JSON.parse(head.value) }),
    });
    const stopSaving = saveTrustedHead(store, log, clock);
    return {
      log,
      async close() {
        try {
          await log.close();
        } finally {
          secret.dispose();
          await stopSaving();
        }
      },
    };
  } catch (error) {
    secret.dispose();
    throw error;
  }
}

async function openCheckpointKey(store: Store, keyring: Keyring) {
  let stored = await openSecretSetting(store, keyring, checkpointKeySetting);
  if (stored === undefined) {
    const { privateKey, publicKeyPem } = generateSigningKeyPair();
    await store.commit([secretSettingWrite(keyring, checkpointKeySetting, privateKey, publicKeyPem)]);
    privateKey.dispose();
    stored = await openSecretSetting(store, keyring, checkpointKeySetting);
  }
  if (stored === undefined) throw new OperatorError("the checkpoint key of the audit trail cannot be read back.");
  return stored;
}

type SyncedAudit = Awaited<ReturnType<typeof openFileAuditLog>>;

/** Keeps the newest audit record's hash in the store now and then, so that a cut-off trail is noticed on the next start. */
function saveTrustedHead(store: Store, audit: SyncedAudit, clock: Clock): () => Promise<void> {
  let cancel = () => {};
  let saved = -1;
  let saving = Promise.resolve();
  const save = async () => {
    const head = audit.syncedHead();
    if (head.sequence === saved || head.sequence === 0) return;
    const stored = await store.get("settings", { name: trustedHeadSetting });
    const row = { name: trustedHeadSetting, value: JSON.stringify(head), revision: (stored?.revision ?? 0) + 1 };
    await store.commit([{ op: stored === undefined ? "insert" : "update", table: "settings", row }]);
    saved = head.sequence;
  };
  const arm = () => {
    cancel = clock.schedule(trustedHeadEveryMs, () => {
      // A store that cannot be written is told by the requests that need it.
      saving = save().catch(() => {});
      arm();
    });
  };
  arm();
  return async () => {
    cancel();
    await saving;
    await save();
  };
}

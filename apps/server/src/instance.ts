import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AttestationError, parseRoots } from "@coffer/attestation";
import { generateSigningKeyPair, signBytes } from "@coffer/crypto";
import { openKeyFileSeal, openPassphraseSeal } from "@coffer/seal";
import {
  type Clock,
  type Core,
  checkpointKeySetting,
  Keyring,
  type Lifecycle,
  makeRootCredential,
  openCore,
  openSecretSetting,
  type RootCredential,
  type Seal,
  ServiceError,
  type Store,
  secretSettingWrite,
} from "@coffer/service";
import { openAuditDeviceSinks, openFileAuditLog, openSqliteStore } from "@coffer/store";
import { type PersistentSettings, readPassphrase, type Settings } from "./config/index.ts";
import { openExternalKeys } from "./external-keys.ts";
import { OperatorError } from "./operator-error.ts";
import { systemRandomness } from "./system-randomness.ts";
import { openWebIdentities } from "./web-identities.ts";

/** The token of dev mode, as Vault's own dev server is often started with. */
export const devToken = "root-token";

/** An open key server without listeners. */
export interface Instance {
  readonly core: Core;
  readonly lifecycle: Lifecycle;
  /**
   * Gives the credentials that this start made, and forgets them: strings cannot be wiped, and a server runs for months.
   *
   * @returns undefined the second time, and on every later start
   */
  takeMade(): RootCredential | undefined;
  /** Closes everything, the audit trail and the store last. */
  close(): Promise<void>;
}

/** Who is told of bugs, and of an audit trail or a store that fails. */
export type Reports = Pick<Parameters<typeof openCore>[0], "reportBug" | "tellOperator">;

interface Places {
  readonly storePath: string;
  readonly storeDurability: "disk" | "os";
  readonly auditDirectory: string;
  readonly auditDurability: "disk" | "os";
  readonly auditDevicesDirectory: string;
  readonly seal: Seal;
  readonly remove: () => Promise<void>;
}

const checkpointEveryRecords = 10_000;
const trustedHeadSetting = "audit.trustedHead";
const trustedHeadEveryMs = 60_000;
const privateMode = 0o700;

/**
 * Opens the instance of the settings, or makes it on the first start.
 *
 * @throws OperatorError, and the errors of store, seal and audit log, whose messages are for operators
 */
export async function openInstance(settings: Settings, clock: Clock, reports: Reports): Promise<Instance> {
  const { persistent } = settings;
  const externalKeys = openExternalKeys(settings.xks, clock);
  const webIdentities = openWebIdentities({
    keysFile: settings.oidcKeysFile,
    allowPrivateHosts: settings.oidcAllowPrivateHosts,
  });
  const attestationRoots = readAttestationRoots(settings.attestationRootsFile);
  const places = persistent === undefined ? await devPlaces() : await persistentPlaces(persistent);
  const store = await openSqliteStore({
    path: places.storePath,
    durability: places.storeDurability,
    exclusive: true,
  });
  try {
    const keyring = await openKeyring(store, places.seal, clock);
    const audit = await openAudit(store, keyring, places, clock);
    const { core, lifecycle, healthWatch } = openCore({
      randomness: systemRandomness,
      store,
      clock,
      keyring,
      audit,
      account: settings.account,
      homeRegion: settings.region,
      dev: settings.dev,
      attestationRoots,
      requestRates: settings.requestRates,
      resourceQuotas: settings.resourceQuotas,
      externalKeys,
      auditDeviceSinks: openAuditDeviceSinks({ directory: places.auditDevicesDirectory }, clock),
      webIdentities,
      ...reports,
    });
    await core.unrecorded.recover();
    await checkAccount(store, settings.account);
    let made = await makeRootCredential(core, settings.dev ? devToken : undefined);
    lifecycle.start();
    healthWatch.start();
    const stopSaving = saveTrustedHead(store, audit, clock);
    return {
      core,
      lifecycle,
      takeMade() {
        const taken = made;
        made = undefined;
        return taken;
      },
      async close() {
        await lifecycle.stop();
        await healthWatch.stop();
        try {
          await core.unrecorded.write().finally(() => audit.close());
          await core.unrecorded.clear();
        } catch (error) {
          throw explainFailure(error);
        } finally {
          externalKeys.close();
          await core.auditDevices.close();
          await closeStore(stopSaving, store).finally(() => places.remove());
        }
      },
    };
  } catch (error) {
    await store.close();
    await places.remove();
    throw explainFailure(error);
  }
}

/** @throws OperatorError for a file that cannot be read or holds something else */
function readAttestationRoots(file: string | undefined): readonly Uint8Array[] {
  if (file === undefined) return [];
  try {
    return parseRoots(readFileSync(file, "utf8"));
  } catch (error) {
    const reason = error instanceof AttestationError ? error.message : (error as NodeJS.ErrnoException).code;
    throw new OperatorError(`cannot read the attestation roots in ${file}: ${reason}`, 1, { cause: error });
  }
}

async function openKeyring(store: Store, seal: Seal, clock: Clock): Promise<Keyring> {
  try {
    return await Keyring.open(store, seal, clock);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "Sealed") throw error;
    const key = seal.kind === "passphrase" ? "passphrase" : "key file";
    throw new OperatorError(`the data directory was sealed with another ${key}: give the one that it began with.`, 1, {
      cause: error,
    });
  }
}

/** An audit trail or a store that fails, in the operator's words. */
function explainFailure(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  const { detail } = error;
  if (detail.code !== "AuditUnavailable" && detail.code !== "StoreUnavailable") return error;
  return new OperatorError(detail.params.reason, 1, { cause: error });
}

async function closeStore(stopSaving: () => Promise<void>, store: Store): Promise<void> {
  try {
    await stopSaving();
  } catch (error) {
    throw explainFailure(error);
  } finally {
    await store.close();
  }
}

async function persistentPlaces(settings: PersistentSettings): Promise<Places> {
  await mkdir(settings.dataDir, { recursive: true, mode: privateMode });
  await mkdir(dirname(settings.audit.directory), { recursive: true, mode: privateMode });
  const storePath = join(settings.dataDir, "coffer.db");
  return {
    storePath,
    storeDurability: settings.store.durability,
    auditDirectory: settings.audit.directory,
    auditDurability: settings.audit.durability,
    auditDevicesDirectory: settings.audit.devicesDirectory,
    // A new key file would open nothing of a store that is there.
    seal: await openSeal(settings.seal, !existsSync(storePath)),
    remove: async () => {},
  };
}

async function openSeal(seal: PersistentSettings["seal"], create: boolean): Promise<Seal> {
  if (seal.kind === "keyfile") return openKeyFileSeal({ path: seal.keyFile, create });
  return openPassphraseSeal({ passphrase: readPassphrase(seal.source, process.env) });
}

/** Dev mode: the store in memory; key file and audit trail in a folder that goes with the process. */
async function devPlaces(): Promise<Places> {
  const directory = await mkdtemp(join(tmpdir(), "coffer-dev-"));
  return {
    storePath: ":memory:",
    storeDurability: "os",
    auditDirectory: join(directory, "audit"),
    auditDurability: "os",
    auditDevicesDirectory: join(directory, "audit-devices"),
    seal: await openKeyFileSeal({ path: join(directory, "seal", "keyfile"), create: true }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

async function openAudit(store: Store, keyring: Keyring, places: Places, clock: Clock) {
  let stored = await openSecretSetting(store, keyring, checkpointKeySetting);
  if (stored === undefined) {
    const { privateKey, publicKeyPem } = generateSigningKeyPair();
    await store.commit([secretSettingWrite(keyring, checkpointKeySetting, privateKey, publicKeyPem)]);
    privateKey.dispose();
    stored = await openSecretSetting(store, keyring, checkpointKeySetting);
  }
  if (stored === undefined) throw new OperatorError("the checkpoint key of the audit trail cannot be read back.");
  const { secret, publicPart } = stored;
  const head = await store.get("settings", { name: trustedHeadSetting });
  return openFileAuditLog({
    directory: places.auditDirectory,
    durability: places.auditDurability,
    clock,
    checkpoint: {
      sign: (bytes: Uint8Array) => signBytes(secret, bytes),
      publicKeyPem: publicPart,
      everyRecords: checkpointEveryRecords,
    },
    ...(head === undefined ? {} : { trustedHead: JSON.parse(head.value) }),
  });
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

/** A data directory belongs to one account: starting it under another would hide its keys. */
async function checkAccount(store: Store, account: string): Promise<void> {
  const stored = await store.get("settings", { name: "account" });
  if (stored === undefined) {
    await store.commit([{ op: "insert", table: "settings", row: { name: "account", value: account, revision: 1 } }]);
  } else if (stored.value !== account) {
    throw new OperatorError(`this data directory belongs to account ${stored.value}, not ${account}; set --account.`);
  }
}

import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AttestationError, parseRoots } from "@coffer/attestation";
import { createShamirSeal, openKeyFileSeal, openPassphraseSeal, SealFileDamaged, SealFileMissing } from "@coffer/seal";
import {
  type Clock,
  type CoreParts,
  readSealedRootKey,
  recoverySetting,
  rootKeySetting,
  type Seal,
  type ShareSeal,
  type Store,
} from "@coffer/service";
import { openSqliteStore } from "@coffer/store";
import type { TrailPlace } from "./audit-trail.ts";
import type { PersistentSettings, SealSettings, Settings } from "./config/index.ts";
import { readPassphrase } from "./config/read-passphrase.ts";
import { openExternalKeys } from "./external-keys.ts";
import { OperatorError } from "./operator-error.ts";
import { openOutbound } from "./outbound.ts";
import { openWebIdentities } from "./web-identities.ts";

/** Who is told of bugs, and of an audit trail or a store that fails. */
export type Reports = Pick<CoreParts, "reportBug" | "tellOperator">;

/** A seal that opens by itself, with what it opens with. */
export interface OwnSeal {
  readonly seal: Seal;
  /** Drops what it opens with from memory. */
  dispose(): void;
}

/** What an instance stands on, sealed or open. It has no key. */
export interface Foundation {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly reports: Reports;
  readonly store: Store;
  readonly trail: TrailPlace;
  readonly sealKind: SealSettings["kind"];
  /** The seal of the settings; undefined for one that opens with shares. Whoever is done with it disposes of it. */
  readonly ownSeal: OwnSeal | undefined;
  /** Opens with shares: the seal of the settings, or what was made to recover one that opens by itself. */
  readonly shareSeal: ShareSeal;
  readonly parts: Pick<CoreParts, "externalKeys" | "outbound" | "webIdentities" | "attestationRoots">;
  close(): Promise<void>;
}

interface Places {
  readonly storePath: string;
  readonly storeDurability: "disk" | "os";
  readonly trail: TrailPlace;
  readonly sealKind: SealSettings["kind"];
  /** @param create whether this is the first start, which makes a key file */
  readonly openSeal: (create: boolean) => Promise<OwnSeal | undefined>;
  readonly remove: () => Promise<void>;
}

const privateMode = 0o700;
const sealKinds: ReadonlySet<string> = new Set<SealSettings["kind"]>(["keyfile", "passphrase", "shamir"]);

/**
 * Opens what an instance stands on, or makes it on the first start.
 *
 * @param openSeal opens the seal of the settings; another one where the seal is to be another
 * @throws OperatorError, and the errors of store and seal, whose messages are for operators
 */
export async function openFoundation(
  settings: Settings,
  clock: Clock,
  reports: Reports,
  openSeal = openSealOf,
): Promise<Foundation> {
  const { persistent } = settings;
  const externalKeys = openExternalKeys(settings.xks, clock);
  const webIdentities = openWebIdentities({
    keysFile: settings.oidcKeysFile,
    allowPrivateHosts: settings.oidcAllowPrivateHosts,
  });
  const outbound = openOutbound({ allowPrivateHosts: settings.oidcAllowPrivateHosts });
  const attestationRoots = readAttestationRoots(settings.attestationRootsFile);
  const places = persistent === undefined ? await devPlaces() : await persistentPlaces(persistent);
  const store = await openSqliteStore({
    path: places.storePath,
    durability: places.storeDurability,
    exclusive: true,
  });
  const close = async () => {
    externalKeys.close();
    await store.close().finally(() => places.remove());
  };
  try {
    return {
      settings,
      clock,
      reports,
      store,
      trail: places.trail,
      sealKind: places.sealKind,
      ownSeal: await openSeal(store, places),
      shareSeal: createShamirSeal(),
      parts: { externalKeys, outbound, webIdentities, attestationRoots },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws OperatorError when the store has a seal of another kind: only its own command changes that */
async function openSealOf(store: Store, { sealKind, openSeal }: Places): Promise<OwnSeal | undefined> {
  const stored = await readSealedRootKey(store, rootKeySetting);
  const kind = stored?.sealed.kind;
  // What the store says is shown to nobody unless it is one of ours.
  if (kind !== sealKind && sealKinds.has(kind ?? "")) {
    throw new OperatorError(`this data directory has a ${kind} seal, not a ${sealKind} seal: add --seal ${kind}.`);
  }
  try {
    // A new key file would open nothing of a root key that is there.
    return await openSeal(stored === undefined);
  } catch (error) {
    if (!(error instanceof SealFileMissing || error instanceof SealFileDamaged)) throw error;
    if ((await readSealedRootKey(store, recoverySetting)) === undefined) throw error;
    const advice = "There are recovery shares: with them 'bin/coffer admin reseal' makes another.";
    throw new OperatorError(`${error.message} ${advice}`, 1, { cause: error });
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

async function persistentPlaces(settings: PersistentSettings): Promise<Places> {
  await mkdir(settings.dataDir, { recursive: true, mode: privateMode });
  await mkdir(dirname(settings.audit.directory), { recursive: true, mode: privateMode });
  const storePath = join(settings.dataDir, "coffer.db");
  return {
    storePath,
    storeDurability: settings.store.durability,
    trail: {
      auditDirectory: settings.audit.directory,
      auditDurability: settings.audit.durability,
      auditDevicesDirectory: settings.audit.devicesDirectory,
    },
    sealKind: settings.seal.kind,
    openSeal: (create) => openOwnSeal(settings.seal, create),
    remove: async () => {},
  };
}

/**
 * Opens the seal of the settings.
 *
 * @param create whether to make a key file where there is none
 * @returns undefined for a seal that opens with shares
 */
export async function openOwnSeal(settings: SealSettings, create: boolean): Promise<OwnSeal | undefined> {
  switch (settings.kind) {
    case "keyfile":
      // What it holds of the key goes with it: it is outside JavaScript's memory.
      return { seal: await openKeyFileSeal({ path: settings.keyFile, create }), dispose() {} };
    case "passphrase": {
      const passphrase = readPassphrase(settings.source, process.env);
      return { seal: openPassphraseSeal({ passphrase }), dispose: () => passphrase.dispose() };
    }
    case "shamir":
      return undefined;
  }
}

/** Dev mode: the store in memory; key file and audit trail in a folder that goes with the process. */
async function devPlaces(): Promise<Places> {
  const directory = await mkdtemp(join(tmpdir(), "coffer-dev-"));
  const keyFile = join(directory, "seal", "keyfile");
  return {
    storePath: ":memory:",
    storeDurability: "os",
    trail: {
      auditDirectory: join(directory, "audit"),
      auditDurability: "os",
      auditDevicesDirectory: join(directory, "audit-devices"),
    },
    sealKind: "keyfile",
    openSeal: (create) => openOwnSeal({ kind: "keyfile", keyFile }, create),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

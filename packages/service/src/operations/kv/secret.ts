import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { mountArea } from "../../mounts/mount-areas.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";

/** What a secret holds: any JSON object. */
export type SecretData = Readonly<Record<string, unknown>>;

/** A secret on a mount of KV. */
export interface SecretInput {
  readonly mount: MountRecord;
  /** Below the mount; no segment is empty. */
  readonly path: string;
}

/** What a mount of KV version 2 wants of all its secrets (Vault API: KV v2, config). */
export interface KvConfig {
  /** 0: the default of ten. */
  readonly maxVersions: number;
  readonly casRequired: boolean;
  readonly metadataCasRequired: boolean;
  /** 0: never; -1: never, whatever the secrets say. */
  readonly deleteVersionAfterSeconds: number;
}

export const defaultKvConfig: KvConfig = {
  maxVersions: 0,
  casRequired: false,
  metadataCasRequired: false,
  deleteVersionAfterSeconds: 0,
};

/** A secret of KV version 2 without its versions, each of which has rows of its own: thousands of them cost no more. */
export interface StoredSecret {
  /** Names its versions' areas: a secret that is made anew under an old path has none of the old ones. */
  readonly id: string;
  /** 0: none was written yet. */
  readonly currentVersion: number;
  /** The first one that is kept; 0 until one was not. */
  readonly oldestVersion: number;
  /** Counts changes of the metadata; 0 when it was never written on its own. */
  readonly metadataVersion: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly maxVersions: number;
  readonly casRequired: boolean;
  readonly metadataCasRequired: boolean;
  readonly deleteVersionAfterSeconds: number;
  readonly customMetadata: Readonly<Record<string, string>> | null;
}

/** What is known of one version beside its data. */
export interface StoredVersion {
  readonly createdAtMs: number;
  /** When it is deleted, or was; absent when never. It can be undeleted. */
  readonly deletedAtMs?: number;
  /** Its data is gone for good. */
  readonly destroyed: boolean;
}

export interface NumberedVersion extends StoredVersion {
  readonly version: number;
}

/** A version as answers show it. */
export interface SecretVersion extends NumberedVersion {
  readonly customMetadata: Readonly<Record<string, string>> | null;
}

/** Whether reads find nothing but its metadata. */
export function isGone({ deletedAtMs, destroyed }: StoredVersion, nowMs: number): boolean {
  return destroyed || (deletedAtMs !== undefined && deletedAtMs <= nowMs);
}

const configName = "config";

function configArea(mount: MountRecord): string {
  return mountArea(mount, "config");
}

/** Where the secrets of a mount are, by path. */
export function secretsArea(mount: MountRecord): string {
  return mountArea(mount, "secrets");
}

/** What the areas of one secret's versions begin with. */
export function versionAreas(mount: MountRecord, id: string): string {
  return mountArea(mount, `versions/${id}/`);
}

/** Where the facts of a secret's versions are, by number. */
export function factsArea(mount: MountRecord, id: string): string {
  return `${versionAreas(mount, id)}facts`;
}

/** Where the data of a secret's versions is, by number. */
export function dataArea(mount: MountRecord, id: string): string {
  return `${versionAreas(mount, id)}data`;
}

/** The name of a version's rows: numbers in the order of text. */
export function versionName(version: number): string {
  return String(version).padStart(10, "0");
}

export async function findKvConfig(core: Core, mount: MountRecord): Promise<VaultEntry<KvConfig> | undefined> {
  return core.vaultEntries.get<KvConfig>(configArea(mount), configName);
}

/** The write that changes a mount's settings. */
export function writeKvConfig(
  core: Core,
  mount: MountRecord,
  before: VaultEntry<KvConfig> | undefined,
  config: KvConfig,
) {
  if (before === undefined) return core.vaultEntries.insert(configArea(mount), configName, config);
  return core.vaultEntries.update(before, config);
}

export async function loadKvConfig(core: Core, mount: MountRecord): Promise<KvConfig> {
  return (await findKvConfig(core, mount))?.value ?? defaultKvConfig;
}

export async function findSecret(
  core: Core,
  { mount, path }: SecretInput,
): Promise<VaultEntry<StoredSecret> | undefined> {
  return core.vaultEntries.get<StoredSecret>(secretsArea(mount), path);
}

export async function findVersion(
  core: Core,
  mount: MountRecord,
  id: string,
  version: number,
): Promise<VaultEntry<StoredVersion> | undefined> {
  return core.vaultEntries.get<StoredVersion>(factsArea(mount, id), versionName(version));
}

/** All versions that are kept, ascending; at most `limits.secretVersions` and those that wait to be pruned. */
export async function listVersions(core: Core, mount: MountRecord, id: string): Promise<NumberedVersion[]> {
  const versions: NumberedVersion[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await core.vaultEntries.page<StoredVersion>(factsArea(mount, id), after, limits.pageItems.value);
    for (const { name, value } of page) versions.push({ version: Number(name), ...value });
    after = page.at(-1)?.name;
    if (page.length < limits.pageItems.value) return versions;
  }
}

/** @throws ServiceError InvalidInput unless so many versions may be kept */
export function checkMaxVersions(maxVersions: number | undefined): void {
  const most = limits.secretVersions.value;
  if (maxVersions === undefined || (maxVersions >= 0 && maxVersions <= most)) return;
  throw ServiceError.of("InvalidInput", {
    kind: "validation",
    member: "max_versions",
    reason: `max_versions must be between 0 and ${most}`,
  });
}

/** When a version that is made now will be deleted; undefined for never. The shorter of two times counts. */
export function deletionTimeMs(config: KvConfig, secret: StoredSecret, nowMs: number): number | undefined {
  const ofMount = config.deleteVersionAfterSeconds;
  if (ofMount < 0) return undefined;
  const wanted = [ofMount, secret.deleteVersionAfterSeconds].filter((seconds) => seconds > 0);
  return wanted.length === 0 ? undefined : nowMs + Math.min(...wanted) * 1000;
}

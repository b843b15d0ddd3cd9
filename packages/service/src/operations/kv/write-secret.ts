import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { MountRecord } from "../../model/mount.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import type { VaultEntry } from "../../vault/vault-entries.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import { mergePatch } from "./merge-patch.ts";
import {
  dataArea,
  deletionTimeMs,
  factsArea,
  findSecret,
  findVersion,
  isGone,
  type KvConfig,
  loadKvConfig,
  type SecretData,
  type SecretInput,
  type SecretVersion,
  type StoredSecret,
  secretsArea,
  versionName,
} from "./secret.ts";

const eventSource = "vault.coffer";
const defaultMaxVersions = 10;
/** A commit prunes no more than this; what is left goes with the next ones. */
const maxPruned = 500;

export interface WriteSecretInput extends SecretInput {
  readonly data: SecretData;
  /** The version that must be the current one, 0 for none (check-and-set); undefined when the caller does not ask. */
  readonly cas?: number | undefined;
}

/** A secret that nobody wrote yet. */
export function newSecret(core: Core, nowMs: number): StoredSecret {
  return {
    id: core.randomness.id(),
    currentVersion: 0,
    oldestVersion: 0,
    metadataVersion: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    maxVersions: 0,
    casRequired: false,
    metadataCasRequired: false,
    deleteVersionAfterSeconds: 0,
    customMetadata: null,
  };
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

function checkCas(config: KvConfig, secret: StoredSecret, cas: number | undefined): void {
  if (cas === undefined) {
    if (config.casRequired || secret.casRequired) refuse("check-and-set parameter required for this call");
  } else if (cas !== secret.currentVersion) {
    refuse("check-and-set parameter did not match the current version");
  }
}

/** @throws ServiceError InvalidInput when a secret holds more than it may */
export function checkSecretSize(data: SecretData): void {
  const max = limits.secretBytes.value;
  if (Buffer.byteLength(JSON.stringify(data)) > max) refuse(`A secret has at most ${max} bytes as JSON.`);
}

/** The write of a secret, which must be as it was read; a new one that another request made meanwhile is read again. */
export async function commitSecret(
  core: Core,
  { mount, path }: SecretInput,
  before: VaultEntry<StoredSecret> | undefined,
  secret: StoredSecret,
  others: readonly Write[],
): Promise<void> {
  const write =
    before === undefined
      ? core.vaultEntries.insert(secretsArea(mount), path, secret)
      : core.vaultEntries.update(before, secret);
  try {
    await core.commit([write, ...others]);
  } catch (error) {
    if (error instanceof StoreConflict && error.kind === "exists") throw new StoreConflict("stale", error.table);
    throw error;
  }
}

/** The versions that no longer fit, oldest first, and the oldest that stays (OpenBao, path_data.go: `AddVersion`). */
function prune(config: KvConfig, secret: StoredSecret): { pruned: number[]; oldestVersion: number } {
  const max = Math.max(secret.maxVersions, config.maxVersions) || defaultMaxVersions;
  const { currentVersion, oldestVersion } = secret;
  if (currentVersion - oldestVersion < max) return { pruned: [], oldestVersion };
  const first = Math.max(1, oldestVersion);
  const last = Math.min(currentVersion - max, first + maxPruned - 1);
  const pruned = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return { pruned, oldestVersion: last + 1 };
}

function deletionsOf(mount: MountRecord, id: string, pruned: readonly number[]): Write[] {
  return pruned.flatMap((version) =>
    [factsArea(mount, id), dataArea(mount, id)].map((area) => ({
      op: "delete" as const,
      table: "vaultEntries" as const,
      key: { area, name: versionName(version) },
      revision: "any" as const,
    })),
  );
}

/** Adds a version with `data` to a secret. */
async function addVersion(
  { core, input, nowMs }: Call<SecretInput>,
  config: KvConfig,
  before: VaultEntry<StoredSecret> | undefined,
  secret: StoredSecret,
  data: SecretData,
): Promise<SecretVersion> {
  checkSecretSize(data);
  const { mount } = input;
  const { vaultEntries } = core;
  const version = secret.currentVersion + 1;
  const deletedAtMs = deletionTimeMs(config, secret, nowMs);
  const facts = { createdAtMs: nowMs, ...(deletedAtMs === undefined ? {} : { deletedAtMs }), destroyed: false };
  const moved = { ...secret, currentVersion: version, updatedAtMs: nowMs };
  const { pruned, oldestVersion } = prune(config, moved);
  await commitSecret(core, input, before, { ...moved, oldestVersion }, [
    vaultEntries.insert(factsArea(mount, secret.id), versionName(version), facts),
    vaultEntries.insert(dataArea(mount, secret.id), versionName(version), data),
    ...deletionsOf(mount, secret.id, pruned),
  ]);
  return { version, ...facts, customMetadata: secret.customMetadata };
}

/**
 * Vault API: KV v2, create or update secret.
 *
 * @throws ServiceError InvalidInput when the check-and-set parameter is missing or wrong, or the secret too large
 */
export const writeSecret = defineOperation<WriteSecretInput, SecretVersion>({
  name: "WriteSecret",
  plane: "data",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ mount, path, cas }) => ({ mount: mount.path, path, cas }),
  recordOutput: ({ version }) => ({ version }),
  async run(call) {
    const { core, input, nowMs } = call;
    const config = await loadKvConfig(core, input.mount);
    const before = await findSecret(core, input);
    const secret = before?.value ?? newSecret(core, nowMs);
    checkCas(config, secret, input.cas);
    return addVersion(call, config, before, secret, input.data);
  },
});

export interface PatchSecretOutput {
  readonly version: SecretVersion;
  /** False when the current version is deleted or destroyed: then nothing was changed. */
  readonly patched: boolean;
}

/**
 * Vault API: KV v2, patch secret (RFC 7396). Undefined when there is no such secret, or it has no version.
 *
 * @throws ServiceError InvalidInput as of `writeSecret`
 */
export const patchSecret = defineOperation<WriteSecretInput, PatchSecretOutput | undefined>({
  name: "PatchSecret",
  plane: "data",
  readOnly: false,
  eventSource,
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
  record: ({ mount, path, cas }) => ({ mount: mount.path, path, cas }),
  recordOutput: (output) => ({ version: output?.version.version ?? null }),
  async run(call) {
    const { core, input, nowMs } = call;
    const { mount, cas, data } = input;
    const before = await findSecret(core, input);
    if (before === undefined) return undefined;
    const secret = before.value;
    const config = await loadKvConfig(core, mount);
    checkCas(config, secret, cas);
    const { currentVersion: version, customMetadata } = secret;
    const facts = (await findVersion(core, mount, secret.id, version))?.value;
    if (facts === undefined) return undefined;
    const stored = await core.vaultEntries.get<SecretData>(dataArea(mount, secret.id), versionName(version));
    if (isGone(facts, nowMs) || stored === undefined) {
      return { version: { version, ...facts, customMetadata }, patched: false };
    }
    const patched = mergePatch(stored.value, data) as SecretData;
    return { version: await addVersion(call, config, before, secret, patched), patched: true };
  },
});

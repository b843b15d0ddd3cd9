import { ServiceError } from "../../errors.ts";
import { clearAreasLater } from "../../mounts/mount-areas.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { vaultPathAccess } from "../../vault/vault-principal.ts";
import {
  checkMaxVersions,
  findSecret,
  listVersions,
  loadKvConfig,
  type NumberedVersion,
  type SecretInput,
  type StoredSecret,
  versionAreas,
} from "./secret.ts";
import { commitSecret, newSecret } from "./write-secret.ts";

const shared = {
  plane: "data",
  eventSource: "vault.coffer",
  instanceWide: true,
  keys: [],
  resources: vaultPathAccess,
} as const;

export interface SecretMetadata {
  readonly secret: StoredSecret;
  /** Ascending. */
  readonly versions: readonly NumberedVersion[];
}

/** Vault API: KV v2, read secret metadata. Undefined when there is no such secret. */
export const readSecretMetadata = defineOperation<SecretInput, SecretMetadata | undefined>({
  ...shared,
  name: "ReadSecretMetadata",
  readOnly: true,
  record: ({ mount, path }) => ({ mount: mount.path, path }),
  async run({ core, input }) {
    const secret = (await findSecret(core, input))?.value;
    return secret && { secret, versions: await listVersions(core, input.mount, secret.id) };
  },
});

/** What is to be different; what is absent stays. */
export interface MetadataChange {
  readonly maxVersions?: number;
  readonly casRequired?: boolean;
  readonly metadataCasRequired?: boolean;
  readonly deleteVersionAfterSeconds?: number;
  readonly customMetadata?: Readonly<Record<string, string>> | null;
}

export interface WriteMetadataInput extends SecretInput {
  readonly change: MetadataChange;
  /** With null for what goes; instead of `change.customMetadata`. */
  readonly customMetadataPatch?: Readonly<Record<string, string | null>>;
  /** The version of the metadata that must be the present one; undefined when the caller does not ask. */
  readonly metadataCas?: number | undefined;
  /** Only what is there is changed. */
  readonly onlyExisting: boolean;
}

export interface WriteMetadataOutput {
  /** What the mount demands although the change says that the secret does not. */
  readonly overruled: readonly ("casRequired" | "metadataCasRequired")[];
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Vault API: KV v2, create, update or patch secret metadata. Undefined when `onlyExisting` and there is no such secret.
 *
 * @throws ServiceError InvalidInput when the metadata check-and-set parameter is missing or wrong
 */
export const writeSecretMetadata = defineOperation<WriteMetadataInput, WriteMetadataOutput | undefined>({
  ...shared,
  name: "WriteSecretMetadata",
  readOnly: false,
  record: ({ mount, path, metadataCas }) => ({ mount: mount.path, path, metadataCas }),
  async run({ core, input, nowMs }) {
    const { change, metadataCas, onlyExisting, customMetadataPatch } = input;
    checkMaxVersions(change.maxVersions);
    const before = await findSecret(core, input);
    if (before === undefined && onlyExisting) return undefined;
    const config = await loadKvConfig(core, input.mount);
    const secret = before?.value ?? newSecret(core, nowMs);
    if ((secret.metadataCasRequired || config.metadataCasRequired) && metadataCas === undefined) {
      refuse("metadata check-and-set parameter required for this call");
    }
    if (metadataCas !== undefined && metadataCas !== secret.metadataVersion) {
      if (before === undefined) refuse("metadata_cas must be 0 when creating new metadata");
      refuse("metadata check-and-set parameter does not match the current version");
    }
    const customMetadata =
      customMetadataPatch === undefined
        ? (change.customMetadata ?? secret.customMetadata)
        : patchTexts(secret.customMetadata, customMetadataPatch);
    const changed = {
      ...secret,
      ...change,
      customMetadata: change.customMetadata === null ? null : customMetadata,
      metadataVersion: secret.metadataVersion + 1,
      updatedAtMs: nowMs,
    };
    await commitSecret(core, input, before, changed, []);
    const names = ["casRequired", "metadataCasRequired"] as const;
    return { overruled: names.filter((name) => change[name] === false && config[name]) };
  },
});

function patchTexts(texts: Readonly<Record<string, string>> | null, patch: Readonly<Record<string, string | null>>) {
  const merged = new Map(Object.entries(texts ?? {}));
  for (const [name, text] of Object.entries(patch)) {
    if (text === null) merged.delete(name);
    else merged.set(name, text);
  }
  return Object.fromEntries(merged);
}

/** Vault API: KV v2, delete metadata and all versions. One that is not there is no error. */
export const deleteSecret = defineOperation<SecretInput, null>({
  ...shared,
  name: "DeleteSecret",
  readOnly: false,
  record: ({ mount, path }) => ({ mount: mount.path, path }),
  async run({ core, input, nowMs }) {
    const found = await findSecret(core, input);
    if (found === undefined) return null;
    const areas = versionAreas(input.mount, found.value.id);
    await core.commit([core.vaultEntries.delete(found), clearAreasLater(core, areas)]);
    core.onDueChanged(nowMs);
    return null;
  },
});

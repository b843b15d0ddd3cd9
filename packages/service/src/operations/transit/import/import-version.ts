import { findKeySpec, importedMaterialId, publicKeyOf } from "@coffer/crypto";
import type { Core } from "../../../core.ts";
import { invariant, ServiceError } from "../../../errors.ts";
import { hmacKeyIdentity } from "../../../keys/identity.ts";
import type { KeyEntry } from "../../../keys/key-entry.ts";
import { limits } from "../../../limits.ts";
import type { KeyRecord, KeyVersionRecord } from "../../../model/key.ts";
import type { MountRecord } from "../../../model/mount.ts";
import { type Call, defineOperation } from "../../../pipeline/operation.ts";
import { wrapMaterial } from "../../keys/new-version.ts";
import { updateKey } from "../../keys/update.ts";
import { activeOnly, type KeyInput, namedKey } from "../../shared.ts";
import { versionRow } from "../foreign-key.ts";
import { transitTypeOf } from "../uses.ts";
import { foreignMaterialConditions } from "./conditions.ts";
import { hmacKeyFor } from "./import-key.ts";
import { type ForeignMaterial, type OpenedMaterial, openForeignMaterial } from "./unwrap-import.ts";

export interface ImportTransitVersionInput extends KeyInput {
  readonly mount: MountRecord;
  /** Undefined where it cannot be read; then `problem` says why, once it is known that the key takes any. */
  readonly material: ForeignMaterial | undefined;
  readonly problem?: string | undefined;
  /** The version whose public key gets its private key; absent: the latest, where it has none and that fits, else a new one. */
  readonly version?: number | undefined;
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * Vault API: Transit, import key version.
 *
 * @throws ServiceError InvalidInput, LimitExceeded
 */
export const importTransitVersion = defineOperation<ImportTransitVersionInput, { readonly key: KeyRecord }>({
  name: "ImportTransitKeyVersion",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:ImportKeyMaterial", activeOnly, { customerOnly: true })],
  conditions: () => foreignMaterialConditions,
  record: ({ keyId, version }) => ({ keyId, version }),
  recordOutput: ({ key }) => ({ keyId: key.keyId, keyVersion: key.currentVersion }),
  async run(call) {
    const { core, keys, input } = call;
    const key = keys[0]!;
    const { transit, origin } = key.record;
    if (transit.imported !== true || origin !== "EXTERNAL") {
      refuse("the import_version endpoint can only be used with an imported key");
    }
    const { type } = transitTypeOf(key);
    if (input.material === undefined) refuse(input.problem ?? "there is no key material");
    const opened = await openForeignMaterial(core, input.mount, type, input.material);
    using material = opened.material;
    invariant(material.byteLength > 0, "no material is empty");
    if (input.version !== undefined) {
      await checkUpdatable(key, input.version, opened.isPublic);
      return { key: await complete(call, input.version, opened) };
    }
    const { currentVersion } = key.record;
    const isIncomplete = key.isPair && (await key.material(currentVersion)) === undefined;
    if (isIncomplete && !opened.isPublic && (await isPairOf(key, currentVersion, opened))) {
      return { key: await complete(call, currentVersion, opened) };
    }
    return { key: await append(call, opened) };
  },
});

async function checkUpdatable(key: KeyEntry, version: number, isPublic: boolean): Promise<void> {
  const { currentVersion, transit } = key.record;
  if (version < Math.max(1, transit.minDecryptionVersion) || version > currentVersion) refuse("no such key version");
  if (!key.isPair) refuse("provided type does not support importing key versions");
  if ((await key.material(version)) !== undefined) refuse("private key imported, key version cannot be updated");
  if (isPublic) refuse("cannot add a public key to a key version that already has a public key set");
}

/** Whether a private key is that of a version's public key. */
async function isPairOf(key: KeyEntry, version: number, { spec, material }: OpenedMaterial): Promise<boolean> {
  const publicKey = await key.publicKey(version);
  const privateKey = findKeySpec(spec)?.load(material);
  return publicKey !== undefined && privateKey !== undefined && publicKeyOf(privateKey).equals(publicKey);
}

/** Adds the private key to a version that has its public key alone. */
async function complete(
  { core, keys }: Call<ImportTransitVersionInput>,
  version: number,
  opened: OpenedMaterial,
): Promise<KeyRecord> {
  const key = keys[0]!;
  const { record } = key;
  const { region, keyId } = record;
  if (!(await isPairOf(key, version, opened))) refuse("cannot import key, key pair does not match");
  const stored = await core.store.get("keyVersions", { region, keyId, version });
  invariant(stored !== undefined, "a version with a public key has a row");
  const materialId = importedMaterialId(opened.material, record);
  const wrapped = wrapMaterial(core, opened.material, { region, keyId, version });
  const row = { ...stored, ...wrapped, ...rewrapHmacKey(core, stored), materialId, revision: stored.revision + 1 };
  const current = version === record.currentVersion ? { importedMaterialId: materialId } : {};
  return updateKey(core, record, current, { writes: [{ op: "update", table: "keyVersions", row }] });
}

/** The key of its HMACs stays, under the wrapping key that the row has now. */
function rewrapHmacKey(core: Core, row: KeyVersionRecord): Pick<KeyVersionRecord, "wrappedHmacKey"> {
  if (row.wrappedHmacKey === undefined) return {};
  const identity = hmacKeyIdentity(row);
  using secret = core.keyring.unwrap({ wrappingKeyId: row.wrappingKeyId, wrapped: row.wrappedHmacKey }, identity);
  return { wrappedHmacKey: core.keyring.wrap(secret, identity).wrapped };
}

/** Adds a version, which is the current one at once. */
async function append(
  { core, keys, nowMs }: Call<ImportTransitVersionInput>,
  { material, isPublic, spec }: OpenedMaterial,
): Promise<KeyRecord> {
  const { record } = keys[0]!;
  const max = limits.importedVersions.value;
  const version = record.currentVersion + 1;
  if (version > max) {
    const reason = `an imported key has at most ${max} versions`;
    throw ServiceError.of("LimitExceeded", { limit: limits.importedVersions.name, max, reason });
  }
  if (spec !== record.spec) refuse(`the key material is of the spec ${spec}, the key of the spec ${record.spec}`);
  if (isPublic && record.transit.kdf !== undefined) {
    refuse("unable to import only public key for derived Ed25519 key");
  }
  const { hmacKey } = hmacKeyFor(isPublic);
  try {
    const foreign = { version, createdAtMs: nowMs, material, isPublic, ...(hmacKey === undefined ? {} : { hmacKey }) };
    const row = versionRow(core, record, foreign);
    const { transit } = record;
    const length = transit.secretBytes === undefined ? {} : { secretBytes: material.byteLength };
    const changes = {
      currentVersion: version,
      importedMaterialId: row.materialId,
      transit: { ...transit, ...length },
    };
    return await updateKey(core, record, changes, { writes: [{ op: "insert", table: "keyVersions", row }] });
  } finally {
    hmacKey?.dispose();
  }
}

import {
  canonicalMaterial,
  findImportWrapping,
  findKeySpec,
  importedMaterialId,
  type SecretBytes,
} from "@coffer/crypto";
import { invariant, ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { limits } from "../../limits.ts";
import type { KeyRecord, KeyVersionRecord } from "../../model/key.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import type { Write } from "../../ports/store.ts";
import { checkBytes, checkText } from "../checks.ts";
import { wrapMaterial } from "../keys/new-version.ts";
import { updateKey } from "../keys/update.ts";
import { changeRelated } from "../multi-region/related-keys.ts";
import { dayMs, type KeyInput, livingStates, namedKey } from "../shared.ts";
import { refuseImport } from "./checks.ts";
import { openImportToken } from "./import-token.ts";
import { findVersion, placeOf } from "./place.ts";
import { importedVersions, settle } from "./versions.ts";

export interface ImportKeyMaterialInput extends KeyInput {
  readonly importToken: Uint8Array;
  /** The material, wrapped as the token's parameters say. */
  readonly encryptedMaterial: Uint8Array;
  /** Whether the material expires; it does when absent. */
  readonly expires?: boolean | undefined;
  /** When it expires: within 365 days. */
  readonly validToMs?: number | undefined;
  /** Whether the key takes it as a further material; when absent, only if it has none yet. */
  readonly isNew?: boolean | undefined;
  readonly description?: string | undefined;
  /** The id that the material has to have. */
  readonly materialId?: string | undefined;
}

export interface ImportKeyMaterialOutput {
  readonly keyArn: string;
  readonly keyMaterialId: string;
}

/** AWS KMS: ImportKeyMaterial. The first material enables the key; a further one waits for RotateKeyOnDemand. */
export const importKeyMaterial = defineOperation<ImportKeyMaterialInput, ImportKeyMaterialOutput>({
  name: "ImportKeyMaterial",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:ImportKeyMaterial", livingStates, { customerOnly: true, origins: ["EXTERNAL"] })],
  conditions: ({ expires = true, validToMs }) =>
    new Map([
      ["kms:expirationmodel", [expires ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE"]],
      ...(validToMs === undefined ? [] : ([["kms:validto", [new Date(validToMs).toISOString()]]] as const)),
    ]),
  record: ({ keyId, expires = true, validToMs, isNew, description, materialId }) => ({
    keyId,
    expirationModel: expires ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE",
    ...(validToMs === undefined ? {} : { validTo: new Date(validToMs).toISOString() }),
    ...(isNew === undefined ? {} : { importType: isNew ? "NEW_KEY_MATERIAL" : "EXISTING_KEY_MATERIAL" }),
    keyMaterialDescription: description,
    keyMaterialId: materialId,
  }),
  recordOutput: ({ keyMaterialId }) => ({ keyMaterialId }),
  async run(call) {
    const { keys, input, nowMs } = call;
    const key = keys[0]!;
    checkExpiry(input, nowMs);
    checkSymmetricOnly(key, input);
    using material = await unwrapMaterial(call);
    const keyMaterialId = importedMaterialId(material, key.record);
    if (input.materialId !== undefined && input.materialId !== keyMaterialId) {
      const reason = `The key material has the id ${keyMaterialId}, not the KeyMaterialId that was asked for.`;
      throw ServiceError.of("KeyMaterialMismatch", { reason });
    }
    await store(call, material, keyMaterialId);
    return { keyArn: key.arn, keyMaterialId };
  },
});

/** @throws ServiceError InvalidInput */
function checkExpiry({ expires = true, validToMs }: ImportKeyMaterialInput, nowMs: number): void {
  const max = limits.importExpiryDays.value;
  if (!expires) {
    if (validToMs !== undefined) {
      refuseImport("validTo", "ValidTo must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE");
    }
    return;
  }
  if (validToMs === undefined) {
    refuseImport("validTo", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
  }
  if (!(validToMs > nowMs && validToMs <= nowMs + max * dayMs)) {
    refuseImport("validTo", `ValidTo must be in the future, and at most ${max} days from now.`);
  }
}

/** Only symmetric encryption keys have several materials. @throws ServiceError InvalidInput */
function checkSymmetricOnly(key: KeyEntry, { description, isNew, materialId }: ImportKeyMaterialInput): void {
  if (description !== undefined)
    checkText(description, "keyMaterialDescription", limits.materialDescriptionChars.value);
  if (key.isSymmetricEncryption) return;
  const given = { KeyMaterialDescription: description, ImportType: isNew, KeyMaterialId: materialId };
  for (const [member, value] of Object.entries(given)) {
    if (value !== undefined) refuseImport(member, `${member} is for symmetric encryption keys alone.`);
  }
}

/** @throws ServiceError ImportTokenInvalid, ImportTokenExpired, CiphertextInvalid, KeyMaterialMismatch */
async function unwrapMaterial({ core, keys, input, nowMs }: Call<ImportKeyMaterialInput>): Promise<SecretBytes> {
  const { record } = keys[0]!;
  checkBytes(input.importToken, "importToken", limits.ciphertextBytes.value);
  checkBytes(input.encryptedMaterial, "encryptedKeyMaterial", limits.ciphertextBytes.value);
  const token = openImportToken(core, input.importToken);
  if (token === undefined || token.facts.region !== record.region || token.facts.keyId !== record.keyId) {
    throw ServiceError.of("ImportTokenInvalid", {});
  }
  if (token.facts.expiresAtMs <= nowMs) throw ServiceError.of("ImportTokenExpired", {});
  const wrapping = findImportWrapping(token.facts.wrapping);
  invariant(wrapping !== undefined, "a token names a wrapping algorithm that there is");
  const unwrapped = await wrapping.unwrap(token.privateKey, input.encryptedMaterial);
  if (unwrapped === undefined) throw ServiceError.of("CiphertextInvalid", {});
  using raw = unwrapped;
  const loaded = findKeySpec(record.spec)?.load(raw);
  if (loaded === undefined) {
    const reason = `The key material is none of key spec ${record.spec}: it has another length, type or encoding.`;
    throw ServiceError.of("KeyMaterialMismatch", { reason });
  }
  return canonicalMaterial(loaded);
}

async function store(call: Call<ImportKeyMaterialInput>, material: SecretBytes, materialId: string): Promise<void> {
  const { core, keys, input, nowMs } = call;
  const key = keys[0]!;
  const { record } = key;
  const versions = await importedVersions(core, record);
  const place = await placeOf(core, key, versions, materialId, input.isNew);
  const known = findVersion(versions, place.version);
  const { validToMs, description } = input;
  const row: KeyVersionRecord = {
    region: record.region,
    keyId: record.keyId,
    version: place.version,
    materialId,
    ...wrapMaterial(core, material, { region: record.region, keyId: record.keyId, version: place.version }),
    createdAtMs: known?.createdAtMs ?? nowMs,
    ...(known?.rotationType === undefined ? {} : { rotationType: known.rotationType }),
    ...(validToMs === undefined ? {} : { expiresAtMs: validToMs }),
    ...materialDescription(description ?? known?.materialDescription),
    revision: (known?.revision ?? 0) + 1,
  };
  const next: KeyRecord = { ...record, ...place.changes };
  const all = [...versions.filter(({ version }) => version !== row.version), row];
  const writes: Write[] = [
    { op: known === undefined ? "insert" : "update", table: "keyVersions", row },
    ...(await changeRelated(core, record, place.changes)),
  ];
  const { changes, removed } = settle(next, all);
  await updateKey(core, record, { ...place.changes, ...changes }, { removed, writes });
}

function materialDescription(text: string | undefined): Pick<KeyVersionRecord, "materialDescription"> {
  return text === undefined ? {} : { materialDescription: text };
}

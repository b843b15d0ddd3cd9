import {
  canonicalMaterial,
  findKeySpec,
  findTransitType,
  importedMaterialId,
  loadPublicKeyOf,
  SecretBytes,
} from "@coffer/crypto";
import type { Core } from "../../core.ts";
import { invariant, ServiceError } from "../../errors.ts";
import { hmacKeyIdentity } from "../../keys/identity.ts";
import { generatedMaterialId } from "../../keys/material-id.ts";
import { limits } from "../../limits.ts";
import { dueAtMs } from "../../model/due.ts";
import type { KeyRecord, KeyUsage, KeyVersionRecord, RotationSettings, TransitAttributes } from "../../model/key.ts";
import type { RequestContext } from "../../model/request.ts";
import type { Write } from "../../ports/store.ts";
import { checkKeyQuota } from "../../quotas/resource-quotas.ts";
import { checkExtras, newKey } from "../keys/create-key.ts";
import { wrapMaterial } from "../keys/new-version.ts";
import { checkTransitAttributes } from "./attributes.ts";

/** One version that was made elsewhere. */
export interface ForeignVersion {
  readonly version: number;
  readonly createdAtMs: number;
  readonly material: SecretBytes;
  readonly hmacKey?: SecretBytes;
  readonly certificateChain?: string;
  /** Whether the material is a public key alone: SubjectPublicKeyInfo, DER. */
  readonly isPublic?: boolean;
}

/** A key that was made elsewhere and gets a record here. */
export interface ForeignKey {
  readonly spec: string;
  readonly transit: TransitAttributes;
  readonly rotation: RotationSettings;
  readonly latestVersion: number;
  /** Whether it counts as imported: its origin is `EXTERNAL`. */
  readonly imported: boolean;
  /** Ascending; not empty. */
  readonly versions: readonly ForeignVersion[];
}

/** The usage that KMS knows of a key which serves for all that its type can do. */
export function transitUsage(spec: string): KeyUsage {
  const type = findTransitType(spec);
  if (type?.signing === true) return "SIGN_VERIFY";
  return type?.encryption === undefined ? "GENERATE_VERIFY_MAC" : "ENCRYPT_DECRYPT";
}

function refuse(reason: string): never {
  throw ServiceError.of("InvalidInput", { kind: "validation", reason });
}

/**
 * The record and the first writes of a key that comes with its material, under an alias.
 *
 * @throws ServiceError InvalidInput, LimitExceeded, AccessDenied
 */
export async function foreignKeyWrites(
  core: Core,
  foreign: ForeignKey,
  alias: string,
  request: RequestContext,
  nowMs: number,
): Promise<{ readonly key: KeyRecord; readonly writes: readonly Write[] }> {
  const { spec, transit, rotation, latestVersion, imported, versions } = foreign;
  const max = limits.importedVersions.value;
  if (imported && versions.length > max) {
    const reason = `an imported key has at most ${max} versions; this one has ${versions.length}`;
    throw ServiceError.of("LimitExceeded", { limit: limits.importedVersions.name, max, reason });
  }
  checkTransitAttributes(transit, latestVersion);
  const origin = imported ? "EXTERNAL" : "AWS_KMS";
  const input = { spec, usage: transitUsage(spec), origin, rotation, transit: { allUses: true } } as const;
  const bare = newKey(core, input, request, nowMs);
  const rows = versions.map((version) => versionRow(core, bare, version));
  const newest = rows.at(-1);
  invariant(newest?.version === latestVersion, "a key comes with its latest version");
  const key: KeyRecord = {
    ...bare,
    state: "active",
    transit,
    currentVersion: latestVersion,
    ...(imported ? { importedMaterialId: newest.materialId } : {}),
  };
  const due = dueAtMs(key);
  const record = due === undefined ? key : { ...key, dueAtMs: due };
  checkExtras(core, record, [alias], request, nowMs);
  await checkKeyQuota(core, key.account, key.region);
  return {
    key: record,
    writes: [
      { op: "insert", table: "keys", row: record },
      ...rows.map((row): Write => ({ op: "insert", table: "keyVersions", row })),
    ],
  };
}

function canonicalOf(spec: string, { material, isPublic, version }: ForeignVersion): SecretBytes {
  const row = findKeySpec(spec);
  const loaded =
    isPublic === true ? row && material.use((spki) => loadPublicKeyOf(row.spec, spki)) : row?.load(material);
  if (loaded === undefined) refuse(`the key material of version ${version} is none of its type`);
  return loaded.type === "public"
    ? SecretBytes.takeFrom(loaded.export({ format: "der", type: "spki" }))
    : canonicalMaterial(loaded);
}

/** The row of one version that was made elsewhere. @throws ServiceError InvalidInput when it is none of the key's spec */
export function versionRow(core: Core, key: KeyRecord, foreign: ForeignVersion): KeyVersionRecord {
  const { region, keyId, spec } = key;
  const { version, createdAtMs, hmacKey, certificateChain } = foreign;
  using material = canonicalOf(spec, foreign);
  const row = { region, keyId, version };
  const wrapped = wrapMaterial(core, material, row);
  const hmac = hmacKey && core.keyring.wrap(hmacKey, hmacKeyIdentity(row));
  // Both are wrapped in one turn, by the one current wrapping key.
  invariant(hmac === undefined || hmac.wrappingKeyId === wrapped.wrappingKeyId, "a row has one wrapping key");
  return {
    ...row,
    materialId: key.origin === "EXTERNAL" ? importedMaterialId(material, key) : generatedMaterialId(key, version),
    ...wrapped,
    createdAtMs,
    ...(hmac === undefined ? {} : { wrappedHmacKey: hmac.wrapped }),
    ...(certificateChain === undefined ? {} : { certificateChain }),
    ...(version > 1 ? { rotationType: "ON_DEMAND" as const } : {}),
    revision: 1,
  };
}

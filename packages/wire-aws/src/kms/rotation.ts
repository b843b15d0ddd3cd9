import {
  dayMs,
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
  type KeyRotationsPage,
  type KeyVersionRecord,
  listKeyRotations,
  rotateKeyOnDemand,
} from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import type { RotationsListEntry } from "./generated/types.ts";
import { arnOf, epochSeconds, expirationOf } from "./key-metadata.ts";
import { encodePage } from "./page.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

/** AWS KMS: EnableKeyRotation. */
export const enableKeyRotationCodec = defineCodec("EnableKeyRotation", {
  operation: enableKeyRotation,
  decode: (input, context) => ({ keyId: keyIdOnly(input.KeyId, context), periodDays: input.RotationPeriodInDays }),
  encode: encodeNothing,
});

/** AWS KMS: DisableKeyRotation. */
export const disableKeyRotationCodec = defineCodec("DisableKeyRotation", {
  operation: disableKeyRotation,
  decode: ({ KeyId }, context) => ({ keyId: keyIdOnly(KeyId, context) }),
  encode: encodeNothing,
});

/** AWS KMS: GetKeyRotationStatus. An on-demand rotation is done when it was answered, so none is ever under way. */
export const getKeyRotationStatusCodec = defineCodec("GetKeyRotationStatus", {
  operation: getKeyRotationStatus,
  decode: ({ KeyId }, context) => ({ keyId: keyIdOnly(KeyId, context) }),
  encode: ({ arn, rotation: { enabled, periodMs, nextAtMs } }) =>
    encodeOutput<"GetKeyRotationStatus">({
      KeyRotationEnabled: enabled,
      KeyId: arn,
      ...(enabled ? { RotationPeriodInDays: periodMs / dayMs } : {}),
      ...(nextAtMs === undefined ? {} : { NextRotationDate: epochSeconds(nextAtMs) }),
    }),
});

/** AWS KMS: RotateKeyOnDemand. */
export const rotateKeyOnDemandCodec = defineCodec("RotateKeyOnDemand", {
  operation: rotateKeyOnDemand,
  decode: ({ KeyId }, context) => ({ keyId: keyIdOnly(KeyId, context), limited: true }),
  encode: ({ key }) => encodeOutput<"RotateKeyOnDemand">({ KeyId: arnOf(key) }),
});

/** AWS KMS: ListKeyRotations. */
export const listKeyRotationsCodec = defineCodec("ListKeyRotations", {
  operation: listKeyRotations,
  decode: ({ KeyId, IncludeKeyMaterial, Limit, Marker }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    allMaterial: IncludeKeyMaterial === "ALL_KEY_MATERIAL",
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) =>
    encodeOutput<"ListKeyRotations">({
      Rotations: page.items.map((version) => encodeRotation(version, page)),
      ...encodePage(page),
    }),
});

/** The first material has neither date nor type: no rotation made it. */
function encodeRotation(version: KeyVersionRecord, page: KeyRotationsPage): RotationsListEntry {
  const { rotationType } = version;
  return {
    KeyId: page.arn,
    KeyMaterialId: version.materialId,
    KeyMaterialState: materialState(version, page),
    ...(page.isImported ? importOf(version) : {}),
    ...(rotationType === undefined
      ? {}
      : { RotationDate: epochSeconds(version.createdAtMs), RotationType: rotationType }),
  };
}

function materialState({ version }: KeyVersionRecord, { currentVersion, isPendingImport }: KeyRotationsPage): string {
  if (version < currentVersion) return "NON_CURRENT";
  if (version === currentVersion) return "CURRENT";
  return isPendingImport ? "PENDING_MULTI_REGION_IMPORT_AND_ROTATION" : "PENDING_ROTATION";
}

function importOf({
  wrappedMaterial,
  expiresAtMs,
  materialDescription,
}: KeyVersionRecord): Partial<RotationsListEntry> {
  return {
    ...(materialDescription === undefined ? {} : { KeyMaterialDescription: materialDescription }),
    ...(wrappedMaterial.byteLength === 0
      ? { ImportState: "PENDING_IMPORT" }
      : { ImportState: "IMPORTED", ...expirationOf(expiresAtMs) }),
  };
}

import {
  dayMs,
  disableKeyRotation,
  enableKeyRotation,
  getKeyRotationStatus,
  type KeyVersionRecord,
  listKeyRotations,
  rotateKeyOnDemand,
} from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import type { RotationsListEntry } from "./generated/types.ts";
import { arnOf, epochSeconds } from "./key-metadata.ts";
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
    includeFirst: IncludeKeyMaterial === "ALL_KEY_MATERIAL",
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) =>
    encodeOutput<"ListKeyRotations">({
      Rotations: page.items.map((version) => encodeRotation(version, page.arn, page.currentVersion)),
      ...encodePage(page),
    }),
});

/** The first material has neither date nor type: no rotation made it. */
function encodeRotation(version: KeyVersionRecord, arn: string, currentVersion: number): RotationsListEntry {
  const { rotationType } = version;
  return {
    KeyId: arn,
    KeyMaterialId: version.materialId,
    KeyMaterialState: version.version === currentVersion ? "CURRENT" : "NON_CURRENT",
    ...(rotationType === undefined
      ? {}
      : { RotationDate: epochSeconds(version.createdAtMs), RotationType: rotationType }),
  };
}

import { deleteImportedKeyMaterial, getParametersForImport, importKeyMaterial } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import { epochSeconds } from "./key-metadata.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

/** AWS KMS: GetParametersForImport. */
export const getParametersForImportCodec = defineCodec("GetParametersForImport", {
  operation: getParametersForImport,
  decode: ({ KeyId, WrappingAlgorithm, WrappingKeySpec }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    wrappingAlgorithm: WrappingAlgorithm,
    wrappingKeySpec: WrappingKeySpec,
  }),
  encode: ({ keyArn, importToken, publicKey, expiresAtMs }) =>
    encodeOutput<"GetParametersForImport">({
      KeyId: keyArn,
      ImportToken: importToken.toString("base64"),
      PublicKey: publicKey.toString("base64"),
      ParametersValidTo: epochSeconds(expiresAtMs),
    }),
});

/** AWS KMS: ImportKeyMaterial. */
export const importKeyMaterialCodec = defineCodec("ImportKeyMaterial", {
  operation: importKeyMaterial,
  decode: (input, context) => ({
    keyId: keyIdOnly(input.KeyId, context),
    importToken: input.ImportToken,
    encryptedMaterial: input.EncryptedKeyMaterial,
    expires: input.ExpirationModel !== "KEY_MATERIAL_DOES_NOT_EXPIRE",
    validToMs: input.ValidTo === undefined ? undefined : Math.round(input.ValidTo * 1000),
    isNew: input.ImportType === undefined ? undefined : input.ImportType === "NEW_KEY_MATERIAL",
    description: input.KeyMaterialDescription,
    materialId: input.KeyMaterialId,
  }),
  encode: ({ keyArn, keyMaterialId }) =>
    encodeOutput<"ImportKeyMaterial">({ KeyId: keyArn, KeyMaterialId: keyMaterialId }),
});

/** AWS KMS: DeleteImportedKeyMaterial. */
export const deleteImportedKeyMaterialCodec = defineCodec("DeleteImportedKeyMaterial", {
  operation: deleteImportedKeyMaterial,
  decode: ({ KeyId, KeyMaterialId }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    materialId: KeyMaterialId,
  }),
  encode: ({ keyArn, keyMaterialId }) =>
    encodeOutput<"DeleteImportedKeyMaterial">({ KeyId: keyArn, KeyMaterialId: keyMaterialId }),
});

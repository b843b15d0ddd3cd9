import { createKey, type KeyOrigin } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type { CreateKeyRequest } from "./generated/types.ts";
import { keyMetadata } from "./key-metadata.ts";
import { refuseInput, refuseUnsupported } from "./refuse-parameter.ts";
import { decodeTags } from "./tags.ts";

/** @throws ServiceError Unsupported for a key that this release cannot make */
function checkFeatures({ Origin, CustomKeyStoreId, XksKeyId }: CreateKeyRequest): void {
  if (Origin !== undefined && Origin !== "AWS_KMS" && Origin !== "EXTERNAL") refuseUnsupported(`Origin ${Origin}`);
  if (CustomKeyStoreId !== undefined) refuseUnsupported("CustomKeyStoreId");
  if (XksKeyId !== undefined) refuseUnsupported("XksKeyId");
}

/** AWS KMS: CreateKey. */
export const createKeyCodec = defineCodec("CreateKey", {
  operation: createKey,
  decode(input) {
    checkFeatures(input);
    const { KeySpec, CustomerMasterKeySpec, Tags } = input;
    if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
      refuseInput(
        "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
      );
    }
    return {
      spec: KeySpec ?? CustomerMasterKeySpec,
      usage: input.KeyUsage,
      origin: input.Origin as KeyOrigin | undefined,
      multiRegion: input.MultiRegion,
      description: input.Description,
      policy: input.Policy,
      skipPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck,
      tags: Tags === undefined ? undefined : decodeTags(Tags),
    };
  },
  encode: ({ key }) => encodeOutput<"CreateKey">({ KeyMetadata: keyMetadata(key) }),
});

import { createKey, type KeyOrigin } from "@coffer/service";
import { defineCodec, encodeOutput } from "./codec.ts";
import type { CreateKeyRequest } from "./generated/types.ts";
import { keyMetadata } from "./key-metadata.ts";
import { refuseInput, refuseUnsupported } from "./refuse-parameter.ts";
import { decodeTags } from "./tags.ts";

/** @throws ServiceError Unsupported for a key that this release cannot make */
function checkOrigin({ Origin }: CreateKeyRequest): void {
  if (Origin === "AWS_CLOUDHSM") refuseUnsupported("Origin AWS_CLOUDHSM (there is no AWS CloudHSM here)");
}

/**
 * The external key that a key is to be made of.
 *
 * @throws ServiceError InvalidInput unless origin, key store and external key come together
 */
function decodeExternalKey({ Origin, CustomKeyStoreId, XksKeyId }: CreateKeyRequest) {
  const external = Origin === "EXTERNAL_KEY_STORE";
  if (external && CustomKeyStoreId !== undefined && XksKeyId !== undefined) {
    return { customKeyStoreId: CustomKeyStoreId, xksKeyId: XksKeyId };
  }
  if (external || CustomKeyStoreId !== undefined || XksKeyId !== undefined) {
    refuseInput("Origin EXTERNAL_KEY_STORE, CustomKeyStoreId and XksKeyId must be specified together.");
  }
  return undefined;
}

/** AWS KMS: CreateKey. */
export const createKeyCodec = defineCodec("CreateKey", {
  operation: createKey,
  decode(input) {
    checkOrigin(input);
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
      externalKey: decodeExternalKey(input),
      description: input.Description,
      policy: input.Policy,
      skipPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck,
      tags: Tags === undefined ? undefined : decodeTags(Tags),
    };
  },
  encode: ({ key }) => encodeOutput<"CreateKey">({ KeyMetadata: keyMetadata(key) }),
});

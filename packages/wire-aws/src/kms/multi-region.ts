import { replicateKey, updatePrimaryRegion } from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import { keyMetadata } from "./key-metadata.ts";
import { keyIdOnly } from "./refuse-parameter.ts";
import { decodeTags, encodeTags } from "./tags.ts";

/** AWS KMS: ReplicateKey. */
export const replicateKeyCodec = defineCodec("ReplicateKey", {
  operation: replicateKey,
  decode: (input, context) => ({
    keyId: keyIdOnly(input.KeyId, context),
    replicaRegion: input.ReplicaRegion,
    policy: input.Policy,
    skipPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck,
    description: input.Description,
    tags: input.Tags === undefined ? undefined : decodeTags(input.Tags),
  }),
  encode: ({ key }) =>
    encodeOutput<"ReplicateKey">({
      ReplicaKeyMetadata: keyMetadata(key),
      ReplicaPolicy: key.policy,
      ...(key.tags.length === 0 ? {} : { ReplicaTags: encodeTags(key.tags) }),
    }),
});

/** AWS KMS: UpdatePrimaryRegion. */
export const updatePrimaryRegionCodec = defineCodec("UpdatePrimaryRegion", {
  operation: updatePrimaryRegion,
  decode: ({ KeyId, PrimaryRegion }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    primaryRegion: PrimaryRegion,
  }),
  encode: encodeNothing,
});

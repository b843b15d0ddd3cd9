import { getKeyPolicy, listKeyPolicies, putKeyPolicy } from "@coffer/service";
import { defineCodec, encodeNothing, encodeOutput } from "./codec.ts";
import { encodePage } from "./page.ts";
import { keyIdOnly } from "./refuse-parameter.ts";

/** AWS KMS: GetKeyPolicy. */
export const getKeyPolicyCodec = defineCodec("GetKeyPolicy", {
  operation: getKeyPolicy,
  decode: ({ KeyId, PolicyName }, context) => ({ keyId: keyIdOnly(KeyId, context), policyName: PolicyName }),
  encode: ({ policy, policyName }) => encodeOutput<"GetKeyPolicy">({ Policy: policy, PolicyName: policyName }),
});

/** AWS KMS: PutKeyPolicy. */
export const putKeyPolicyCodec = defineCodec("PutKeyPolicy", {
  operation: putKeyPolicy,
  decode: (input, context) => ({
    keyId: keyIdOnly(input.KeyId, context),
    policyName: input.PolicyName,
    policy: input.Policy,
    skipPolicyLockoutCheck: input.BypassPolicyLockoutSafetyCheck,
  }),
  encode: encodeNothing,
});

/** AWS KMS: ListKeyPolicies. */
export const listKeyPoliciesCodec = defineCodec("ListKeyPolicies", {
  operation: listKeyPolicies,
  decode: ({ KeyId, Limit, Marker }, context) => ({
    keyId: keyIdOnly(KeyId, context),
    limit: Limit,
    marker: Marker,
  }),
  encode: (page) => encodeOutput<"ListKeyPolicies">({ PolicyNames: page.items, ...encodePage(page) }),
});

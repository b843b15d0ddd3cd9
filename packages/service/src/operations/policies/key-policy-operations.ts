import { ServiceError } from "../../errors.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { updateKey } from "../keys/update.ts";
import { anyState, type KeyInput, namedKey, type Page, type PageInput } from "../shared.ts";
import { bindKeyPolicy } from "./documents.ts";
import { readableKeyPolicy } from "./policy-principals.ts";

export interface KeyPolicyInput extends KeyInput {
  /** AWS knows one name, `default`. */
  readonly policyName?: string | undefined;
}

export interface PutKeyPolicyInput extends KeyPolicyInput {
  readonly policy: string;
  readonly skipPolicyLockoutCheck?: boolean | undefined;
}

export interface GetKeyPolicyOutput {
  readonly policy: string;
  readonly policyName: string;
}

function checkPolicyName(name: string | undefined): void {
  if (name === undefined || name === "default") return;
  throw ServiceError.of("NotFound", { resource: "policy", id: name });
}

/** AWS KMS: GetKeyPolicy. Reads back what was put; a user or role that is gone shows as its unique id. */
export const getKeyPolicy = defineOperation<KeyPolicyInput, GetKeyPolicyOutput>({
  name: "GetKeyPolicy",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:GetKeyPolicy", anyState)],
  record: ({ keyId, policyName }) => ({ keyId, policyName }),
  async run({ core, keys, input }) {
    checkPolicyName(input.policyName);
    return { policy: await readableKeyPolicy(core, keys[0]!.record), policyName: "default" };
  },
});

/** AWS KMS: PutKeyPolicy. Holds for the very next request. */
export const putKeyPolicy = defineOperation<PutKeyPolicyInput, null>({
  name: "PutKeyPolicy",
  plane: "control",
  readOnly: false,
  keys: [namedKey("kms:PutKeyPolicy", anyState, { customerOnly: true })],
  conditions: ({ skipPolicyLockoutCheck }) =>
    new Map([["kms:bypasspolicylockoutsafetycheck", [String(skipPolicyLockoutCheck === true)]]]),
  record: ({ keyId, policyName, policy, skipPolicyLockoutCheck }) => ({
    keyId,
    policyName,
    policy,
    bypassPolicyLockoutSafetyCheck: skipPolicyLockoutCheck === true,
  }),
  async run({ core, keys, input, request, nowMs }) {
    checkPolicyName(input.policyName);
    const key = keys[0]!;
    const bound = await bindKeyPolicy(core, input.policy, {
      request,
      key: key.record,
      aliases: key.aliases,
      nowMs,
      skipLockoutCheck: input.skipPolicyLockoutCheck === true,
    });
    await updateKey(core, key.record, bound);
    return null;
  },
});

/** AWS KMS: ListKeyPolicies. A key has one policy, `default`. */
export const listKeyPolicies = defineOperation<KeyInput & PageInput, Page<string>>({
  name: "ListKeyPolicies",
  plane: "control",
  readOnly: true,
  keys: [namedKey("kms:ListKeyPolicies", anyState)],
  record: ({ keyId, limit, marker }) => ({ keyId, limit, marker }),
  run({ input }) {
    if (input.marker !== undefined) throw ServiceError.of("MarkerInvalid", {});
    return { items: ["default"] };
  },
});

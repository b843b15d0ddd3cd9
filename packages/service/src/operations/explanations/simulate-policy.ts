import {
  type AuthorizationInput,
  type AuthorizationReason,
  type ConsideredStatement,
  authorize as decide,
  explainAuthorization,
  findRemedies,
  similarActions,
} from "@coffer/policy";
import { ServiceError } from "../../errors.ts";
import type { KeyEntry } from "../../keys/key-entry.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { RequestConditions } from "../../pipeline/conditions.ts";
import type { DecisionRecord } from "../../pipeline/decision.ts";
import { locate } from "../../pipeline/locate.ts";
import { type Call, defineOperation } from "../../pipeline/operation.ts";
import { callersPolicies } from "../../pipeline/policy-principal.ts";
import { adminEventSource } from "../admin/principals.ts";
import { contextConditions } from "../message.ts";
import { findSimulatedCaller } from "./simulated-caller.ts";
import { SimulatedConditions } from "./simulated-conditions.ts";
import { askSimulatedGrants } from "./simulated-grants.ts";
import { type ToldRemedy, tellRemedies } from "./tell-remedies.ts";

export interface SimulatePolicyInput {
  /** ARN of an account's root, a user, a role or a session of a role; or a service such as `s3.amazonaws.com`. */
  readonly principal: string;
  /** `kms:Decrypt` */
  readonly action: string;
  /** Key id, ARN or alias; absent for an action without a key. */
  readonly keyId?: string | undefined;
  readonly encryptionContext?: Readonly<Record<string, string>> | undefined;
  /** Values of condition keys; a key may come several times. */
  readonly conditions?: readonly { readonly key: string; readonly value: string }[] | undefined;
}

export interface SimulatePolicyOutput {
  readonly principal: string;
  readonly action: string;
  /** ARN of the key, or `*`. */
  readonly resource: string;
  readonly allowed: boolean;
  readonly reason: AuthorizationReason;
  readonly by?: DecisionRecord["by"];
  /** Of a refusal: a grant of the caller that would have allowed it but for one thing. */
  readonly grant?: DecisionRecord["grant"];
  /** Every statement of every policy that was looked at. */
  readonly statements: readonly ConsideredStatement[];
  /** What would allow it, the least first; empty when it is allowed, and when nothing can. */
  readonly remedies: readonly ToldRemedy[];
  /** Condition keys that a policy asked for and that the request, as it was described, does not have. */
  readonly absentConditionKeys: readonly string[];
  /** Present where AWS KMS has no such action: those that may have been meant. */
  readonly similarActions?: readonly string[];
}

const actionForm = /^[a-z0-9-]{1,64}:[A-Za-z0-9]{1,64}$/;

/**
 * Says what the policies would decide now, and why (IAM: SimulatePrincipalPolicy). Takes the permission to read the key's
 * policy as well. Changes nothing.
 */
export const simulatePolicy = defineOperation<SimulatePolicyInput, SimulatePolicyOutput>({
  name: "SimulatePrincipalPolicy",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  instanceWide: true,
  keys: [],
  resources: ({ principal }) => [
    { action: "iam:SimulatePrincipalPolicy", resource: principal.startsWith("arn:") ? principal : "*" },
  ],
  record: ({ principal, action, keyId }) => ({ principal, action, keyId }),
  async run(call) {
    const { core, input, request, nowMs } = call;
    const { action, keyId, encryptionContext } = input;
    if (!actionForm.test(action)) {
      const reason = "action must be of the form kms:Decrypt, without wildcards.";
      throw ServiceError.of("InvalidInput", { kind: "validation", member: "action", reason });
    }
    const caller = await findSimulatedCaller(core, input.principal);
    const { principal, policyPrincipal } = caller;
    const key = keyId === undefined ? undefined : await findReadableKey(call, keyId);
    const resource = key?.arn ?? "*";
    const known = new RequestConditions({
      request: { ...request, principal },
      action,
      key,
      nowMs,
      reference: keyId,
      ...(encryptionContext === undefined ? {} : { conditions: () => contextConditions({ encryptionContext }) }),
    });
    const context = new SimulatedConditions(givenConditions(input), known);
    const simulated: AuthorizationInput = {
      request: { action, resource, principal: policyPrincipal, context },
      ...callersPolicies(principal),
      ...(key === undefined ? {} : { keyPolicy: key.policy, keyAccount: key.record.account }),
    };
    const byPolicies = decide(simulated);
    const statements = explainAuthorization(simulated);
    const absentConditionKeys = context.absent;
    const { grantId, missed } =
      key === undefined
        ? {}
        : await askSimulatedGrants(core, key, caller, simulated, byPolicies.reason, encryptionContext);
    const asked = grantId === undefined ? simulated : { ...simulated, grantAllows: true };
    const { allowed, reason, by } = decide(asked);
    const subject = {
      principal: policyPrincipal,
      action,
      resource,
      ...(encryptionContext === undefined ? {} : { encryptionContext }),
    };
    const similar = similarActions(action);
    return {
      principal: policyPrincipal.arn,
      ...(similar === undefined ? {} : { similarActions: similar }),
      action,
      resource,
      allowed,
      reason,
      ...(by === undefined ? {} : { by: by.source === "grant" && grantId !== undefined ? { ...by, grantId } : by }),
      ...(missed === undefined ? {} : { grant: missed }),
      statements,
      remedies: tellRemedies(findRemedies(asked), subject),
      absentConditionKeys,
    };
  },
});

/** @throws ServiceError NotFound; AccessDenied when the caller may not read the key's policy */
async function findReadableKey({ core, request, nowMs }: Call<SimulatePolicyInput>, keyId: string): Promise<KeyEntry> {
  const action = "kms:GetKeyPolicy";
  const key = await locate(core, action, { by: "reference", text: keyId }, request);
  authorize({ request, action, key, resource: key.arn, reference: keyId, nowMs });
  return key;
}

function givenConditions({ conditions = [] }: SimulatePolicyInput): ReadonlyMap<string, readonly string[]> {
  const given = new Map<string, string[]>();
  for (const { key, value } of conditions) {
    const name = key.toLowerCase();
    const values = given.get(name);
    if (values === undefined) given.set(name, [value]);
    else values.push(value);
  }
  return given;
}

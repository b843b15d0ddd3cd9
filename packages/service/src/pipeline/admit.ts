import type { Core } from "../core.ts";
import { ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { parseKeyReference } from "../model/arn.ts";
import type { RequestContext } from "../model/request.ts";
import { authorize } from "./authorize.ts";
import type { KeyDemand, KeyTarget, OperationConditions } from "./operation.ts";

interface Admission {
  readonly core: Core;
  /** IAM action. */
  readonly action: string;
  readonly target: KeyTarget;
  readonly request: RequestContext;
  readonly conditions: OperationConditions | undefined;
  readonly nowMs: number;
}

/**
 * Resolves one key and authorizes its use; synchronous when the key is in memory.
 *
 * @throws ServiceError NotFound, InvalidInput, AccessDenied, IncorrectKey
 */
export function admit(admission: Admission): KeyEntry | Promise<KeyEntry> {
  const { core, target, request } = admission;
  const hot = target.by === "reference" ? target.text : target.expected === undefined ? target.keyId : undefined;
  if (hot !== undefined) {
    const entry = core.keys.cached(request.region, hot);
    if (entry !== undefined && (target.by === "ciphertext" || entry.record.account === request.principal.account)) {
      return allow(admission, entry, target.by === "reference" ? target.text : undefined);
    }
  }
  return target.by === "reference" ? admitReference(admission, target.text) : admitCiphertextKey(admission, target);
}

async function admitReference(admission: Admission, text: string): Promise<KeyEntry> {
  return allow(admission, await resolve(admission, text), text);
}

async function admitCiphertextKey(
  admission: Admission,
  target: Extract<KeyTarget, { by: "ciphertext" }>,
): Promise<KeyEntry> {
  const { core, action, request } = admission;
  if (target.expected !== undefined) {
    const expected = await admitReference(admission, target.expected);
    if (expected.record.keyId !== target.keyId) throw ServiceError.of("IncorrectKey", {});
    return expected;
  }
  const entry = await core.keys.find(request.region, target.keyId);
  if (entry === undefined) {
    throw ServiceError.of("AccessDenied", {
      principalArn: request.principal.arn,
      action,
      resource: "*",
      basis: "ciphertextKey",
    });
  }
  return allow(admission, entry, undefined);
}

/** As AWS KMS does, a missing key of another account looks like a forbidden one. */
async function resolve({ core, action, request }: Admission, text: string): Promise<KeyEntry> {
  const { account } = request.principal;
  try {
    return await core.keys.resolve(text, account, request.region);
  } catch (error) {
    const foreign = (parseKeyReference(text)?.account ?? account) !== account;
    if (!foreign || !(error instanceof ServiceError) || error.code !== "NotFound") throw error;
    throw ServiceError.of("AccessDenied", {
      principalArn: request.principal.arn,
      action,
      resource: text,
      basis: "implicitDeny",
      source: "foreign",
    });
  }
}

function allow(
  { action, request, conditions, nowMs }: Admission,
  key: KeyEntry,
  reference: string | undefined,
): KeyEntry {
  authorize({
    request,
    action,
    key,
    resource: key.arn,
    reference,
    conditions,
    nowMs,
    hideKey: reference === undefined,
  });
  return key;
}

const invalidStateReasons = new Map([
  ["pendingDestruction", "pending deletion"],
  ["preActivation", "pending import"],
]);

/** @throws ServiceError AccessDenied, KeyDisabled, KeyStateInvalid, KeyUsageMismatch when the key does not fit the demand */
export function checkState<Input>(
  key: KeyEntry,
  demand: KeyDemand<Input>,
  operation: string,
  request: RequestContext,
): void {
  const { state, usage, owner } = key.record;
  if (demand.customerOnly === true && owner !== "CUSTOMER") {
    throw ServiceError.of("AccessDenied", {
      principalArn: request.principal.arn,
      action: demand.action,
      resource: key.arn,
      basis: "explicitDeny",
    });
  }
  if (!demand.states.includes(state)) {
    if (demand.states.length === 1 && demand.states[0] === "pendingDestruction") {
      throw ServiceError.of("KeyStateInvalid", {
        keyArn: key.arn,
        state,
        reason: `${key.arn} is not pending deletion.`,
      });
    }
    if (state === "suspended") throw ServiceError.of("KeyDisabled", { keyArn: key.arn });
    throw ServiceError.of("KeyStateInvalid", {
      keyArn: key.arn,
      state,
      reason: `${key.arn} is ${invalidStateReasons.get(state) ?? state}.`,
    });
  }
  if (demand.usage !== undefined && demand.usage !== usage) {
    throw ServiceError.of("KeyUsageMismatch", { keyArn: key.arn, usage, operation });
  }
}

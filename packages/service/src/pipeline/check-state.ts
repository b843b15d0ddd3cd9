import { ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { KeyRecord, KeyState } from "../model/key.ts";
import type { RequestContext } from "../model/request.ts";
import { dyingStates } from "../operations/shared.ts";
import type { KeyDemand, Operation } from "./operation.ts";

const invalidStateReasons = new Map([
  ["pendingDestruction", "pending deletion"],
  ["pendingReplicaDestruction", "pending replica deletion"],
  ["preActivation", "pending import"],
]);

/** @throws ServiceError Unsupported when the operation is not for keys of the key's origin */
export function checkOrigin<Input, Output>(
  key: KeyEntry,
  { inKeyStore, origins }: KeyDemand<Input>,
  { plane }: Operation<Input, Output>,
): void {
  const { customKeyStoreId, origin } = key.record;
  const fits = customKeyStoreId === undefined || (inKeyStore ?? plane === "control");
  if (fits && (origins === undefined || origins.includes(origin))) return;
  const reason = `${key.arn} origin is ${origin} which is not valid for this operation.`;
  throw ServiceError.of("Unsupported", { reason });
}

/** @throws ServiceError AccessDenied, KeyDisabled, KeyStateInvalid, KeyUsageMismatch when the key does not fit the demand */
export function checkState<Input>(
  key: KeyEntry,
  demand: KeyDemand<Input>,
  operation: string,
  input: Input,
  request: RequestContext,
  nowMs: number,
): void {
  const { usage, owner } = key.record;
  const state = stateAt(key.record, nowMs);
  if (demand.customerOnly === true && owner !== "CUSTOMER") {
    throw ServiceError.of("AccessDenied", {
      principalArn: request.principal.arn,
      action: demand.action,
      resource: key.arn,
      basis: "explicitDeny",
    });
  }
  if (!demand.states.includes(state)) {
    if (demand.states === dyingStates) {
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
  if (key.record.transit.softDeleted === true && !demand.states.includes("suspended")) {
    const reason = "refusing to use soft-deleted key";
    throw ServiceError.of("KeyStateInvalid", { keyArn: key.arn, state: "softDeleted", reason });
  }
  if (demand.usage !== undefined && demand.usage !== usage) {
    throw ServiceError.of("KeyUsageMismatch", { keyArn: key.arn, usage, operation });
  }
  const algorithm = demand.algorithm?.(input);
  if (algorithm !== undefined && !key.algorithms.includes(algorithm)) {
    throw ServiceError.of("KeyUsageMismatch", {
      keyArn: key.arn,
      usage,
      operation,
      algorithm: { name: algorithm, spec: key.record.spec },
    });
  }
}

/** The state of a key, whose expired material counts as gone before the lifecycle has deleted it. */
function stateAt({ state, materialExpiresAtMs }: KeyRecord, nowMs: number): KeyState {
  const isExpired = materialExpiresAtMs !== undefined && materialExpiresAtMs <= nowMs;
  return isExpired && (state === "active" || state === "suspended") ? "preActivation" : state;
}

import { randomId } from "@coffer/crypto";
import { type AnonymousCaller, auditEventJson } from "../audit/event.ts";
import type { Core } from "../core.ts";
import { type ErrorDetail, ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { RequestContext } from "../model/request.ts";
import { StoreConflict } from "../ports/store.ts";
import { admit, checkState } from "./admit.ts";
import { authorize } from "./authorize.ts";
import type { Operation } from "./operation.ts";

/** How often an operation runs anew after another one changed the same row meanwhile. */
const maxAttempts = 8;

const kmsEventSource = "kms.amazonaws.com";

/**
 * Runs one operation: resolve keys, authorize, check state and usage, run, audit. Every call leaves one audit record,
 * durable before this returns or throws.
 *
 * @throws ServiceError of any code; a bug becomes Internal with an error id
 */
export async function execute<Input, Output>(
  core: Core,
  operation: Operation<Input, Output>,
  input: Input,
  request: RequestContext,
): Promise<Output> {
  const nowMs = core.clock.nowMs();
  const keys: KeyEntry[] = [];
  let output: Output | undefined;
  let failure: ServiceError | undefined;
  try {
    refuseWithoutAudit(core);
    output = await attempt(core, operation, input, request, keys, nowMs);
  } catch (error) {
    failure = asServiceError(core, error);
  }
  await core.audit.append(
    auditEventJson({
      caller: request,
      account: core.account,
      eventSource: operation.eventSource ?? kmsEventSource,
      eventName: request.eventName ?? operation.name,
      readOnly: operation.readOnly,
      plane: operation.plane,
      nowMs,
      parameters: operation.record(input),
      response: output === undefined ? null : (operation.recordOutput?.(output) ?? null),
      keys,
      error: failure?.detail,
    }),
  );
  if (failure !== undefined) throw failure;
  return output as Output;
}

/** A request that reached no operation: refused by a wire before or at authentication, or not understood. */
export interface Refusal {
  readonly caller: RequestContext | AnonymousCaller;
  readonly eventSource?: string;
  readonly eventName: string;
  readonly error: ErrorDetail;
}

/**
 * Records a request that no operation ran for.
 *
 * @throws ServiceError AuditUnavailable
 */
export async function recordRefusal(core: Core, refusal: Refusal): Promise<void> {
  await core.audit.append(
    auditEventJson({
      caller: refusal.caller,
      account: core.account,
      eventSource: refusal.eventSource ?? kmsEventSource,
      eventName: refusal.eventName,
      readOnly: true,
      plane: "control",
      nowMs: core.clock.nowMs(),
      parameters: null,
      response: null,
      keys: [],
      error: refusal.error,
    }),
  );
}

/** Any error as the one that a wire may answer with; what is unexpected becomes Internal and is told to the operator. */
export function asServiceError(core: Core, error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof StoreConflict) {
    return ServiceError.of("Conflict", { reason: "Another request changed the same resource. Try again." }, error);
  }
  const errorId = randomId();
  core.reportBug(errorId, error);
  return ServiceError.of("Internal", { errorId }, error);
}

function refuseWithoutAudit(core: Core): void {
  const health = core.audit.health();
  if (!health.writable)
    throw ServiceError.of("AuditUnavailable", { reason: health.reason ?? "The audit log cannot be written." });
}

async function attempt<Input, Output>(
  core: Core,
  operation: Operation<Input, Output>,
  input: Input,
  request: RequestContext,
  keys: KeyEntry[],
  nowMs: number,
): Promise<Output> {
  if (request.grantTokens !== undefined && request.grantTokens.length > 0) {
    throw ServiceError.of("GrantTokenInvalid", {});
  }
  const conditions = operation.conditions?.(input);
  for (let attemptNumber = 1; ; attemptNumber += 1) {
    keys.length = 0;
    for (const demand of operation.keys) {
      const admitted = admit({
        core,
        action: demand.action,
        target: demand.target(input),
        request,
        conditions: demand.conditions?.(input) ?? conditions,
        nowMs,
      });
      keys.push(admitted instanceof Promise ? await admitted : admitted);
    }
    if (operation.resources !== undefined) {
      for (const { action, resource } of operation.resources(input, request)) {
        authorize({ request, action, resource, key: undefined, conditions, nowMs });
      }
    }
    for (let index = 0; index < keys.length; index += 1) {
      checkState(keys[index]!, operation.keys[index]!, operation.name, request);
    }
    if (request.dryRun === true) throw ServiceError.of("DryRun", {});
    try {
      return await operation.run({ core, request, input, keys, nowMs });
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "stale" || attemptNumber === maxAttempts) throw error;
    }
  }
}

import { randomId } from "@coffer/crypto";
import { type AnonymousCaller, auditEventJson } from "../audit/event.ts";
import type { Core } from "../core.ts";
import { type ErrorDetail, ServiceError } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { trackedOperations } from "../model/key-usage.ts";
import type { RequestContext } from "../model/request.ts";
import { StoreConflict } from "../ports/store.ts";
import { askVaultAcl, needsVaultAcl } from "./ask-vault-acl.ts";
import { type Invocation, isStale, runAgain, runOnce } from "./attempt.ts";
import { type AttestedRecipient, verifyRecipient } from "./attested-recipient.ts";
import { type DecisionRecord, PolicyDenial } from "./decision.ts";
import type { Operation } from "./operation.ts";
import { recordedChange } from "./recorded-change.ts";
import { refuseNul } from "./refuse-nul.ts";

const kmsEventSource = "kms.amazonaws.com";

/**
 * Runs one operation: find keys, authorize, check state and usage, run, audit. Every call leaves one audit record,
 * durable before this returns or throws.
 *
 * @throws ServiceError of any code; a bug becomes Internal with an error id
 */
export async function execute<Input, Output>(
  core: Core,
  operation: Operation<Input, Output>,
  input: Input,
  context: RequestContext,
): Promise<Output> {
  let request = context;
  const nowMs = core.clock.nowMs();
  const keys: KeyEntry[] = [];
  const decisions: DecisionRecord[] = [];
  const grants: string[] = [];
  let parameters: Readonly<Record<string, unknown>> | null = null;
  let recipient: AttestedRecipient | undefined;
  let output: Output | undefined;
  let failure: ServiceError | undefined;
  const eventId = randomId();
  const describe = (response: Readonly<Record<string, unknown>> | null, error?: ErrorDetail): string =>
    auditEventJson({
      eventId,
      caller: request,
      account: core.account,
      eventSource: operation.eventSource ?? kmsEventSource,
      eventName: request.eventName ?? operation.name,
      readOnly: operation.readOnly,
      nowMs,
      parameters,
      response,
      keys,
      decisions,
      grants,
      recipient: recipient?.record,
      error,
    });
  const change = operation.readOnly ? undefined : recordedChange(core, () => ({ eventId, eventJson: describe(null) }));
  try {
    parameters = operation.record(input);
    refuseNul(input);
    refuseWithoutAudit(core);
    if (!core.unrecorded.isEmpty) await core.unrecorded.write();
    // Before anything is looked up: a document that fails tells nothing of any key, and conditions need it.
    if (request.recipient !== undefined) {
      recipient = await verifyRecipient(core, operation, request.recipient, nowMs);
    }
    if (needsVaultAcl(request)) {
      const answer = await askVaultAcl(core, operation, input, request, nowMs);
      request = answer.request;
      if (answer.refusal !== undefined) throw answer.refusal;
    }
    const invocation: Invocation<Input, Output> = {
      core: change?.core ?? core,
      operation,
      input,
      request,
      keys,
      decisions,
      grants,
      nowMs,
      recipient,
    };
    try {
      output = await runOnce(invocation);
    } catch (error) {
      if (!isStale(error)) throw error;
      output = await runAgain(invocation);
    }
  } catch (error) {
    failure = asServiceError(core, error);
    if (failure.cause instanceof PolicyDenial) decisions.push(failure.cause.record);
  }
  let event: string | undefined;
  try {
    event = describe(output === undefined ? null : (operation.recordOutput?.(output) ?? null), failure?.detail);
    await core.audit.append(event);
    if (change?.isMade() === true) core.unrecorded.settle(eventId);
  } catch (error) {
    if (output !== undefined) operation.wipe?.(output);
    if (change?.isMade() === true && event !== undefined) core.unrecorded.add({ eventId, eventJson: event });
    throw asServiceError(core, error);
  }
  if (failure !== undefined) throw failure;
  const use = trackedOperations.get(operation.name);
  if (use !== undefined) noteUsage(core, use, keys, nowMs, eventId, request);
  return output as Output;
}

/** A use that was answered counts: one that failed, or could not be recorded, did not happen. */
function noteUsage(
  core: Core,
  operation: string,
  keys: readonly KeyEntry[],
  usedAtMs: number,
  eventId: string,
  { requestId }: RequestContext,
): void {
  for (const { arn, record } of keys) {
    const { region, keyId } = record;
    core.keyUsages.note(arn, { region, keyId, operation, usedAtMs, eventId, requestId });
  }
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
      nowMs: core.clock.nowMs(),
      parameters: null,
      response: null,
      keys: [],
      error: refusal.error,
    }),
  );
}

/** Any error as the one that a wire may answer with; what is unexpected becomes Internal and is told to the operator. */
export function asServiceError(core: Pick<Core, "reportBug" | "lookAtHealth">, error: unknown): ServiceError {
  if (error instanceof ServiceError) {
    if (error.code === "AuditUnavailable" || error.code === "StoreUnavailable") core.lookAtHealth();
    return error;
  }
  if (error instanceof StoreConflict) {
    return ServiceError.of("Conflict", { reason: "Another request changed the same resource. Try again." }, error);
  }
  const errorId = randomId();
  core.reportBug(errorId, error);
  return ServiceError.of("Internal", { errorId }, error);
}

function refuseWithoutAudit(core: Core): void {
  const { writable, reason } = core.audit.health();
  if (writable) return;
  throw ServiceError.of("AuditUnavailable", { reason: reason ?? "The audit log cannot be written." });
}

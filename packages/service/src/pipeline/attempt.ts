import type { Core } from "../core.ts";
import { invariant, ServiceError } from "../errors.ts";
import { parseGrantToken } from "../grants/grant-token.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { limits } from "../limits.ts";
import type { RequestContext } from "../model/request.ts";
import { StoreConflict } from "../ports/store.ts";
import type { AttestedRecipient } from "./attested-recipient.ts";
import { authorize } from "./authorize.ts";
import { authorizeKey } from "./authorize-key.ts";
import { checkOrigin, checkState } from "./check-state.ts";
import type { DecisionRecord } from "./decision.ts";
import { callersReference, locate } from "./locate.ts";
import type { Call, KeyDemand, KeyTarget, Operation, OperationConditions } from "./operation.ts";

/** How often an operation runs anew after another one changed the same row meanwhile. */
const maxAttempts = 8;

/** One call of an operation, not authorized yet. */
export interface Invocation<Input, Output> {
  readonly core: Core;
  readonly operation: Operation<Input, Output>;
  readonly input: Input;
  readonly request: RequestContext;
  /** Filled with the operation's keys as they are found, for the audit record. */
  readonly keys: KeyEntry[];
  /** Filled with what allowed it, for the audit record. */
  readonly decisions: DecisionRecord[];
  /** Filled with the ids of the grants that allow it, for the audit record. */
  readonly grants: string[];
  readonly nowMs: number;
  /** Of a request that has a recipient; its document is verified. */
  readonly recipient: AttestedRecipient | undefined;
}

/** Whether an operation that failed so may be run again: another one changed the same row meanwhile. */
export function isStale(error: unknown): boolean {
  return error instanceof StoreConflict && error.kind === "stale";
}

/**
 * Runs an operation again, on the new state, after its commit lost a race. Those that lost one go one after the other,
 * so that of many changes of one key at once each gets through.
 *
 * @throws ServiceError, StoreConflict, and whatever a bug throws
 */
export async function runAgain<Input, Output>(invocation: Invocation<Input, Output>): Promise<Output> {
  const { core, operation, keys } = invocation;
  const name = keys.length === 0 ? operation.name : keys.map(({ arn }) => arn).join();
  return core.turns.take(name, async () => {
    for (let attempt = 2; ; attempt += 1) {
      try {
        return await runOnce(invocation, false);
      } catch (error) {
        if (!isStale(error) || attempt === maxAttempts) throw error;
      }
    }
  });
}

/**
 * Finds the keys, authorizes, checks and runs.
 *
 * @param isFirst the first attempt of a request counts against its quotas
 * @throws ServiceError, StoreConflict, and whatever a bug throws
 */
export async function runOnce<Input, Output>(invocation: Invocation<Input, Output>, isFirst = true): Promise<Output> {
  const { core, operation, input, request, keys, grants, decisions, nowMs, recipient } = invocation;
  if (request.grantTokens !== undefined) checkGrantTokens(core, request.grantTokens);
  if (operation.instanceWide === true) requireOwnAccount(core, operation, request);
  keys.length = 0;
  grants.length = 0;
  decisions.length = 0;
  const targets: KeyTarget[] = [];
  for (const demand of operation.keys) {
    const target = demand.target(input, core);
    const located = locate(core, demand.action, target, request);
    targets.push(target);
    keys.push(located instanceof Promise ? await located : located);
  }
  if (core.requestQuotas !== undefined && isFirst) core.requestQuotas.take(operation, input, keys, request, nowMs);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index]!;
    // Most operations have none, and must not wait for a turn of the event loop.
    const stored =
      operation.storedConditions === undefined ? undefined : await operation.storedConditions(core, key, nowMs);
    const admitted = admit(invocation, operation.keys[index]!, targets[index]!, key, stored);
    if (admitted !== undefined) await admitted;
  }
  if (operation.resources !== undefined) {
    const conditions = conditionsOf(operation.conditions, input);
    for (const { action, resource, region } of operation.resources(input, request)) {
      const asked = region === undefined ? request : { ...request, region };
      authorize({ request: asked, action, resource, key: undefined, conditions, nowMs, recipient, decisions });
    }
  }
  for (let index = 0; index < keys.length; index += 1) {
    checkOrigin(keys[index]!, operation.keys[index]!, operation);
    checkState(keys[index]!, operation.keys[index]!, operation.name, input, request, nowMs);
  }
  const call = { core, request, input, keys, nowMs, grants, decisions };
  if (operation.check !== undefined) await operation.check(call);
  if (request.dryRun === true) await rehearse(operation, call);
  const result = operation.run(call);
  const output = result instanceof Promise ? await result : result;
  return recipient === undefined ? output : sealOutput(operation, output, recipient);
}

/**
 * Ends a dry run. What uses keys changes nothing, so it is done for its refusals, such as that of a wrong ciphertext, and
 * its output is wiped; what changes something is not.
 *
 * @throws ServiceError DryRun, or what the operation itself refuses
 */
async function rehearse<Input, Output>(operation: Operation<Input, Output>, call: Call<Input>): Promise<never> {
  if (operation.plane === "data" && call.request.dryRunIgnoresCiphertext !== true) {
    const output = await operation.run(call);
    operation.wipe?.(output);
  }
  throw ServiceError.of("DryRun", {});
}

/** Nothing of an output goes to anybody but its recipient. */
function sealOutput<Input, Output>(
  { name, forRecipient }: Operation<Input, Output>,
  output: Output,
  { seal }: AttestedRecipient,
): Output {
  invariant(forRecipient !== undefined, `${name} answers to recipients`);
  return forRecipient(output, seal);
}

/** @throws ServiceError AccessDenied; IncorrectKey when the ciphertext is of another key than the one that was named */
function admit<Input, Output>(
  { core, operation, input, request, keys, grants, decisions, nowMs, recipient }: Invocation<Input, Output>,
  demand: KeyDemand<Input>,
  target: KeyTarget,
  key: KeyEntry,
  storedConditions: OperationConditions | undefined,
): void | Promise<void> {
  if (demand.authorizedByCheck === true) return undefined;
  const reference = callersReference(target);
  const { delegation } = demand;
  const question = {
    request,
    action: demand.action,
    key,
    keys,
    resource: key.arn,
    reference,
    conditions: conditionsOf(demand.conditions ?? operation.conditions, input),
    nowMs,
    recipient,
    storedConditions,
    hideKey: reference === undefined,
    decisions,
    delegation: delegation === undefined ? undefined : () => delegation(input),
  };
  const authorized = authorizeKey(core, question, grants);
  if (authorized !== undefined) return authorized.then(() => checkIsExpected(target, key));
  return checkIsExpected(target, key);
}

/** @throws ServiceError IncorrectKey when a ciphertext is of another key than the one that was named */
function checkIsExpected(target: KeyTarget, { record }: KeyEntry): void {
  if (target.by === "ciphertext" && target.keyId !== record.keyId) throw ServiceError.of("IncorrectKey", {});
}

/**
 * Grants hold at once, so a token adds nothing to them; but one that this server did not make is refused (AWS KMS
 * developer guide: using a grant token).
 *
 * @throws ServiceError GrantTokenInvalid
 */
function checkGrantTokens(core: Core, tokens: readonly string[]): void {
  if (tokens.length > limits.grantTokens.value) throw ServiceError.of("GrantTokenInvalid", {});
  for (const token of tokens) parseGrantToken(core.grantTokenKey, token);
}

function conditionsOf<Input, Conditions>(
  conditions: ((input: Input) => Conditions) | undefined,
  input: Input,
): (() => Conditions) | undefined {
  return conditions === undefined ? undefined : () => conditions(input);
}

function requireOwnAccount<Input, Output>(
  core: Core,
  operation: Operation<Input, Output>,
  { principal }: RequestContext,
): void {
  if (principal.account === core.account) return;
  throw ServiceError.of("AccessDenied", {
    principalArn: principal.arn,
    action: `coffer:${operation.name}`,
    resource: "*",
    basis: "implicitDeny",
    source: "resource",
  });
}

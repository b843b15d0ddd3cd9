import {
  findVaultRemedy,
  type RemedySubject,
  type VaultAclReason,
  type VaultAclRule,
  type VaultRemedy,
} from "@coffer/policy";
import { ServiceError } from "../../errors.ts";
import type { VaultDecisionRecord } from "../../model/request.ts";
import type { DecisionRecord } from "../../pipeline/decision.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { AuditLog } from "../../ports/audit.ts";
import { checkRange } from "../checks.ts";
import { type RecordedEvent, readRecordedEvent } from "./recorded-event.ts";
import { type ToldRemedy, tellRemedies } from "./tell-remedies.ts";

export interface ExplainRequestInput {
  /** The id that the answer to the request carried. */
  readonly requestId: string;
  /** Looks at older records than this one; the newest when absent. */
  readonly before?: number | undefined;
}

/** A decision of the audit record, with what would have allowed what it refused. */
export interface ToldDecision extends Omit<DecisionRecord, "remedies"> {
  readonly resource: string;
  readonly remedies: readonly ToldRemedy[];
}

/** What ACL policies said, with the least that would have allowed it. */
export interface ToldVaultDecision extends VaultDecisionRecord {
  readonly remedy?: VaultRemedy;
}

/** One audit record of the request. */
export interface ToldEvent
  extends Omit<RecordedEvent, "decisions" | "encryptionContexts" | "principalKind" | "roleArn" | "vaultAcl"> {
  readonly decisions: readonly ToldDecision[];
  readonly vaultAcl?: ToldVaultDecision;
}

export interface ExplainRequestOutput {
  /** The request's records among those that were looked at; a request may leave several. */
  readonly events: readonly ToldEvent[];
  /** Where to go on when nothing was found: the next call's `before`. Absent when there are no older records. */
  readonly before?: number;
}

const requestIdForm = /^[\w-]{1,128}$/;
/** Records that one call looks at, so that none takes long; whoever asks goes on from there. */
const windowRecords = 2000;
const pageRecords = 1000;

/**
 * Says what was decided on a past request, by the audit trail: allowed or denied, by which statement or grant, what the
 * closest statements lacked, and the least that would have allowed it. Takes the permission to read the trail.
 */
export const explainRequest = defineOperation<ExplainRequestInput, ExplainRequestOutput>({
  name: "ExplainRequest",
  plane: "control",
  readOnly: true,
  eventSource: "cloudtrail.amazonaws.com",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "cloudtrail:LookupEvents", resource: "*" }],
  record: ({ requestId, before }) => ({ explainedRequestId: requestId, before }),
  async run({ core, input }) {
    const { requestId } = input;
    if (!requestIdForm.test(requestId)) {
      const reason = "The request id must be letters, digits, '-' and '_'.";
      throw ServiceError.of("InvalidInput", { kind: "validation", member: "requestId", reason });
    }
    const newest = core.audit.lastSequence();
    const before = input.before ?? newest + 1;
    checkRange(before, "before", 1, Number.MAX_SAFE_INTEGER);
    const last = Math.min(newest, before - 1);
    const after = Math.max(0, last - windowRecords);
    const events = (await findEvents(core.audit, requestId, after, last)).map(tellEvent);
    return events.length > 0 || after === 0 ? { events } : { events, before: after + 1 };
  },
});

/** The records of a request behind sequence number `after`, up to `last`. */
async function findEvents(audit: AuditLog, requestId: string, after: number, last: number): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  // Spares parsing nearly all lines; a caller's own words may hold it too, so that what is found is looked at again.
  const needle = `"requestID":${JSON.stringify(requestId)}`;
  for (let position = after; position < last; ) {
    const lines = await audit.read(position, Math.min(pageRecords, last - position));
    if (lines.length === 0) break;
    for (const line of lines) {
      const event = line.includes(needle) ? readRecordedEvent(line) : undefined;
      if (event?.requestId === requestId) events.push(event);
    }
    position += lines.length;
  }
  return events;
}

function tellVaultAcl(acl: VaultDecisionRecord): ToldVaultDecision {
  const { reason, rules, ...rest } = acl;
  // The trail has what the ACL said, in its own words.
  const refusal = { ...rest, reason: reason as VaultAclReason, rules: rules as VaultAclRule[] };
  const remedy = acl.allowed ? undefined : findVaultRemedy(refusal);
  return remedy === undefined ? acl : { ...acl, remedy };
}

function tellEvent(recorded: RecordedEvent): ToldEvent {
  const { decisions, encryptionContexts, principalKind, roleArn, vaultAcl, ...event } = recorded;
  return {
    ...event,
    ...(vaultAcl === undefined ? {} : { vaultAcl: tellVaultAcl(vaultAcl) }),
    decisions: decisions.map(({ remedies = [], ...decision }, at) => {
      const resource = decision.resource ?? event.resources[at] ?? "*";
      const context = encryptionContexts.get(decision.action) ?? encryptionContexts.get("*");
      const subject: RemedySubject = {
        principal: { arn: event.principal ?? "", kind: principalKind, ...(roleArn === undefined ? {} : { roleArn }) },
        action: decision.action,
        resource,
        ...(context === undefined ? {} : { encryptionContext: context }),
      };
      return { ...decision, resource, remedies: tellRemedies(remedies, subject) };
    }),
  };
}

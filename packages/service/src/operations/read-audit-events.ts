import { limits } from "../limits.ts";
import { defineOperation } from "../pipeline/operation.ts";
import { checkRange } from "./checks.ts";

export interface ReadAuditEventsInput {
  /** Records behind this sequence number. */
  readonly after: number;
  /** 1 to 1000. */
  readonly limit: number;
}

export interface ReadAuditEventsOutput {
  /** Stored lines, oldest first. */
  readonly lines: readonly string[];
  /** The newest durable sequence number. */
  readonly last: number;
}

/** Reads the audit trail: `cloudtrail:LookupEvents`. */
export const readAuditEvents = defineOperation<ReadAuditEventsInput, ReadAuditEventsOutput>({
  name: "LookupEvents",
  plane: "control",
  readOnly: true,
  eventSource: "cloudtrail.amazonaws.com",
  instanceWide: true,
  keys: [],
  resources: () => [{ action: "cloudtrail:LookupEvents", resource: "*" }],
  record: ({ after, limit }) => ({ after, limit }),
  async run({ core, input }) {
    checkRange(input.limit, "limit", 1, limits.pageItems.value);
    checkRange(input.after, "after", 0, Number.MAX_SAFE_INTEGER);
    const lines = await core.audit.read(input.after, input.limit);
    return { lines, last: core.audit.lastSequence() };
  },
});

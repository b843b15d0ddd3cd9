import { randomId } from "@coffer/crypto";
import type { ErrorDetail } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { Principal } from "../model/principal.ts";
import type { RequestContext, Wire } from "../model/request.ts";

/** Who is recorded when nobody could be authenticated. */
export interface AnonymousCaller {
  readonly requestId: string;
  readonly wire: Wire;
  readonly principal?: undefined;
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly eventName?: string;
  readonly path?: string;
}

/** What one audit record says. */
export interface AuditFacts {
  readonly caller: RequestContext | AnonymousCaller;
  readonly account: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: boolean;
  readonly plane: "data" | "control";
  readonly nowMs: number;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly response: Readonly<Record<string, unknown>> | null;
  readonly keys: readonly KeyEntry[];
  readonly error?: ErrorDetail | undefined;
}

const identityTypes = { root: "Root", user: "IAMUser", role: "Role" } as const;

function userIdentity(principal: Principal | undefined): Readonly<Record<string, unknown>> {
  if (principal === undefined) return { type: "Unknown" };
  return {
    type: identityTypes[principal.kind],
    principalId: principal.principalId,
    arn: principal.arn,
    accountId: principal.account,
    accessKeyId: principal.accessKeyId,
    userName: principal.kind === "user" ? principal.name : undefined,
  };
}

/**
 * Writes an audit record as one line of JSON in CloudTrail's shape (CloudTrail user guide: record contents for management
 * and data events). Error parameters are public-safe by construction.
 */
export function auditEventJson(facts: AuditFacts): string {
  const { caller, error } = facts;
  const { principal } = caller;
  const event = {
    eventVersion: "1.11",
    userIdentity: userIdentity(principal),
    eventTime: `${new Date(facts.nowMs).toISOString().slice(0, 19)}Z`,
    eventSource: facts.eventSource,
    eventName: facts.eventName,
    awsRegion: caller.region,
    sourceIPAddress: caller.sourceIp,
    userAgent: caller.userAgent,
    errorCode: error?.code,
    errorMessage: error === undefined ? undefined : JSON.stringify(error.params),
    requestParameters: facts.parameters,
    responseElements: facts.response,
    additionalEventData: {
      wire: caller.wire,
      path: caller.path,
      tokenAccessor: principal?.token?.accessor,
    },
    requestID: caller.requestId,
    eventID: randomId(),
    readOnly: facts.readOnly,
    resources: facts.keys.map((key) => ({ accountId: key.record.account, type: "AWS::KMS::Key", ARN: key.arn })),
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: facts.keys[0]?.record.account ?? principal?.account ?? facts.account,
    eventCategory: "Management",
  };
  return JSON.stringify(event);
}

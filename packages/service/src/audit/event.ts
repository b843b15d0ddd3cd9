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

/** What a principal or a key is in every record of theirs, written once. */
const identities = new WeakMap<Principal, string>();
const resources = new WeakMap<KeyEntry, string>();
const quote = JSON.stringify as (text: string) => string;

function identityJson(principal: Principal | undefined): string {
  if (principal === undefined) return '{"type":"Unknown"}';
  let json = identities.get(principal);
  if (json === undefined) {
    json = JSON.stringify({
      type: identityTypes[principal.kind],
      principalId: principal.principalId,
      arn: principal.arn,
      accountId: principal.account,
      accessKeyId: principal.accessKeyId,
      userName: principal.kind === "user" ? principal.name : undefined,
    });
    identities.set(principal, json);
  }
  return json;
}

function resourceJson(key: KeyEntry): string {
  let json = resources.get(key);
  if (json === undefined) {
    json = JSON.stringify({ accountId: key.record.account, type: "AWS::KMS::Key", ARN: key.arn });
    resources.set(key, json);
  }
  return json;
}

function resourcesJson(keys: readonly KeyEntry[]): string {
  if (keys.length === 0) return "[]";
  return keys.length === 1 ? `[${resourceJson(keys[0]!)}]` : `[${keys.map(resourceJson).join(",")}]`;
}

let lastSecond = Number.NaN;
let lastTime = "";

/** `2026-01-01T00:00:00Z`; written once a second. */
function eventTime(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastTime = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastTime;
}

/**
 * Writes an audit record as one line of JSON in CloudTrail's shape (CloudTrail user guide: record contents for management
 * and data events). Error parameters are public-safe by construction. It is put together from parts that stay the same,
 * because every request writes one.
 */
export function auditEventJson(facts: AuditFacts): string {
  const { caller, error } = facts;
  const { principal } = caller;
  const failure =
    error === undefined ? "" : `,"errorCode":"${error.code}","errorMessage":${quote(JSON.stringify(error.params))}`;
  const path = caller.path === undefined ? "" : `,"path":${quote(caller.path)}`;
  const accessor = principal?.token?.accessor;
  const token = accessor === undefined ? "" : `,"tokenAccessor":${quote(accessor)}`;
  const recipient = facts.keys[0]?.record.account ?? principal?.account ?? facts.account;
  return (
    `{"eventVersion":"1.11","userIdentity":${identityJson(principal)},"eventTime":"${eventTime(facts.nowMs)}",` +
    `"eventSource":"${facts.eventSource}","eventName":${quote(facts.eventName)},"awsRegion":${quote(caller.region)},` +
    `"sourceIPAddress":${quote(caller.sourceIp)},"userAgent":${quote(caller.userAgent)}${failure},` +
    `"requestParameters":${JSON.stringify(facts.parameters)},"responseElements":${JSON.stringify(facts.response)},` +
    `"additionalEventData":{"wire":"${caller.wire}"${path}${token}},"requestID":"${caller.requestId}",` +
    `"eventID":"${randomId()}","readOnly":${facts.readOnly},"resources":${resourcesJson(facts.keys)},` +
    `"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"${recipient}","eventCategory":"Management"}`
  );
}

import { randomId } from "@coffer/crypto";
import type { ErrorDetail } from "../errors.ts";
import type { KeyEntry } from "../keys/key-entry.ts";
import { keyArn } from "../model/arn.ts";
import type { KeyRecord } from "../model/key.ts";
import type { Principal, PrincipalSession } from "../model/principal.ts";
import type { RequestContext, Wire } from "../model/request.ts";
import type { DecisionRecord } from "../pipeline/decision.ts";
import { auditErrorWords } from "./error-words.ts";
import { redactTokens, redactTokensInUrl } from "./redact-tokens.ts";

/** Who is recorded when nobody could be authenticated. */
export interface AnonymousCaller {
  readonly requestId: string;
  readonly wire: Wire;
  readonly principal?: undefined;
  readonly region: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly secureTransport: boolean;
  readonly eventName?: string;
  readonly path?: string;
}

/** What the audit record of a request says. */
export interface AuditFacts {
  /** A UUID; a new one when absent. */
  readonly eventId?: string;
  readonly caller: RequestContext | AnonymousCaller;
  /** The account of the instance, for requests of nobody. */
  readonly account: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly readOnly: boolean;
  readonly nowMs: number;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly response: Readonly<Record<string, unknown>> | null;
  readonly keys: readonly KeyEntry[];
  /** What the policies decided, action by action. */
  readonly decisions?: readonly DecisionRecord[];
  /** Ids of the grants that allowed the request. */
  readonly grants?: readonly string[] | undefined;
  /** What a verified attestation document said. */
  readonly recipient?: Readonly<Record<string, string>> | undefined;
  readonly error?: ErrorDetail | undefined;
}

/** What the audit record of something that the server did on its own says. */
export interface ServiceEventFacts {
  /** A UUID. */
  readonly eventId: string;
  readonly eventName: string;
  readonly nowMs: number;
  readonly key: KeyRecord;
  readonly details: Readonly<Record<string, unknown>>;
}

const eventVersion = "1.11";
/** More of a request's parameters, or of its answer, is left out (CloudTrail: 100 KB a field). */
const maxMemberChars = 100 * 1024;

const identityTypes = {
  root: "Root",
  user: "IAMUser",
  role: "Role",
  "assumed-role": "AssumedRole",
  federated: "WebIdentityUser",
  vault: "FederatedUser",
} as const;

/** Principals are cached, so what is recorded of them is written once. */
const identities = new WeakMap<Principal, string>();

function userIdentity(principal: Principal | undefined): string {
  if (principal === undefined) return '{"type":"Unknown"}';
  let json = identities.get(principal);
  if (json === undefined) {
    json = JSON.stringify({
      type: identityTypes[principal.kind],
      principalId: principal.principalId,
      arn: principal.arn,
      accountId: principal.account,
      accessKeyId: principal.accessKeyId,
      userName: principal.kind === "user" || principal.kind === "federated" ? principal.name : undefined,
      identityProvider: principal.kind === "federated" ? principal.arn : undefined,
      sessionContext: principal.session === undefined ? undefined : sessionContext(principal, principal.session),
    });
    identities.set(principal, json);
  }
  return json;
}

/** A caller whose request came through a service, with that service: `secretsmanager.amazonaws.com`. */
function invokedBy(identity: string, caller: AuditFacts["caller"]): string {
  if (!("viaService" in caller) || caller.viaService === undefined) return identity;
  const service = caller.viaService.slice(0, caller.viaService.indexOf("."));
  return `${identity.slice(0, -1)},"invokedBy":${quote(`${service}.amazonaws.com`)}}`;
}

function sessionContext(principal: Principal, session: PrincipalSession) {
  const { account, name, roleArn, principalId } = principal;
  const { issuedAtMs, sourceIdentity, federatedProvider } = session;
  return {
    sessionIssuer:
      roleArn === undefined
        ? undefined
        : {
            type: "Role",
            principalId: principalId.slice(0, principalId.indexOf(":")),
            arn: roleArn,
            accountId: account,
            userName: name,
          },
    webIdFederationData: federatedProvider === undefined ? undefined : { federatedProvider, attributes: {} },
    attributes: { creationDate: `${new Date(issuedAtMs).toISOString().slice(0, 19)}Z`, mfaAuthenticated: "false" },
    sourceIdentity,
  };
}

/**
 * Writes the audit record of a request as one line of JSON in CloudTrail's shape (CloudTrail user guide: record contents
 * for management, data, and network activity events).
 */
export function auditEventJson(facts: AuditFacts): string {
  const { caller, keys, error } = facts;
  const { principal } = caller;
  const when = `"eventTime":"${eventTime(facts.nowMs)}","eventSource":${quote(facts.eventSource)}`;
  const what = `"eventName":${quote(facts.eventName)},"awsRegion":${quote(caller.region)}`;
  const from = `"sourceIPAddress":${quote(caller.sourceIp)},"userAgent":${quote(redactTokens(caller.userAgent))}`;
  const failed = error === undefined ? "" : `,${failureMembers(error)}`;
  const additional = `"additionalEventData":${additionalData(facts)}`;
  const request = `"requestID":${quote(caller.requestId)},"eventID":"${facts.eventId ?? randomId()}","readOnly":${facts.readOnly}`;
  const about = `"resources":[${resourcesJson(keys)}],"eventType":"AwsApiCall","managementEvent":true`;
  const account = quote(principal?.account ?? facts.account);
  const tail = `${about},"recipientAccountId":${account},"eventCategory":"Management"}`;
  const identity = `{"eventVersion":"${eventVersion}","userIdentity":${invokedBy(userIdentity(principal), caller)}`;
  const members = `"requestParameters":${member(facts.parameters)},"responseElements":${member(facts.response)}`;
  return `${identity},${when},${what},${from}${failed},${members},${additional},${request},${tail}`;
}

/**
 * Writes the audit record of what the server did on its own (CloudTrail user guide: AWS service events; AWS KMS developer
 * guide: log entries of RotateKey and DeleteKey).
 */
export function serviceEventJson({ eventId, eventName, nowMs, key, details }: ServiceEventFacts): string {
  const { account, region } = key;
  return JSON.stringify({
    eventVersion,
    userIdentity: { accountId: account, invokedBy: "AWS Internal" },
    eventTime: eventTime(nowMs),
    eventSource: "kms.amazonaws.com",
    eventName,
    awsRegion: region,
    sourceIPAddress: "AWS Internal",
    userAgent: "AWS Internal",
    requestParameters: null,
    responseElements: null,
    eventID: eventId,
    readOnly: false,
    resources: [resourceOf(key)],
    eventType: "AwsServiceEvent",
    recipientAccountId: account,
    serviceEventDetails: details,
    managementEvent: true,
    eventCategory: "Management",
  });
}

let lastSecond = Number.NaN;
let lastTime = "";

function eventTime(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  // Many records fall into one second.
  if (second !== lastSecond) {
    lastTime = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastTime;
}

function failureMembers(error: ErrorDetail): string {
  const { errorCode, errorMessage } = auditErrorWords(error);
  return `"errorCode":${quote(errorCode)},"errorMessage":${quote(redactTokensInUrl(errorMessage))}`;
}

/** A string as JSON; one whole record at once costs `JSON.stringify` several times as much. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function additionalData({ caller, recipient, decisions = [], grants = [] }: AuditFacts): string {
  const { wire, path, principal } = caller;
  const accessor = principal?.token?.accessor;
  const shownPath = path === undefined ? "" : `,"path":${quote(redactTokensInUrl(path))}`;
  const shownAccessor = accessor === undefined ? "" : `,"tokenAccessor":${quote(accessor)}`;
  const shownRecipient = recipient === undefined ? "" : `,"recipient":${JSON.stringify(recipient)}`;
  const shownDecisions = decisions.length === 0 ? "" : `,"authorization":${redactTokens(JSON.stringify(decisions))}`;
  // AWS has one: `grantId`. Two keys of one request may each be used by a grant of its own.
  const shownGrant = grants.length === 0 ? "" : `,"grantId":${quote(grants[0]!)}`;
  const shownGrants = grants.length < 2 ? "" : `,"grantIds":${JSON.stringify(grants)}`;
  const vault = "vault" in caller ? caller.vault?.decision : undefined;
  const shownVault = vault === undefined ? "" : `,"vaultAcl":${redactTokens(JSON.stringify(vault))}`;
  const shownUse = `${shownVault}${shownRecipient}${shownGrant}${shownGrants}${shownDecisions}`;
  return `{"wire":${quote(wire)}${shownPath}${shownAccessor}${shownUse}}`;
}

/** Key records are cached and never change in place, so what is recorded of them is written once. */
const resources = new WeakMap<KeyRecord, string>();

function resourcesJson(keys: readonly KeyEntry[]): string {
  let json = "";
  for (const { record } of keys) {
    let resource = resources.get(record);
    if (resource === undefined) {
      resource = JSON.stringify(resourceOf(record));
      resources.set(record, resource);
    }
    json = json === "" ? resource : `${json},${resource}`;
  }
  return json;
}

function resourceOf({ account, region, keyId }: KeyRecord) {
  return { accountId: account, type: "AWS::KMS::Key", ARN: keyArn(region, account, keyId) };
}

function member(value: Readonly<Record<string, unknown>> | null): string {
  const json = redactTokens(JSON.stringify(value));
  return json.length <= maxMemberChars ? json : `{"omittedChars":${json.length}}`;
}

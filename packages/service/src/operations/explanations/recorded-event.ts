import type { PolicyPrincipal } from "@coffer/policy";
import type { VaultDecisionRecord } from "../../model/request.ts";
import type { DecisionRecord } from "../../pipeline/decision.ts";

/** What an explanation needs of an audit record. */
export interface RecordedEvent {
  readonly requestId: string;
  readonly eventTime: string;
  readonly eventName: string;
  /** `aws`, `vault`, `rest`, ... */
  readonly wire?: string;
  /** ARN of the caller; absent when nobody could be authenticated. */
  readonly principal?: string;
  readonly principalKind: PolicyPrincipal["kind"];
  /** The role of a session. */
  readonly roleArn?: string;
  readonly sourceIpAddress: string;
  /** Absent when the request was done. */
  readonly errorCode?: string;
  readonly errorMessage?: string;
  /** ARNs of the keys. */
  readonly resources: readonly string[];
  readonly decisions: readonly DecisionRecord[];
  /** What the ACL policies of a token of the Vault API said. */
  readonly vaultAcl?: VaultDecisionRecord;
  /** By action; `*` for all others. */
  readonly encryptionContexts: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

type Json = Readonly<Record<string, unknown>>;

const kinds: ReadonlyMap<unknown, PolicyPrincipal["kind"]> = new Map<unknown, PolicyPrincipal["kind"]>([
  ["Root", "root"],
  ["IAMUser", "user"],
  ["Role", "role"],
  ["AssumedRole", "assumed-role"],
]);

/** Where the encryption contexts of an operation are recorded. */
const contextMembers: readonly (readonly [action: string, member: string])[] = [
  ["*", "encryptionContext"],
  ["kms:ReEncryptFrom", "sourceEncryptionContext"],
  ["kms:ReEncryptTo", "destinationEncryptionContext"],
];

/** Reads a stored line of the audit trail, which this server wrote itself. */
export function readRecordedEvent(line: string): RecordedEvent {
  const event = JSON.parse(line) as Json;
  const identity = objectOf(event["userIdentity"]);
  const issuer = objectOf(objectOf(identity["sessionContext"])["sessionIssuer"]);
  const additional = objectOf(event["additionalEventData"]);
  const { authorization, vaultAcl } = additional;
  return {
    requestId: String(event["requestID"]),
    eventTime: String(event["eventTime"]),
    eventName: String(event["eventName"]),
    ...textMember("wire", additional["wire"]),
    ...textMember("principal", identity["arn"]),
    principalKind: kinds.get(identity["type"]) ?? "user",
    ...textMember("roleArn", issuer["arn"]),
    sourceIpAddress: String(event["sourceIPAddress"]),
    ...textMember("errorCode", event["errorCode"]),
    ...textMember("errorMessage", event["errorMessage"]),
    resources: listOf(event["resources"]).map((resource) => String(objectOf(resource)["ARN"])),
    decisions: listOf(authorization) as DecisionRecord[],
    ...(typeof vaultAcl === "object" && vaultAcl !== null ? { vaultAcl: vaultAcl as VaultDecisionRecord } : {}),
    encryptionContexts: contextsOf(objectOf(event["requestParameters"])),
  };
}

function contextsOf(parameters: Json): RecordedEvent["encryptionContexts"] {
  const contexts = new Map<string, Readonly<Record<string, string>>>();
  for (const [action, member] of contextMembers) {
    const context = objectOf(parameters[member]);
    if (Object.keys(context).length > 0) contexts.set(action, context as Readonly<Record<string, string>>);
  }
  return contexts;
}

function textMember<Name extends string>(name: Name, value: unknown): { readonly [N in Name]?: string } {
  return typeof value === "string" ? ({ [name]: value } as { readonly [N in Name]?: string }) : {};
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

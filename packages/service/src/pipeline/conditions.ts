import type { ConditionContext } from "@coffer/policy";
import type { KeyEntry } from "../keys/key-entry.ts";
import { parseKeyReference } from "../model/arn.ts";
import { isPrimary, type KeyRecord } from "../model/key.ts";
import type { Principal } from "../model/principal.ts";
import type { RequestContext } from "../model/request.ts";
import type { AttestedRecipient } from "./attested-recipient.ts";
import type { OperationConditions } from "./operation.ts";

/** What a condition key is read from. */
export interface ConditionSource {
  readonly request: RequestContext;
  readonly action: string;
  readonly key: Pick<KeyEntry, "record" | "aliases"> | undefined;
  readonly keys?: readonly KeyEntry[] | undefined;
  readonly nowMs: number;
  /** The caller's own reference, for `kms:RequestAlias`. */
  readonly reference?: string | undefined;
  /** What the operation's input says. */
  readonly conditions?: (() => OperationConditions) | undefined;
  /** Verified: a document that nobody vouches for is never asked. */
  readonly recipient?: AttestedRecipient | undefined;
  /** What the store says. */
  readonly storedConditions?: OperationConditions | undefined;
}

type ConditionReader = (source: ConditionSource) => string | readonly string[] | undefined;

const principalTypes = {
  root: "Account",
  user: "User",
  role: "AssumedRole",
  "assumed-role": "AssumedRole",
  federated: "FederatedUser",
  vault: "FederatedUser",
} as const;

/** Condition keys, lower case (IAM user guide: global condition keys; AWS KMS developer guide: condition keys). */
const readers: ReadonlyMap<string, ConditionReader> = new Map<string, ConditionReader>([
  ["aws:currenttime", ({ nowMs }) => new Date(nowMs).toISOString()],
  ["aws:epochtime", ({ nowMs }) => String(Math.floor(nowMs / 1000))],
  ["aws:principalaccount", ({ request }) => request.principal.account],
  ["aws:federatedprovider", ({ request }) => request.principal.session?.federatedProvider],
  // Only temporary credentials have it, and there is no MFA here. aws:MultiFactorAuthAge comes with MFA alone.
  ["aws:multifactorauthpresent", ({ request }) => (request.principal.session === undefined ? undefined : "false")],
  // For a session it is the role that was assumed, not the session.
  ["aws:principalarn", ({ request }) => request.principal.roleArn ?? request.principal.arn],
  ["aws:principaltype", ({ request }) => principalTypes[request.principal.kind]],
  ["aws:requestedregion", ({ request }) => request.region],
  ["aws:resourceaccount", ({ key }) => key?.record.account],
  ["aws:securetransport", ({ request }) => String(request.secureTransport)],
  ["aws:sourceidentity", ({ request }) => request.principal.session?.sourceIdentity],
  ["aws:sourceip", ({ request }) => request.sourceIp],
  ["aws:tokenissuetime", ({ request }) => issueTime(request.principal)],
  ["aws:useragent", ({ request }) => request.userAgent],
  ["aws:userid", ({ request }) => request.principal.principalId],
  ["aws:username", ({ request }) => (request.principal.kind === "user" ? request.principal.name : undefined)],
  ["aws:viaawsservice", ({ request }) => String(request.viaService !== undefined)],
  ["kms:calleraccount", ({ request }) => request.principal.account],
  ["kms:keyorigin", ({ key }) => key?.record.origin],
  ["kms:keyspec", ({ key }) => key?.record.spec],
  ["kms:keyusage", ({ key }) => key?.record.usage],
  ["kms:multiregion", ({ key }) => (key === undefined ? undefined : String(key.record.keyId.startsWith("mrk-")))],
  ["kms:multiregionkeytype", ({ key }) => multiRegionKeyType(key?.record)],
  ["kms:reencryptonsamekey", onSameKey],
  ["kms:requestalias", ({ reference }) => aliasOf(reference)],
  ["kms:resourcealiases", ({ key }) => key?.aliases],
  ["kms:viaservice", ({ request }) => request.viaService],
]);

function multiRegionKeyType(key: KeyRecord | undefined): string | undefined {
  if (key?.multiRegion === undefined) return undefined;
  return isPrimary(key) ? "PRIMARY" : "REPLICA";
}

function issueTime({ session }: Principal): string | undefined {
  return session === undefined ? undefined : new Date(session.issuedAtMs).toISOString();
}

function aliasOf(reference: string | undefined): string | undefined {
  const parsed = reference === undefined ? undefined : parseKeyReference(reference);
  return parsed?.kind === "alias" ? parsed.name : undefined;
}

/** Only the operation that decrypts with one key and encrypts with another has it. */
function onSameKey({ action, keys }: ConditionSource): string | undefined {
  if (keys === undefined || keys.length !== 2 || !action.startsWith("kms:ReEncrypt")) return undefined;
  return String(keys[0]!.arn === keys[1]!.arn);
}

/** Names that AWS KMS has replaced and still knows (AWS KMS developer guide: condition keys). */
const newerNames: ReadonlyMap<string, string> = new Map([
  ["kms:customermasterkeyspec", "kms:keyspec"],
  ["kms:customermasterkeyusage", "kms:keyusage"],
]);

const resourceTagPrefix = "aws:resourcetag/";
const principalTagPrefix = "aws:principaltag/";

/** Tag keys that differ in case only are one condition key with several values. */
function tagValues(
  tags: readonly { readonly key: string; readonly value: string }[] | undefined,
  tagKey: string,
): readonly string[] | undefined {
  return tags?.filter(({ key }) => key.toLowerCase() === tagKey).map(({ value }) => value);
}

/** The condition keys of one authorization, read only when a policy asks for them. */
export class RequestConditions implements ConditionContext {
  readonly #source: ConditionSource;
  #operation: OperationConditions | undefined;

  constructor(source: ConditionSource) {
    this.#source = source;
  }

  get(key: string): readonly string[] | undefined {
    const asked = key.toLowerCase();
    const name = newerNames.get(asked) ?? asked;
    this.#operation ??= this.#source.conditions?.();
    const own = this.#operation?.get(name);
    if (own !== undefined) return own;
    const stored = this.#source.storedConditions?.get(name);
    if (stored !== undefined) return stored;
    const attested = this.#source.recipient?.conditions.get(name);
    if (attested !== undefined) return attested;
    if (name.startsWith(resourceTagPrefix)) {
      return tagValues(this.#source.key?.record.tags, name.slice(resourceTagPrefix.length));
    }
    if (name.startsWith(principalTagPrefix)) {
      return tagValues(this.#source.request.principal.tags, name.slice(principalTagPrefix.length));
    }
    const value = readers.get(name)?.(this.#source);
    return typeof value === "string" ? [value] : value;
  }
}

import type { ConditionContext } from "@coffer/policy";
import type { KeyEntry } from "../keys/key-entry.ts";
import type { RequestContext } from "../model/request.ts";
import type { OperationConditions } from "./operation.ts";

/** What a condition key is read from. */
interface ConditionSource {
  readonly request: RequestContext;
  readonly key: KeyEntry | undefined;
  readonly nowMs: number;
  /** The caller's own reference, for `kms:RequestAlias`. */
  readonly reference: string | undefined;
}

type ConditionReader = (source: ConditionSource) => string | readonly string[] | undefined;

/** Condition keys, lower case (IAM user guide: global condition keys; AWS KMS developer guide: condition keys). */
const readers: ReadonlyMap<string, ConditionReader> = new Map<string, ConditionReader>([
  ["aws:currenttime", ({ nowMs }) => new Date(nowMs).toISOString()],
  ["aws:epochtime", ({ nowMs }) => String(Math.floor(nowMs / 1000))],
  ["aws:principalaccount", ({ request }) => request.principal.account],
  ["aws:principalarn", ({ request }) => request.principal.arn],
  [
    "aws:principaltype",
    ({ request }) => ({ root: "Account", user: "User", role: "AssumedRole" })[request.principal.kind],
  ],
  ["aws:requestedregion", ({ request }) => request.region],
  ["aws:sourceip", ({ request }) => request.sourceIp],
  ["aws:useragent", ({ request }) => request.userAgent],
  ["aws:userid", ({ request }) => request.principal.principalId],
  ["aws:username", ({ request }) => (request.principal.kind === "user" ? request.principal.name : undefined)],
  ["kms:calleraccount", ({ request }) => request.principal.account],
  ["kms:keyorigin", ({ key }) => key?.record.origin],
  ["kms:keyspec", ({ key }) => key?.record.spec],
  ["kms:keyusage", ({ key }) => key?.record.usage],
  ["kms:multiregion", ({ key }) => (key === undefined ? undefined : String(key.record.keyId.startsWith("mrk-")))],
  ["kms:requestalias", ({ reference }) => aliasOf(reference)],
]);

function aliasOf(reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined;
  if (reference.startsWith("alias/")) return reference;
  const at = reference.indexOf(":alias/");
  return at < 0 ? undefined : reference.slice(at + 1);
}

const resourceTagPrefix = "aws:resourcetag/";

/** The condition keys of one authorization, read only when a policy asks for them. */
export class RequestConditions implements ConditionContext {
  readonly #source: ConditionSource;
  readonly #operation: OperationConditions | undefined;

  constructor(source: ConditionSource, operation: OperationConditions | undefined) {
    this.#source = source;
    this.#operation = operation;
  }

  get(key: string): readonly string[] | undefined {
    const name = key.toLowerCase();
    const own = this.#operation?.get(name);
    if (own !== undefined) return own;
    if (name.startsWith(resourceTagPrefix)) {
      const tagKey = name.slice(resourceTagPrefix.length);
      const tag = this.#source.key?.record.tags.find((candidate) => candidate.key.toLowerCase() === tagKey);
      return tag === undefined ? undefined : [tag.value];
    }
    const value = readers.get(name)?.(this.#source);
    return typeof value === "string" ? [value] : value;
  }
}

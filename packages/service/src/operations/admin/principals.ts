import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { iamArn } from "../../model/arn.ts";
import type { IamTag, PrincipalRecord } from "../../model/principal.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import type { Randomness } from "../../ports/randomness.ts";
import { StoreConflict, type Write } from "../../ports/store.ts";
import { pageLimit } from "../checks.ts";
import { cutPage, parseMarker } from "../page.ts";
import { readTrustPolicy } from "../policies/documents.ts";
import type { Page, PageInput } from "../shared.ts";
import { conditionsOf, tagConditions } from "../sts/session-input.ts";
import { checkTags } from "./iam-tags.ts";
import { checkName, checkPath, freeName, missingPrincipal, principalConditions, takeName } from "./names.ts";
import { PolicyUse } from "./policy-use.ts";

export const adminEventSource = "iam.amazonaws.com";

export interface PrincipalInput {
  readonly kind: "user" | "role";
  /** 1 to 64 of letters, digits and `+=,.@_-` (IAM: names). */
  readonly name: string;
}

export interface CreatePrincipalInput extends PrincipalInput {
  /** Begins and ends with a slash; `/` when absent. */
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  /** Of a role: who may assume it. */
  readonly trustPolicy?: string | undefined;
  readonly maxSessionSeconds?: number | undefined;
  /** A managed policy of the account or of AWS. */
  readonly boundaryArn?: string | undefined;
  readonly tags?: readonly IamTag[] | undefined;
}

export interface DeletePrincipalInput extends PrincipalInput {
  /** As IAM does: refuse while credentials or policies are there, instead of taking them along. */
  readonly strict?: boolean;
}

const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Whether an ARN is that of a role; users, and the root, are the others. */
export function kindOfArn(principalArn: string): "user" | "role" {
  return /^arn:aws:iam::\d{12}:role\//.test(principalArn) ? "role" : "user";
}

/** IAM has an action for users and one for roles. */
export function actionOn(principalArn: string, verb: string, noun: string): string {
  return `iam:${verb}${kindOfArn(principalArn) === "role" ? "Role" : "User"}${noun}`;
}

/** A random id of upper-case base32, as AWS makes them: `AIDA...`, `AKIA...`. */
export function randomAwsId(randomness: Randomness, prefix: string, chars: number): string {
  return prefix + Array.from(randomness.bytes(chars), (byte) => idAlphabet[byte & 31]).join("");
}

/** IAM: CreateUser and CreateRole. */
export const createPrincipal = defineOperation<CreatePrincipalInput, { readonly principal: PrincipalRecord }>({
  name: "CreatePrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  resources: ({ kind, name, path = "/", tags = [] }, { principal }) => {
    const resource = iamArn(principal.account, kind, path, name);
    const noun = kind === "user" ? "User" : "Role";
    return [
      { action: `iam:Create${noun}`, resource },
      ...(tags.length === 0 ? [] : [{ action: `iam:Tag${noun}`, resource }]),
    ];
  },
  conditions: ({ tags = [], boundaryArn }) =>
    conditionsOf([...tagConditions(tags), ["iam:permissionsboundary", boundaryArn]]),
  record: ({ kind, name, path, description, trustPolicy, maxSessionSeconds, boundaryArn, tags }) => ({
    kind,
    name,
    path,
    description,
    assumeRolePolicyDocument: trustPolicy,
    maxSessionDuration: maxSessionSeconds,
    permissionsBoundary: boundaryArn,
    tags,
  }),
  recordOutput: ({ principal }) => ({ arn: principal.arn }),
  async run({ core, input, request, nowMs }) {
    const { kind, name, path = "/", description = "", tags = [] } = input;
    const { trustPolicy, maxSessionSeconds, boundaryArn } = input;
    checkName(name);
    checkPath(path);
    checkTags(tags);
    const { account } = request.principal;
    const trust = trustPolicy === undefined ? {} : await readTrustPolicy(core, trustPolicy, account);
    const row: PrincipalRecord = {
      arn: iamArn(account, kind, path, name),
      account,
      kind,
      name,
      principalId: randomAwsId(core.randomness, kind === "user" ? "AIDA" : "AROA", 16),
      createdAtMs: nowMs,
      revision: 1,
      path,
      description,
      tags,
      ...trust,
      ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }),
      ...(boundaryArn === undefined ? {} : { boundaryArn }),
    };
    const use = new PolicyUse();
    if (boundaryArn !== undefined) use.add(boundaryArn, "boundaryUses", 1);
    const uses = await use.writes(core, request);
    try {
      const taken = takeName(account, kind, name, row.arn);
      await core.commit([taken, { op: "insert", table: "principals", row }, ...uses]);
    } catch (error) {
      if (!(error instanceof StoreConflict) || error.kind !== "exists") throw error;
      const reason = `${kind === "user" ? "User" : "Role"} with name ${name} already exists.`;
      throw ServiceError.of("AlreadyExists", { resource: "principal", id: row.arn, reason }, error);
    }
    return { principal: row };
  },
});

/** IAM: ListUsers and ListRoles in one, by ARN. */
export const listPrincipals = defineOperation<PageInput, Page<PrincipalRecord>>({
  name: "ListPrincipals",
  plane: "control",
  readOnly: true,
  eventSource: adminEventSource,
  keys: [],
  resources: () => [
    { action: "iam:ListUsers", resource: "*" },
    { action: "iam:ListRoles", resource: "*" },
  ],
  record: ({ limit, marker }) => ({ limit, marker }),
  async run({ core, request, input }) {
    const { account } = request.principal;
    const limit = pageLimit(input.limit, 100);
    const listing = `ListPrincipals/${account}`;
    const after = parseMarker(core, listing, input.marker);
    const rows = await core.store.listPrincipals(account, after, limit + 1);
    return cutPage(core, listing, rows, limit, ({ arn }) => arn);
  },
});

/** IAM: DeleteUser and DeleteRole; access keys, tokens, policies and sessions stop working at once. */
export const deletePrincipal = defineOperation<DeletePrincipalInput, null>({
  name: "DeletePrincipal",
  plane: "control",
  readOnly: false,
  eventSource: adminEventSource,
  keys: [],
  record: ({ kind, name }) => ({ kind, name }),
  async run({ core, input, request, nowMs }) {
    const { kind, name, strict = false } = input;
    const { account } = request.principal;
    const named = await core.store.get("iamNames", { account, kind, name });
    const arn = named?.arn ?? iamArn(account, kind, "/", name);
    const stored = named === undefined ? undefined : await core.store.get("principals", { arn });
    const action = kind === "user" ? "iam:DeleteUser" : "iam:DeleteRole";
    const conditions = principalConditions(stored?.tags ?? []);
    authorize({ request, action, key: undefined, resource: arn, conditions, nowMs });
    if (stored === undefined) throw missingPrincipal(input, arn);
    const page = limits.pageItems.value;
    // Changes of the principal's credentials and policies change its revision, so nothing can come in beside these.
    const writes: Write[] = [];
    const use = new PolicyUse();
    for (const { accessKeyId } of await core.store.listAccessKeys(arn, undefined, page)) {
      if (strict) refuseDeletion("must delete access keys first.");
      writes.push({ op: "delete", table: "accessKeys", key: { accessKeyId }, revision: "any" });
    }
    for (const { digest } of await core.store.listTokens(arn, undefined, limits.tokensPerPrincipal.value)) {
      writes.push({ op: "delete", table: "tokens", key: { digest }, revision: "any" });
    }
    for (const { name: policy } of await core.store.listIdentityPolicies(arn, undefined, page)) {
      if (strict) refuseDeletion("must delete policies first.");
      writes.push({
        op: "delete",
        table: "identityPolicies",
        key: { principalArn: arn, name: policy },
        revision: "any",
      });
    }
    for (const { policyArn } of await core.store.listAttachedPolicies(arn, undefined, page)) {
      if (strict) refuseDeletion("must detach all policies first.");
      writes.push({ op: "delete", table: "policyAttachments", key: { principalArn: arn, policyArn }, revision: "any" });
      use.add(policyArn, "attachments", -1);
    }
    if (stored.boundaryArn !== undefined) use.add(stored.boundaryArn, "boundaryUses", -1);
    writes.push(...(await use.writes(core, request)), freeName(account, kind, name));
    writes.push({ op: "delete", table: "principals", key: { arn }, revision: stored.revision });
    await core.commit(writes);
    return null;
  },
});

function refuseDeletion(what: string): never {
  throw ServiceError.of("DeleteConflict", { reason: `Cannot delete entity, ${what}` });
}

import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { assumedRoleArn } from "../../model/arn.ts";
import type { IamTag, PrincipalRecord } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { authorize } from "../../pipeline/authorize.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { compileTrustPolicy } from "../policies/documents.ts";
import { type AssumedRole, checkSessionPolicies, issueSession, roleSessionSeconds } from "./issue-session.ts";
import {
  chainTags,
  conditionsOf,
  resourceTagConditions,
  type SessionInput,
  type SessionTags,
  tagConditions,
} from "./session-input.ts";

export const stsEventSource = "sts.amazonaws.com";

export interface AssumeRoleInput extends SessionInput {
  /** What the role's owner gave to whom it trusts, against confused deputies. */
  readonly externalId?: string | undefined;
  readonly tags?: readonly IamTag[] | undefined;
  readonly transitiveTagKeys?: readonly string[] | undefined;
  readonly sourceIdentity?: string | undefined;
}

const assumeAction = "sts:AssumeRole";

function refuse(request: RequestContext, resource: string, reason?: string): never {
  throw ServiceError.of("AccessDenied", {
    principalArn: request.principal.arn,
    action: assumeAction,
    resource,
    basis: "implicitDeny",
    source: "resource",
    ...(reason === undefined ? {} : { reason }),
  });
}

/** A role that is not there and one that may not be assumed are refused alike. */
async function findRole(core: Core, roleArn: string, request: RequestContext): Promise<PrincipalRecord> {
  if (request.principal.kind === "root") refuse(request, roleArn, "Roles may not be assumed by root accounts.");
  const role = await core.store.get("principals", { arn: roleArn });
  return role?.kind === "role" && role.trustPolicy !== undefined ? role : refuse(request, roleArn);
}

/** The source identity of the new session: once set, it stays whatever role is assumed. */
function sourceIdentityOf(request: RequestContext, input: AssumeRoleInput): string | undefined {
  const inherited = request.principal.session?.sourceIdentity;
  if (inherited !== undefined && input.sourceIdentity !== undefined && input.sourceIdentity !== inherited) {
    refuse(request, input.roleArn);
  }
  return inherited ?? input.sourceIdentity;
}

/**
 * AWS STS: AssumeRole. The role's trust policy and the caller's policies decide, as a key's policy and the caller's do
 * (IAM User Guide, "Policy evaluation logic").
 */
export const assumeRole = defineOperation<AssumeRoleInput, AssumedRole>({
  name: "AssumeRole",
  plane: "control",
  readOnly: true,
  eventSource: stsEventSource,
  keys: [],
  record: ({ roleArn, sessionName, durationSeconds, externalId, policy, policyArns, tags, sourceIdentity }) => ({
    roleArn,
    roleSessionName: sessionName,
    durationSeconds,
    externalId,
    policy,
    policyArns,
    tags,
    sourceIdentity,
  }),
  recordOutput: ({ credentials, arn, assumedRoleId, sourceIdentity }) => ({
    credentials: { accessKeyId: credentials.accessKeyId, expiration: new Date(credentials.expiresAtMs).toISOString() },
    assumedRoleUser: { assumedRoleId, arn },
    sourceIdentity,
  }),
  async run({ core, input, request, nowMs }) {
    const role = await findRole(core, input.roleArn, request);
    const sourceIdentity = sourceIdentityOf(request, input);
    const tags = chainTags(request.principal, input.tags ?? [], input.transitiveTagKeys ?? []);
    authorizeSession(role, input, { request, nowMs, sourceIdentity, tags });
    const seconds = roleSessionSeconds(role, request.principal, input.durationSeconds);
    await checkSessionPolicies(core, role.account, input);
    const { policy, policyArns = [], sessionName: name } = input;
    const credentials = issueSession(core, {
      origin: "assumeRole",
      account: role.account,
      principalArn: role.arn,
      principalId: role.principalId,
      name,
      policyArns,
      ...tags,
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + seconds * 1000,
      ...(policy === undefined ? {} : { policy }),
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    });
    return {
      credentials,
      arn: assumedRoleArn(role.account, role.name, name),
      assumedRoleId: `${role.principalId}:${name}`,
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    };
  },
});

interface Asking {
  readonly request: RequestContext;
  readonly nowMs: number;
  readonly sourceIdentity: string | undefined;
  readonly tags: SessionTags;
}

/** @throws ServiceError AccessDenied unless trust policy and caller's policies allow the session, its tags and its source identity */
function authorizeSession(role: PrincipalRecord, input: AssumeRoleInput, asking: Asking): void {
  const { request, nowMs, sourceIdentity, tags } = asking;
  const resourcePolicy = { policy: compileTrustPolicy(role), account: role.account };
  const conditions = () =>
    conditionsOf([
      ["sts:externalid", input.externalId],
      ["sts:rolesessionname", input.sessionName],
      ["sts:sourceidentity", sourceIdentity],
      ["sts:transitivetagkeys", tags.transitiveTagKeys],
      ["aws:resourceaccount", role.account],
      ...tagConditions(tags.tags),
      ...resourceTagConditions(role.tags),
    ]);
  const actions = [
    assumeAction,
    ...(tags.tags.length === 0 ? [] : ["sts:TagSession"]),
    ...(sourceIdentity === undefined ? [] : ["sts:SetSourceIdentity"]),
  ];
  for (const action of actions) {
    authorize({ request, action, key: undefined, resource: role.arn, resourcePolicy, conditions, nowMs });
  }
}

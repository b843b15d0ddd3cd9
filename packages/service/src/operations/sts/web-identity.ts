import { evaluatePolicy } from "@coffer/policy";
import type { Core } from "../../core.ts";
import { ServiceError } from "../../errors.ts";
import { assumedRoleArn } from "../../model/arn.ts";
import type { Federation, Principal } from "../../model/principal.ts";
import type { RequestContext } from "../../model/request.ts";
import { RequestConditions } from "../../pipeline/conditions.ts";
import { defineOperation } from "../../pipeline/operation.ts";
import { policyPrincipal } from "../../pipeline/policy-principal.ts";
import { oidcProviderArn } from "../admin/oidc-providers.ts";
import { compileTrustPolicy } from "../policies/documents.ts";
import { stsEventSource } from "./assume-role.ts";
import { type AssumedRole, checkSessionPolicies, issueSession, roleSessionSeconds } from "./issue-session.ts";
import { conditionsOf, resourceTagConditions, type SessionInput } from "./session-input.ts";

const action = "sts:AssumeRoleWithWebIdentity";
const roleArnPattern = /^arn:aws:iam::(\d{12}):role\//;

/** What may be looked for in the store: anybody can send any text. */
const issuerPattern = /^https:\/\/[\x21-\x7e]+$/;

function refuseToken(reason: string): never {
  throw ServiceError.of("IdentityTokenInvalid", { kind: "invalid", reason });
}

/** The issuer that a token claims, before anything of it is believed: it says whose keys to check it with. */
function claimedIssuer(token: string): string {
  const payload = token.split(".")[1];
  try {
    const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString()) as unknown;
    const issuer = typeof claims === "object" && claims !== null && "iss" in claims ? claims.iss : undefined;
    if (typeof issuer === "string" && issuerPattern.test(issuer)) return issuer;
  } catch {
    // As for a token without an issuer.
  }
  return refuseToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
}

/**
 * Who a web identity token stands for, once its issuer's keys have shown that it is real (STS:
 * AssumeRoleWithWebIdentity). The providers are those of the role's account.
 *
 * @throws ServiceError IdentityTokenInvalid, AccessDenied
 */
export async function authenticateWebIdentity(core: Core, token: string, roleArn: string): Promise<Principal> {
  const account = roleArnPattern.exec(roleArn)?.[1];
  const issuer = claimedIssuer(token);
  const arn = oidcProviderArn(account ?? "", issuer.slice("https://".length).replace(/\/$/, ""));
  const provider = account === undefined ? undefined : await core.store.get("oidcProviders", { arn });
  if (account === undefined || provider === undefined) {
    return refuseToken(`No OpenIDConnect provider found in your account for ${issuer.slice(0, 255)}`);
  }
  const { subject, audiences, claims } = await core.webIdentities.verify(token, { issuer, nowMs: core.clock.nowMs() });
  const { azp } = claims;
  const audience = typeof azp === "string" ? azp : audiences.find((each) => provider.clientIds.includes(each));
  if (audience === undefined || !provider.clientIds.includes(audience)) refuseToken("Incorrect token audience");
  return {
    arn,
    account,
    kind: "federated",
    name: subject,
    principalId: `${arn}:${audience}:${subject}`,
    identityPolicies: [],
    federation: { provider: provider.url, audience, subject, audiences, claims },
  };
}

/** The claims that are condition keys: `PROVIDER:CLAIM`, and `PROVIDER:oaud` for the audience behind `azp`. */
function claimConditions({ provider, audience, audiences, claims }: Federation): [string, readonly string[]][] {
  const pairs: [string, readonly string[]][] = [];
  for (const [name, value] of Object.entries(claims)) {
    // Condition keys have no case, claims have: `Sub`, which users may be able to set, must not pass for `sub`.
    const key = name.toLowerCase();
    if (key === "oaud" || (key !== name && Object.hasOwn(claims, key))) continue;
    const values = (Array.isArray(value) ? value : [value]) as readonly unknown[];
    const texts = values.filter((each) => ["string", "number", "boolean"].includes(typeof each)).map(String);
    if (name !== "aud" && name !== "azp") pairs.push([`${provider}:${key}`.toLowerCase(), texts]);
  }
  pairs.push([`${provider}:aud`.toLowerCase(), [audience]]);
  if ("azp" in claims) pairs.push([`${provider}:oaud`.toLowerCase(), audiences]);
  return pairs;
}

export interface AssumedByWebIdentity extends AssumedRole {
  readonly subject: string;
  readonly audience: string;
  /** ARN of the provider. */
  readonly provider: string;
}

/** AWS STS: AssumeRoleWithWebIdentity. The role's trust policy alone decides: the caller has no policies. */
export const assumeRoleWithWebIdentity = defineOperation<SessionInput, AssumedByWebIdentity>({
  name: "AssumeRoleWithWebIdentity",
  plane: "control",
  readOnly: true,
  eventSource: stsEventSource,
  keys: [],
  record: ({ roleArn, sessionName, durationSeconds, policy, policyArns }) => ({
    roleArn,
    roleSessionName: sessionName,
    durationSeconds,
    policy,
    policyArns,
  }),
  recordOutput: ({ credentials, arn, assumedRoleId, subject, audience, provider }) => ({
    credentials: { accessKeyId: credentials.accessKeyId, expiration: new Date(credentials.expiresAtMs).toISOString() },
    assumedRoleUser: { assumedRoleId, arn },
    subjectFromWebIdentityToken: subject,
    audience,
    provider,
  }),
  async run({ core, input, request, nowMs }) {
    const { principal } = request;
    const { federation } = principal;
    const role = await core.store.get("principals", { arn: input.roleArn });
    if (federation === undefined || role?.kind !== "role" || role.trustPolicy === undefined) refuse(request, input);
    const conditions = () =>
      conditionsOf([
        ...resourceTagConditions(role.tags),
        ...claimConditions(federation),
        ["aws:federatedprovider", principal.arn],
        ["sts:rolesessionname", input.sessionName],
      ]);
    const { denies, allowsExactly } = evaluatePolicy(compileTrustPolicy(role), {
      action,
      resource: role.arn,
      principal: policyPrincipal(principal),
      context: new RequestConditions({ request, action, key: undefined, nowMs, conditions }),
    });
    if (denies !== undefined || !allowsExactly) refuse(request, input);
    const seconds = roleSessionSeconds(role, principal, input.durationSeconds);
    await checkSessionPolicies(core, role.account, input);
    const { policy, policyArns = [], sessionName: name } = input;
    const credentials = issueSession(core, {
      origin: "webIdentity",
      account: role.account,
      principalArn: role.arn,
      principalId: role.principalId,
      name,
      policyArns,
      tags: [],
      transitiveTagKeys: [],
      issuedAtMs: nowMs,
      expiresAtMs: nowMs + seconds * 1000,
      federatedProvider: principal.arn,
      ...(policy === undefined ? {} : { policy }),
    });
    return {
      credentials,
      arn: assumedRoleArn(role.account, role.name, name),
      assumedRoleId: `${role.principalId}:${name}`,
      subject: federation.subject,
      audience: federation.audience,
      provider: principal.arn,
    };
  },
});

function refuse({ principal }: RequestContext, { roleArn }: SessionInput): never {
  throw ServiceError.of("AccessDenied", {
    principalArn: principal.arn,
    action,
    resource: roleArn,
    basis: "implicitDeny",
    source: "resource",
    reason: `Not authorized to perform ${action}`,
  });
}
